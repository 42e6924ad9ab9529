/// `/proc/meminfo`: what ProcMem takes from it, in bytes; `nil` where the file does not tell.
struct MemoryInformation: Hashable, Sendable {
    /// `MemTotal`: the machine's memory, less what the kernel keeps for itself.
    private(set) var totalBytes: Int?
    /// `AnonPages`: the pages that no file backs and any process maps, each once. Since Linux 2.6.18.
    private(set) var anonymousBytes: Int?
    /// `AnonHugePages`: of them those that are parts of transparent huge pages, mapped as a whole. Since Linux 2.6.38.
    private(set) var anonymousHugeBytes: Int?
    /// `Mapped`: the pages of files and of shared memory that any process maps, each once.
    private(set) var mappedBytes: Int?

    /// `Hugetlb`: the pages that are set aside for hugetlbfs, in use or not. Since Linux 4.20.
    private(set) var hugetlbBytes: Int?

    static var path: ProcPath { ProcPath(file: "/proc/meminfo") }
    private static var shape: FileShape { FileShape(expectedBytes: 4096, limitBytes: 65536) }

    init(in root: KernelRoot) throws(ReadFailure) {
        self = try root.read(Self.path, Self.shape) { MemoryInformation(parsing: $0) }
    }

    /// Lines are `Key:`, blanks, a number and ` kB`.
    init(parsing bytes: Span<UInt8>) {
        var index = 0
        while let line = bytes.nextLine(at: &index) {
            guard let colon = bytes.firstIndex(of: 0x3A, in: line) else { continue }
            let key = line.lowerBound..<colon
            var valueIndex = colon + 1
            guard let field = bytes.nextField(at: &valueIndex), field.upperBound <= line.upperBound else { continue }
            let size = bytes.sizeBytes(in: field, unitBytes: 1024)
            if bytes.equals("MemTotal", in: key) {
                totalBytes = totalBytes ?? size
            } else if bytes.equals("AnonPages", in: key) {
                anonymousBytes = anonymousBytes ?? size
            } else if bytes.equals("AnonHugePages", in: key) {
                anonymousHugeBytes = anonymousHugeBytes ?? size
            } else if bytes.equals("Hugetlb", in: key) {
                hugetlbBytes = hugetlbBytes ?? size
            } else if bytes.equals("Mapped", in: key) {
                mappedBytes = mappedBytes ?? size
            }
        }
    }

    static func totalBytes(in root: KernelRoot) throws(ReadFailure) -> Int {
        guard let size = try MemoryInformation(in: root).totalBytes, size > 0 else {
            throw .malformed(Malformation("a size after MemTotal"), found: "none")
        }
        return size
    }
}
