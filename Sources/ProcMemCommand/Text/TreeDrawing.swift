/// The branches in front of each process of a tree, such as `├─ `.
struct TreeDrawing {
    /// The text in front of each entry, in the order of the entries.
    let prefixes: [String]

    /// The number of levels that are drawn. Deeper levels are shown as `…`, because a chain of processes may be longer
    /// than any line.
    private static var maximumLevels: Int { 16 }

    /// - Parameter depths: The depth of each entry below its root, parents before their children; 0 for a root.
    init(depths: [Int]) {
        var prefixes: [String] = []
        // Backwards, so that it is known whether another child of the same parent follows.
        var hasLater: [Bool] = []
        for depth in depths.reversed() {
            while hasLater.count > depth + 1 { hasLater.removeLast() }
            while hasLater.count < depth + 1 { hasLater.append(false) }
            prefixes.append(Self.prefix(hasLater))
            hasLater[depth] = true
        }
        self.prefixes = prefixes.reversed()
    }

    /// - Parameter hasLater: For each level from the root to the entry, whether another entry follows on that level.
    private static func prefix(_ hasLater: [Bool]) -> String {
        guard let isFollowed = hasLater.dropFirst().last else { return "" }
        let ancestors = hasLater.dropFirst().dropLast()
        let mark = ancestors.count > maximumLevels ? "…" : ""
        return mark + ancestors.suffix(maximumLevels).map { $0 ? "│  " : "   " }.joined() + (isFollowed ? "├─ " : "└─ ")
    }
}
