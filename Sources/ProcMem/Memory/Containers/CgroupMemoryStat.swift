/// `memory.stat` of a cgroup: the uses of its memory and that of its descendants, in bytes.
///
/// Lines are `NAME NUMBER`. v1 reports each figure twice: under the plain name for the cgroup alone, and with the
/// prefix `total_` including the descendants, as v2 does. A figure without a line is `nil`.
struct CgroupMemoryStat: Hashable, Sendable {
    /// The anonymous memory: `anon`, v1 `total_rss`.
    private(set) var anonBytes: Int?
    /// The anonymous pages, of processes and of tmpfs, that were not used recently: `inactive_anon`, v1
    /// `total_inactive_anon`. Unlike `anonBytes`, this includes parts of huge pages that no process maps any more and that
    /// the kernel has not split yet.
    private(set) var inactiveAnonBytes: Int?
    /// The other pages of this kind: `active_anon`, v1 `total_active_anon`.
    private(set) var activeAnonBytes: Int?
    /// The page cache, including `shmemBytes`: `file`, v1 `total_cache`.
    private(set) var fileBytes: Int?
    /// The part of `fileBytes` that at least one process maps: `file_mapped`, v1 `total_mapped_file`.
    private(set) var mappedFileBytes: Int?
    /// The shared memory and tmpfs files: `shmem`, v1 `total_shmem`.
    private(set) var shmemBytes: Int?
    /// The inactive pages of the page cache: `inactive_file`, v1 `total_inactive_file`.
    private(set) var inactiveFileBytes: Int?
    /// The active pages of the page cache: `active_file`, v1 `total_active_file`.
    private(set) var activeFileBytes: Int?
    /// The part of the kernel's memory that it can reclaim, mostly directory entries and inodes: `slab_reclaimable`, v2
    /// only.
    private(set) var reclaimableSlabBytes: Int?
    /// The buffers of network connections: `sock`, v2 only.
    private(set) var socketBytes: Int?
    /// The pages of hugetlbfs: `hugetlb`, v2 only. Requires Linux 6.12 and a mount with `memory_hugetlb_accounting`.
    private(set) var hugetlbBytes: Int?
    /// The kernel's memory: `kernel`, v2 only. Requires Linux 5.18. On v1, ``CgroupMemoryUsage`` reads it from
    /// `memory.kmem.usage_in_bytes`.
    var kernelBytes: Int?
    /// The parts of the kernel's memory that have lines of their own before Linux 5.18: `slab`, `kernel_stack`, `percpu`
    /// (5.9), `pagetables` (5.11) and `vmalloc` (5.17), v2 only; `nil` if the first is missing.
    var kernelPartsBytes: Int? { slabBytes.map { $0.saturatingAdding(otherKernelBytes) } }
    private var slabBytes: Int?
    private var otherKernelBytes = 0
    /// The memory in swap: `total_swap`, v1 only. On v2, ``CgroupMemoryUsage`` reads it from `memory.swap.current`.
    var swapBytes: Int?
    /// `hierarchical_memory_limit`, v1 only: the smallest limit of the cgroup and of the ancestors that bind it,
    /// including ancestors that are not visible.
    private(set) var memoryLimit: MemoryLimitFile?
    /// `hierarchical_memsw_limit`, v1 only: the same for memory and swap together.
    private(set) var memorySwapLimit: MemoryLimitFile?

    // The file has 1,500 bytes on v2 in Linux 6.1, and 1,100 on v1 in 6.18.
    static let readOptions = FileReadOptions(expectedBytes: 4096, limitBytes: 65536, isOnePiece: true)

    /// Creates a value without any figure.
    init() {}

    /// The figures to parse.
    enum Figures {
        case all
        /// What the memory that is available depends on: the inactive and active file pages, the reclaimable slab, and on
        /// v1 `hierarchical_memory_limit`.
        case reclaimable
    }

