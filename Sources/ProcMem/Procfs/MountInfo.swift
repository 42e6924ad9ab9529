/// A line of `/proc/PID/mountinfo`, as places in the file.
///
/// A line is `ID PARENT MAJOR:MINOR ROOT MOUNTPOINT OPTIONS [TAG…] - TYPE SOURCE SUPEROPTIONS`. Space, tab, newline and
/// backslash in the paths are written as a backslash and three octal digits.
struct MountLine {
    static let readOptions = FileReadOptions(expectedBytes: 16384, limitBytes: 64 << 20)

    let id: Int
    let parentPID: Int
    let root: Range<Int>
    let mountPoint: Range<Int>
    let type: Range<Int>
    let superOptions: Range<Int>

    init?(parsing bytes: Span<UInt8>, in line: Range<Int>) {
        var index = line.lowerBound
        func next() -> Range<Int>? {
            // Only the blank separates: the kernel leaves other white space in a path as it is.
            while index < line.upperBound, bytes[index] == UInt8(ascii: " ") { index += 1 }
            let start = index
            while index < line.upperBound, bytes[index] != UInt8(ascii: " ") { index += 1 }
            return start == index ? nil : start..<index
        }
        guard let id = next().flatMap({ bytes.decimal(in: $0) }),
            let parentPID = next().flatMap({ bytes.decimal(in: $0) }),
            next() != nil,
            let root = next(),
            let mountPoint = next(),
            next() != nil
        else { return nil }
        // Any number of tags such as `shared:4` come before the dash.
        while let field = next() {
            guard bytes.equals("-", in: field) else { continue }
            guard let type = next(), var superOptions = next() else { return nil }
            // The source between them may be empty, and then looks left out.
            while let field = next() { superOptions = field }
            self.id = id
            self.parentPID = parentPID
            self.root = root
            self.mountPoint = mountPoint
            self.type = type
            self.superOptions = superOptions
            return
        }
        return nil
    }

    /// Whether the mount cannot be reached, because another one lies on it or on a folder above it.
    ///
    /// What lies on what is told by the parents: the order of the lines is that in which mounts were made, not moved.
    /// Where the parents do not tell, the later line is the one on top.
    ///
    /// - Parameter place: Where the mount stands among the lines.
    func isCovered(at place: Int, of lines: [MountLine], in bytes: Span<UInt8>) -> Bool {
        let lineage = Self.lineage(at: place, of: lines)
        var attempts = 0
        // From the end, where a mount that covers others is likely to be.
        for index in lines.indices.reversed() {
            let other = lines[index]
            // A path is looked for from the root's own mount: what was mounted on that covers nothing.
            guard other.mountPoint.count > 1, bytes.path(mountPoint, isAtOrBelow: other.mountPoint),
                !lineage.contains(where: { lines[$0].id == other.id })
            else { continue }
            guard let level = lineage.firstIndex(where: { lines[$0].id == other.parentPID }) else {
                guard index > place, attempts < 64 else { continue }
                attempts += 1
                // Of a mount within others, the outermost that is not in this lineage is judged in its own turn.
                let isWithinOthers = Self.lineage(at: index, of: lines).contains { outer in
                    lineage.contains { lines[$0].id == lines[outer].parentPID }
                }
                if isWithinOthers { continue }
                return true
            }
            // On this very mount.
            if level == 0 { return true }
            // Beside the mount that leads here from their common parent: on a folder above it and later, or on the whole
            // parent. (The kernel would not let the former be the earlier one, except by a move.)
            let leading = lineage[level - 1]
            let parent = lines[lineage[level]]
            if bytes.path(lines[leading].mountPoint, isAtOrBelow: other.mountPoint),
                index > leading || bytes.path(parent.mountPoint, isAtOrBelow: other.mountPoint)
            {
                return true
            }
        }
        return false
    }

    /// Where a mount stands, then the one that it is mounted in, and so on to the last that is known.
    private static func lineage(at place: Int, of lines: [MountLine]) -> [Int] {
        var lineage = [place]
        // A longer one is a cycle: paths are not that deep.
        while lineage.count < 64, let last = lineage.last,
            let parent = lines.firstIndex(where: { $0.id == lines[last].parentPID }), parent != last
        {
            lineage.append(parent)
        }
        return lineage
    }
}
