/// Kernel features that determine whether counters of pages can be trusted.
///
/// Each feature is read at its first use and then kept; one value serves one pass. Figures are computed from the value
/// and do not read files.
final class KernelPageFeatures {
    /// The pages that the processes of the whole system map, each counted once, in bytes.
    struct SystemMemory {
        /// Anonymous pages, including those that the kernel's per-CPU counters may not have added yet.
        var anonymousBytes: Int?
        /// The part of the anonymous pages that belongs to transparent huge pages which are mapped as a whole, including
        /// those that the per-CPU counters may not have added yet.
        var anonymousHugeBytes: Int?
        /// Pages of files and of shared memory, including those that the per-CPU counters may not have added yet.
        var sharedBytes: Int?
        /// Pages that are reserved for hugetlbfs, whether in use or not.
        var hugetlbBytes: Int?
    }

    private let root: SystemRoot
    private let hugePages: HugePageHistory

    /// - Parameter hugePages: What earlier passes have found.
    init(in root: SystemRoot, hugePages: HugePageHistory? = nil) {
        self.root = root
        self.hugePages = hugePages ?? HugePageHistory(in: root)
    }

    /// Creates a value from known features, without reading a file.
    convenience init(
        isStatmExact: Bool,
        systemMemory: SystemMemory?,
        mayHaveHugePages: Bool,
        mayHaveSmallerHugePages: Bool,
        mergedBytes: Int?,
        mayHaveMergedPages: Bool = false,
        isPSSEstimated: Bool? = false,
        chargeLagBytes: Int? = 0,
        isPrivateHugetlbExact: Bool = true
    ) {
        self.init(in: .live)
        self.isStatmExact = isStatmExact
        self.systemMemory = systemMemory
        self.mayHaveHugePages = mayHaveHugePages
        self.mayHaveSmallerHugePages = mayHaveSmallerHugePages
        self.mergedBytes = mergedBytes
        self.mayHaveMergedPages = mayHaveMergedPages
        self.isPSSEstimated = isPSSEstimated
        self.chargeLagBytes = chargeLagBytes
        self.isPrivateHugetlbExact = isPrivateHugetlbExact
    }

    /// Whether `statm` is exact, which requires Linux 6.16. Before, each CPU or thread keeps a part of the count to
    /// itself.
    private(set) lazy var isStatmExact: Bool = version.map { $0 >= (6, 16) } ?? false

    /// Whether `Private_Hugetlb` excludes pages that processes share by sharing a page table, which requires Linux 6.2.
    private(set) lazy var isPrivateHugetlbExact: Bool = version.map { $0 >= (6, 2) } ?? false

    /// The kernel's version; `nil` if it cannot be read.
    private lazy var version = KernelConfiguration.version(in: root)

    /// The pages that the processes of the whole system map, from `/proc/meminfo`.
    ///
    /// It is `nil` if that file or the number of CPUs cannot be read, and if another file system than procfs provides the
    /// file: lxcfs shows the memory of a cgroup there, which is less than the processes of the cgroup may map.
    private(set) lazy var systemMemory: SystemMemory? = {
        guard let information = try? MemInfo.ofMachine(in: root), let cpus = onlineCPUCount else { return nil }
        let nodes = (try? CPUSet.onlineNodes(in: root).count) ?? 1
        let counts = cpus * nodes * Self.countsInABatch
        let slack = counts.saturatingMultiplied(by: root.pageSizeBytes)
        return SystemMemory(
            anonymousBytes: information.anonymousBytes?.saturatingAdding(slack),
            anonymousHugeBytes: information.anonymousHugeBytes?
                .saturatingAdding(counts.saturatingMultiplied(by: hugeCountBytes)),
            sharedBytes: information.mappedBytes?.saturatingAdding(slack),
            hugetlbBytes: information.hugetlbBytes
        )
    }()

    private lazy var onlineCPUCount: Int? = try? CPUSet.online(in: root).cpus.count

    /// The amount in bytes by which a figure of `memory.stat` may differ from the present state; `nil` if the number of
    /// CPUs is not known.
    ///
    /// Each CPU keeps up to 64 pages of changes to itself (`MEMCG_CHARGE_BATCH`, mm/memcontrol.c), for up to two seconds. The
    /// kernel does not add up what the CPUs have passed on until that is more than as much again.
    private(set) lazy var chargeLagBytes: Int? = onlineCPUCount.map {
        // The caller may pass any page size.
        max(0, ($0 * Self.pagesInAChargeBatch).saturatingMultiplied(by: root.pageSizeBytes))
    }

    private static var pagesInAChargeBatch: Int { 2 * 64 }

    /// The largest `stat_threshold` that the kernel assigns to a CPU for each node (mm/vmstat.c).
    private static var countsInABatch: Int { 125 }

    /// The size in bytes of what the kernel's counter of anonymous huge pages counts: a page since Linux 5.12, before that
    /// a whole huge page (`NR_ANON_THPS`). `Int.max` if it is not known.
    private lazy var hugeCountBytes: Int =
        if let version, version >= (5, 12) {
            root.pageSizeBytes
        } else {
            (try? HugePageHistory.wholeBytes(in: root)) ?? .max
        }

    /// Whether one page fault may have mapped more than one page: see ``HugePageHistory/mayHaveHugePages()``.
    private(set) lazy var mayHaveHugePages: Bool = hugePages.mayHaveHugePages()

    /// Whether one page fault may have mapped several pages, but fewer than a huge page has.
    private(set) lazy var mayHaveSmallerHugePages: Bool = hugePages.mayHaveSmallerHugePages()

