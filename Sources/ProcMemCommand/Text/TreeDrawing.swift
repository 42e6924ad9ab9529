/// The branches in front of each process of a tree, such as `├─ `.
struct TreeDrawing {
    /// The text in front of each visible entry, in the order of the entries.
    let prefixes: [String]

    /// The number of levels that are drawn. Deeper levels are shown as `…`, because a chain of processes may be longer
    /// than any line.
    private static var maximumLevels: Int { 16 }

    /// - Parameters:
    ///   - depths: The depth of each entry below its root, parents before their children; 0 for a root.
    ///   - visible: The indices of the entries to draw; `nil` for all.
    init(depths: [Int], visible: Range<Int>? = nil) {
        var prefixes: [String] = []
        // Backwards, so that it is known whether another child of the same parent follows.
        var hasLater: [Bool] = []
        for (index, depth) in depths.enumerated().reversed() {
            while hasLater.count > depth + 1 { hasLater.removeLast() }
            while hasLater.count < depth + 1 { hasLater.append(false) }
            if visible?.contains(index) ?? true { prefixes.append(Self.prefix(hasLater)) }
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