    init(
        parsing bytes: Span<UInt8>,
        _ version: CgroupVersion,
        _ figures: Figures = .all
    ) throws(ParseError) {
        var index = 0
        while figures == .all || !hasReclaimableFigures(version), let entry = bytes.nextEntry(at: &index) {
            let name = entry.key
            func size() throws(ParseError) -> Int {
                guard let value = bytes.firstField(in: entry.rest), let size = bytes.sizeBytes(in: value, unitBytes: 1)
                else { throw parseError() }
                return size
            }
            func limit() throws(ParseError) -> MemoryLimitFile {
                guard let value = bytes.firstField(in: entry.rest), let limit = MemoryLimitFile(bytes, in: value) else {
                    throw parseError()
                }
                return limit
            }
            func parseError() -> ParseError {
                ParseError(expected: "a number of bytes after \(bytes.text(in: name))")
            }
            switch version {
            case .v1:
                if bytes.equals("total_inactive_file", in: name) {
                    inactiveFileBytes = try size()
                } else if bytes.equals("total_active_file", in: name) {
                    activeFileBytes = try size()
                } else if bytes.equals("hierarchical_memory_limit", in: name) {
                    memoryLimit = try limit()
                } else if figures == .reclaimable {
                    continue
                } else if bytes.equals("total_rss", in: name) {
                    anonBytes = try size()
                } else if bytes.equals("total_cache", in: name) {
                    fileBytes = try size()
                } else if bytes.equals("total_mapped_file", in: name) {
                    mappedFileBytes = try size()
                } else if bytes.equals("total_shmem", in: name) {
                    shmemBytes = try size()
                } else if bytes.equals("total_inactive_anon", in: name) {
                    inactiveAnonBytes = try size()
                } else if bytes.equals("total_active_anon", in: name) {
                    activeAnonBytes = try size()
                } else if bytes.equals("total_swap", in: name) {
                    swapBytes = try size()
                } else if bytes.equals("hierarchical_memsw_limit", in: name) {
                    memorySwapLimit = try limit()
                }
            case .v2:
                if bytes.equals("inactive_file", in: name) {
                    inactiveFileBytes = try size()
                } else if bytes.equals("active_file", in: name) {
                    activeFileBytes = try size()
                } else if bytes.equals("slab_reclaimable", in: name) {
                    reclaimableSlabBytes = try size()
                } else if figures == .reclaimable {
                    continue
                } else if bytes.equals("anon", in: name) {
                    anonBytes = try size()
                } else if bytes.equals("file", in: name) {
                    fileBytes = try size()
                } else if bytes.equals("file_mapped", in: name) {
                    mappedFileBytes = try size()
                } else if bytes.equals("shmem", in: name) {
                    shmemBytes = try size()
                } else if bytes.equals("inactive_anon", in: name) {
                    inactiveAnonBytes = try size()
                } else if bytes.equals("active_anon", in: name) {
                    activeAnonBytes = try size()
                } else if bytes.equals("sock", in: name) {
                    socketBytes = try size()
                } else if bytes.equals("hugetlb", in: name) {
                    hugetlbBytes = try size()
                } else if bytes.equals("kernel", in: name) {
                    kernelBytes = try size()
                } else if bytes.equals("slab", in: name) {
                    slabBytes = try size()
                } else if bytes.equals("kernel_stack", in: name) || bytes.equals("percpu", in: name)
                    || bytes.equals("pagetables", in: name) || bytes.equals("vmalloc", in: name)
                {
                    otherKernelBytes = otherKernelBytes.saturatingAdding(try size())
                }
            }
        }
    }

    /// Whether all figures of ``Figures/reclaimable`` have been found.
    private func hasReclaimableFigures(_ version: CgroupVersion) -> Bool {
        guard inactiveFileBytes != nil, activeFileBytes != nil else { return false }
        return version == .v1 ? memoryLimit != nil : reclaimableSlabBytes != nil
    }
}
