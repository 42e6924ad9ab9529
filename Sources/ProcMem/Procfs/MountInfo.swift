/// A line of `/proc/PID/mountinfo`, as ranges of the file's bytes.
///
/// A line is `ID PARENT MAJOR:MINOR ROOT MOUNTPOINT OPTIONS [TAG…] - TYPE SOURCE SUPEROPTIONS`. In the paths, the
/// kernel writes space, tab, newline and backslash as a backslash and three octal digits.
struct MountLine {
    static let readOptions = FileReadOptions(expectedBytes: 16384, limitBytes: 64 << 20)

    let id: Int
    let parentID: Int
    let root: Range<Int>
    let mountPoint: Range<Int>
    let type: Range<Int>
    let superOptions: Range<Int>

    init?(parsing bytes: Span<UInt8>, in line: Range<Int>) {
        var index = line.lowerBound
        func next() -> Range<Int>? {
            // Only a space separates fields: the kernel does not escape all other white space in a path.
            while index < line.upperBound, bytes[index] == UInt8(ascii: " ") { index += 1 }
            let start = index
            while index < line.upperBound, bytes[index] != UInt8(ascii: " ") { index += 1 }
            return start == index ? nil : start..<index
        }
        guard let id = next().flatMap({ bytes.decimal(in: $0) }),
            let parentID = next().flatMap({ bytes.decimal(in: $0) }),
            next() != nil,
            let root = next(),
            let mountPoint = next(),
            next() != nil
        else { return nil }
        // Any number of tags, for example `shared:4`, precede the dash.
        while let field = next() {
            guard bytes.equals("-", in: field) else { continue }
            guard let type = next(), var superOptions = next() else { return nil }
            // The source may be empty. It then appears to be missing, so the last field is taken as the options.
            while let field = next() { superOptions = field }
            self.id = id
            self.parentID = parentID
            self.root = root
            self.mountPoint = mountPoint
            self.type = type
            self.superOptions = superOptions
            return
        }
        return nil
    }

    /// Returns whether the mount cannot be reached, because another mount covers it or a folder above it.
    ///
    /// The parent ids decide which mount covers which. The order of the lines does not suffice: it is the order in
    /// which the mounts were made, and a mount may have been moved since. Where the parent ids do not decide, the later
    /// line covers the earlier one.
    ///
    /// - Parameter position: The index of the mount in `lines`.
    func isCovered(at position: Int, of lines: [MountLine], in bytes: Span<UInt8>) -> Bool {
        let lineage = Self.lineage(at: position, of: lines)
        var attempts = 0
        // Backwards, because a mount that covers others is likely to be near the end.
        for index in lines.indices.reversed() {
            let other = lines[index]
            // A path is resolved from the mount of the root directory: a mount on top of `/` covers nothing.
            guard other.mountPoint.count > 1, bytes.path(mountPoint, isAtOrBelow: other.mountPoint),
                !lineage.contains(where: { lines[$0].id == other.id })
            else { continue }
            guard let level = lineage.firstIndex(where: { lines[$0].id == other.parentID }) else {
                guard index > position, attempts < 64 else { continue }
                attempts += 1
                // `other` is inside another mount, which is attached to this lineage and is examined in its own
                // iteration.
                let isWithinOthers = Self.lineage(at: index, of: lines).contains { outer in
                    lineage.contains { lines[$0].id == lines[outer].parentID }
                }
                if isWithinOthers { continue }
                return true
            }
            // `other` is mounted on this mount.
            if level == 0 { return true }
            // `other` and `leading` have the same parent. `other` covers `leading` if it is on a folder above it and is
            // the later line, or if it is on the root of the parent. (Without a move, an earlier mount on a folder
            // above would be the parent of `leading`.)
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

    /// Returns the index of a mount, then the index of its parent, and so on up to the last known ancestor.
    private static func lineage(at position: Int, of lines: [MountLine]) -> [Int] {
        var lineage = [position]
        // A longer lineage is a cycle: paths are not that deep.
        while lineage.count < 64, let last = lineage.last,
            let parent = lines.firstIndex(where: { $0.id == lines[last].parentID }), parent != last
        {
            lineage.append(parent)
        }
        return lineage
    }
}
