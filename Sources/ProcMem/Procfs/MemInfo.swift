/// The fields of `/proc/meminfo` that ProcMem uses, in bytes; `nil` for a field that the file lacks.
struct MemInfo: Hashable, Sendable {
    /// `MemTotal`: the machine's memory, without the part that the kernel reserves for itself.
    private(set) var totalBytes: Int?
    /// `MemAvailable`: the memory that can be allocated without swapping, as the kernel estimates it. Requires Linux 3.14.
    private(set) var availableBytes: Int?
    /// `AnonPages`: the anonymous pages that processes map, each counted once. Requires Linux 2.6.18.
    private(set) var anonymousBytes: Int?
    /// `AnonHugePages`: the part of `AnonPages` that belongs to transparent huge pages which are mapped as a whole.
    /// Requires Linux 2.6.38.
    private(set) var anonymousHugeBytes: Int?
    /// `Mapped`: the pages of files and of shared memory that processes map, each counted once.
    private(set) var mappedBytes: Int?

    /// `Hugetlb`: the pages that are reserved for hugetlbfs, whether in use or not. Requires Linux 4.20.
    private(set) var hugetlbBytes: Int?

    /// `HugePages_Total`, a number of pages of the size `Hugepagesize`.
    private var hugePageCount: Int?
    private var hugePageSizeBytes: Int?

    /// The memory that is set aside for huge pages: `Hugetlb`, or before Linux 4.20 the pages of the default size. 0 for a
    /// kernel without huge pages.
    var hugePageBytes: Int {
        hugetlbBytes ?? (hugePageCount ?? 0).saturatingMultiplied(by: hugePageSizeBytes ?? 0)
    }

    static var path: ProcPath { ProcPath(file: "/proc/meminfo") }
    static var readOptions: FileReadOptions {
        FileReadOptions(expectedBytes: 4096, limitBytes: 65536, isOnePiece: true)
    }

    /// Reads the file if the kernel provides it; `nil` if a file system such as lxcfs, which shows the memory of a cgroup,
    /// is mounted over it.
    static func ofMachine(in root: SystemRoot) throws(FileReadError) -> MemInfo? {
        let file = try root.open(path)
        guard !root.isLive || Syscalls.isOnProcfs(file) else { return nil }
        return try file.withContents(readOptions) { MemInfo(parsing: $0) }
    }

    /// The fields to parse.
    enum Fields {
        case all
        /// What the machine's memory and its available memory depend on.
        case available
    }

    /// Parses lines that consist of `Key:`, spaces, a number and ` kB`.
    init(parsing bytes: Span<UInt8>, _ fields: Fields = .all) {
        var index = 0
        while fields == .all || !hasAvailableFields, let entry = bytes.nextEntry(at: &index) {
            let key = entry.key
            var value: Range<Int>? { bytes.firstField(in: entry.rest) }
            var size: Int? { value.flatMap { bytes.sizeBytes(in: $0, unitBytes: 1024) } }
            if bytes.equals("MemTotal", in: key) {
                totalBytes = totalBytes ?? size
            } else if bytes.equals("MemAvailable", in: key) {
                availableBytes = availableBytes ?? size
            } else if bytes.equals("HugePages_Total", in: key) {
                hugePageCount = hugePageCount ?? value.flatMap { bytes.decimal(in: $0) }
            } else if bytes.equals("Hugepagesize", in: key) {
                hugePageSizeBytes = hugePageSizeBytes ?? size
            } else if bytes.equals("Hugetlb", in: key) {
                hugetlbBytes = hugetlbBytes ?? size
            } else if fields == .available {
                continue
            } else if bytes.equals("AnonPages", in: key) {
                anonymousBytes = anonymousBytes ?? size
            } else if bytes.equals("AnonHugePages", in: key) {
                anonymousHugeBytes = anonymousHugeBytes ?? size
            } else if bytes.equals("Mapped", in: key) {
                mappedBytes = mappedBytes ?? size
            }
        }
    }

    /// Whether later lines cannot change a figure of ``Fields/available``.
    private var hasAvailableFields: Bool { totalBytes != nil && availableBytes != nil && hugetlbBytes != nil }
}

/// The machine's memory, as far as a process can count on it.
struct MachineMemory: Hashable, Sendable {
    /// `MemTotal`; `nil` if it is not known.
    private(set) var totalBytes: Int?
    /// `MemAvailable`; `nil` if it is not known.
    private(set) var availableBytes: Int?
    /// The part that is set aside for huge pages, which an ordinary allocation cannot use; `nil` if it is not known.
    private(set) var hugePageBytes: Int?
    /// Whether the file has the huge pages of another system than its `MemTotal`. lxcfs shows the memory of a container
    /// beside the huge pages of the machine.
    private(set) var hasForeignHugePages = false
    /// The reason why `/proc/meminfo` could not be read.
    private(set) var failure: FileReadError?

    /// A machine of which nothing is known.
    static var unknown: MachineMemory { MachineMemory() }

    private init() {}

    /// Creates the value from the file's fields; `nil` if the file lacks the machine's memory.
    ///
    /// - Parameter isOfKernel: Whether the kernel provides the file.
    init?(_ information: MemInfo, isOfKernel: Bool) {
        guard let totalBytes = information.totalBytes, totalBytes > 0 else { return nil }
        self.totalBytes = totalBytes
        availableBytes = information.availableBytes
        hugePageBytes = information.hugePageBytes
        if !isOfKernel || information.hugePageBytes > totalBytes { disownHugePages() }
    }

    /// Reads `/proc/meminfo`. Where it is hidden on the running system (`subset=pid`), `sysinfo(2)` reports the machine's
    /// memory, and the huge pages are not known.
    init(in root: SystemRoot) {
        do throws(FileReadError) {
            let file = try root.open(MemInfo.path)
            let information = try file.withContents(MemInfo.readOptions) { MemInfo(parsing: $0) }
            // Without huge pages it makes no difference.
            let isOfKernel = !root.isLive || information.hugePageBytes == 0 || Syscalls.isOnProcfs(file)
            guard let memory = MachineMemory(information, isOfKernel: isOfKernel) else {
                throw .malformed(ParseError("a size after MemTotal"), found: "none")
            }
            self = memory
        } catch {
            failure = error
            totalBytes = root.isLive && error.isAbsence ? Syscalls.totalMemoryBytes : nil
        }
    }

    /// Takes into account a limit that applies to the process. If it equals `MemTotal`, a file system such as lxcfs shows
    /// the limit there, and the huge pages are those of the machine.
    mutating func note(limitBytes: Int) {
        if limitBytes == totalBytes { disownHugePages() }
    }

    private mutating func disownHugePages() {
        guard let known = hugePageBytes, known > 0 else { return }
        hugePageBytes = nil
        hasForeignHugePages = true
    }

    /// The memory that processes can use: without the huge pages, as far as they are known.
    var usableBytes: Int? { totalBytes.map { max(0, $0 - (hugePageBytes ?? 0)) } }
}
