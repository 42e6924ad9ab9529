/// Where the fields of one line are.
struct MountLine {
    let end: Int
    let id: Int
    let parentID: Int
    let root: Range<Int>
    let mountPoint: Range<Int>
    let type: Range<Int>
    let superOptions: Range<Int>

    init?(parsing bytes: Span<UInt8>, in line: Range<Int>) {
        var index = line.lowerBound
        func next() -> Range<Int>? {
            // Only the blank separates: the kernel leaves other white space in a path as it is.
            while index < line.upperBound, bytes[index] == 0x20 { index += 1 }
            let start = index
            while index < line.upperBound, bytes[index] != 0x20 { index += 1 }
            return start == index ? nil : start..<index
        }
        guard let id = next().flatMap({ bytes.decimal(in: $0) }),
            let parentID = next().flatMap({ bytes.decimal(in: $0) }),
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
            self.parentID = parentID
            self.root = root
            self.mountPoint = mountPoint
            self.type = type
            self.superOptions = superOptions
            self.end = line.upperBound
            return
        }
        return nil
    }

    func carries(_ controller: CgroupController, _ version: CgroupVersion, in bytes: Span<UInt8>) -> Bool {
        switch version {
        case .v1: bytes.equals("cgroup", in: type) && bytes.list(in: superOptions, contains: controller.name)
        case .v2: bytes.equals("cgroup2", in: type)
        }
    }

    func isCovered(in bytes: Span<UInt8>) -> Bool {
        var index = 0
        while let range = bytes.nextLine(at: &index) {
            guard let other = MountLine(parsing: bytes, in: range), other.id != id,
                bytes.path(mountPoint, isAtOrBelow: other.mountPoint)
            else { continue }
            if other.parentID == id { return true }
            if other.end > end, !isMounted(below: other, in: bytes) { return true }
        }
        return false
    }

    /// Whether the other mount is the one that this one is mounted in, or that one's, and so on.
    private func isMounted(below other: MountLine, in bytes: Span<UInt8>) -> Bool {
        var wanted = parentID
        // A chain longer than this is a cycle: paths are not that deep.
        for _ in 0..<64 {
            if wanted == other.id { return true }
            var index = 0
            var next: Int?
            while next == nil, let range = bytes.nextLine(at: &index) {
                guard let line = MountLine(parsing: bytes, in: range), line.id == wanted else { continue }
                next = line.parentID
            }
            guard let next, next != wanted else { return false }
            wanted = next
        }
        return false
    }
}
