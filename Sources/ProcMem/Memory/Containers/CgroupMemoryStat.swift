/// `memory.stat` of a cgroup: what its memory and that of all cgroups below it is used for, in bytes.
///
/// Lines are `NAME NUMBER`. v1 has each name twice: as it stands for the cgroup alone, with `total_` before it for those
/// below as well, which is what v2 tells. A name that is not there stays `nil`.
struct CgroupMemoryStat: Hashable, Sendable {
    /// `anon`, v1 `total_rss`.
    private(set) var anonBytes: Int?
    /// `file`, v1 `total_cache`. Both have `shmemBytes` in them.
    private(set) var fileBytes: Int?
    /// `file_mapped`, v1 `total_mapped_file`: the part of `fileBytes` that any process maps.
    private(set) var mappedFileBytes: Int?
    /// `shmem`, v1 `total_shmem`.
    private(set) var shmemBytes: Int?
    /// `inactive_file`, v1 `total_inactive_file`.
    private(set) var inactiveFileBytes: Int?
    /// `kernel`, of v2 alone. Since Linux 5.18.
    private(set) var kernelBytes: Int?
    /// `total_swap`, of v1 alone.
    private(set) var swapBytes: Int?
    /// `hierarchical_memory_limit`, of v1 alone: the smallest limit of the cgroup and of all above it that bind it, also
    /// of those that cannot be seen.
    private(set) var memoryLimit: MemoryLimitFile?
    /// `hierarchical_memsw_limit`, of v1 alone: the same for memory and swap together.
    private(set) var memorySwapLimit: MemoryLimitFile?

    // 1,500 bytes on v2 as of Linux 6.1, 1,100 on v1 as of 6.18.
    static let shape = FileShape(expectedBytes: 4096, limitBytes: 65536)

    init(parsing bytes: Span<UInt8>, _ version: CgroupVersion) throws(Malformation) {
        var index = 0
        while let line = bytes.nextLine(at: &index) {
            var fieldIndex = line.lowerBound
            guard let name = bytes.nextField(at: &fieldIndex), name.upperBound <= line.upperBound else { continue }
            let value = bytes.nextField(at: &fieldIndex).flatMap { $0.upperBound <= line.upperBound ? $0 : nil }
            func size() throws(Malformation) -> Int {
                guard let value, let size = bytes.sizeBytes(in: value, unitBytes: 1) else { throw malformation() }
                return size
            }
            func limit() throws(Malformation) -> MemoryLimitFile {
                guard let value, let limit = MemoryLimitFile(bytes, in: value) else { throw malformation() }
                return limit
            }
            func malformation() -> Malformation {
                Malformation(expected: "a number of bytes after \(bytes.text(in: name))")
            }
            switch version {
            case .v1:
                if bytes.equals("total_rss", in: name) {
                    anonBytes = try size()
                } else if bytes.equals("total_cache", in: name) {
                    fileBytes = try size()
                } else if bytes.equals("total_mapped_file", in: name) {
                    mappedFileBytes = try size()
                } else if bytes.equals("total_shmem", in: name) {
                    shmemBytes = try size()
                } else if bytes.equals("total_inactive_file", in: name) {
                    inactiveFileBytes = try size()
                } else if bytes.equals("total_swap", in: name) {
                    swapBytes = try size()
                } else if bytes.equals("hierarchical_memory_limit", in: name) {
                    memoryLimit = try limit()
                } else if bytes.equals("hierarchical_memsw_limit", in: name) {
                    memorySwapLimit = try limit()
                }
            case .v2:
                if bytes.equals("anon", in: name) {
                    anonBytes = try size()
                } else if bytes.equals("file", in: name) {
                    fileBytes = try size()
                } else if bytes.equals("file_mapped", in: name) {
                    mappedFileBytes = try size()
                } else if bytes.equals("shmem", in: name) {
                    shmemBytes = try size()
                } else if bytes.equals("inactive_file", in: name) {
                    inactiveFileBytes = try size()
                } else if bytes.equals("kernel", in: name) {
                    kernelBytes = try size()
                }
            }
        }
    }
}