    /// The memory in bytes that the system saved by merging equal pages (KSM); 0 for a kernel without KSM, `nil` where it is
    /// not known.
    private(set) lazy var mergedBytes: Int? = {
        do throws(FileReadError) {
            return try ksmNumber("pages_sharing").saturatingMultiplied(by: root.pageSizeBytes)
        } catch {
            return root.lacksMemorySetting(after: error) ? 0 : nil
        }
    }()

    /// Whether KSM may have merged pages since boot, or this is not known. ``mergedBytes`` lacks merged pages that a child
    /// inherited and that KSM has not scanned in the child yet.
    ///
    /// From `pages_scanned`, which requires Linux 6.6, else from `full_scans` and `run`: before Linux 6.6, a first scan that
    /// was stopped before its end is not visible.
    private(set) lazy var mayHaveMergedPages: Bool =
        mayBePositive("pages_scanned") ?? (mayBePositive("full_scans") == true || mayBePositive("run") == true)

    /// Returns whether a number of KSM is above 0 or not known; `nil` if the kernel does not have it.
    private func mayBePositive(_ file: StaticString) -> Bool? {
        do throws(FileReadError) {
            return try ksmNumber(file) > 0
        } catch {
            return root.lacksMemorySetting(after: error) ? nil : true
        }
    }

    private func ksmNumber(_ file: StaticString) throws(FileReadError) -> Int {
        let path = Array("/sys/kernel/mm/ksm/\(file)\0".utf8)
        return try root.read(path.span, Self.lineOptions) { (bytes) throws(ParseError) in try bytes.parseSingleSize() }
    }

    /// Whether PSS is an average over the pages of a large folio (`CONFIG_NO_PAGE_MAPCOUNT`); `nil` where it is not known.
    private(set) lazy var isPSSEstimated: Bool? = root.isPSSEstimated

    private static var lineOptions: FileReadOptions {
        FileReadOptions(expectedBytes: 128, limitBytes: 4096, isOnePiece: true)
    }
}

extension SystemRoot {
    /// Returns whether an error means that the kernel does not have a file below `/sys/kernel/mm`.
    ///
    /// Every kernel with sysfs has that folder. Where it is missing too, sysfs is not mounted, or the files of the system do
    /// not include it: nothing is known then.
    func lacksMemorySetting(after error: FileReadError) -> Bool {
        error.isAbsence && (try? open(Array("/sys/kernel/mm\0".utf8).span, as: .directory)) != nil
    }

    /// Whether PSS and USS are estimates on this kernel; `nil` if this is unknown.
    ///
    /// A kernel that is built with `CONFIG_NO_PAGE_MAPCOUNT` counts the mappings of a large folio as a whole, not those
    /// of each of its pages. The option requires Linux 6.15. The values of PSS and of private and shared memory in
    /// `smaps` and `smaps_rollup` are then averages (kernel documentation, `admin-guide/mm/pagemap` and
    /// `filesystems/proc`).
    ///
    /// Before Linux 6.15, the version in `/proc/sys/kernel/osrelease` decides. From 6.15 on, the kernel's configuration
    /// is read where it is installed as text: `/boot/config-RELEASE`, else `/lib/modules/RELEASE/config`.
    ///
    /// Reads up to three files, each with one open, one close and its reads. No privileges are required. Most
    /// containers on Linux 6.15 or later do not contain the configuration, so the result is `nil` there.
    public var isPSSEstimated: Bool? { KernelConfiguration.hasNoPageMapCount(in: self) }
}

/// The configuration that a kernel was built with.
enum KernelConfiguration {
    private static var releaseOptions: FileReadOptions {
        FileReadOptions(expectedBytes: 128, limitBytes: 4096, isOnePiece: true)
    }
    private static var limitBytes: Int { 4 << 20 }

    private static func release(in root: SystemRoot) -> [UInt8]? {
        try? root.read(ProcPath(file: "/proc/sys/kernel/osrelease"), releaseOptions, release(parsing:))
    }

    /// Returns the kernel's version, for example (6, 15).
    static func version(in root: SystemRoot) -> (major: Int, minor: Int)? {
        release(in: root).flatMap { version(of: $0.span) }
    }

    static func hasNoPageMapCount(in root: SystemRoot) -> Bool? {
        guard let release = release(in: root) else { return nil }
        if let version = version(of: release.span), version < (6, 15) { return false }
        for path in [
            Array("/boot/config-".utf8) + release, Array("/lib/modules/".utf8) + release + Array("/config".utf8),
        ] {
            if let file = try? root.open((path + [0]).span), let isSet = try? isNoPageMapCountSet(in: file) {
                return isSet
            }
        }
        return nil
    }

    static func release(parsing bytes: Span<UInt8>) throws(ParseError) -> [UInt8] {
        guard let field = bytes.onlyField, bytes.firstIndex(of: UInt8(ascii: "/"), in: field) == nil else {
            throw ParseError("a kernel release")
        }
        return bytes.bytes(in: field)
    }

    /// Returns the version in a release name: (6, 15) for `6.15.3-amd64`.
    static func version(of release: Span<UInt8>) -> (major: Int, minor: Int)? {
        var index = 0
        func number() -> Int? {
            let start = index
            while index < release.count, release[index].decimalDigit != nil { index += 1 }
            defer { index += 1 }
            return release.decimal(in: start..<index)
        }
        guard let major = number(), index <= release.count, let minor = number() else { return nil }
        return (major, minor)
    }

    private static func isNoPageMapCountSet(in file: borrowing FileDescriptor) throws(FileReadError) -> Bool {
        var isSet = false
        try file.forEachLine(limitBytes: limitBytes) { (bytes, line) in
            if bytes.equals("CONFIG_NO_PAGE_MAPCOUNT=y", in: line) { isSet = true }
        }
        return isSet
    }
}
