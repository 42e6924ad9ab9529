/// The fields of `/proc/PID/status` that ProcMem uses.
///
/// A line consists of `Key:`, a tab and a value. The kernel escapes a newline in the process's name, so a key occurs
/// only at the beginning of a line.
struct ProcessStatus: Hashable, Sendable {
    /// `Tgid`: the id of the process that a thread belongs to.
    let pid: Int32?
    /// `Cpus_allowed`: the CPUs on which the scheduler may run the process.
    let allowedCPUs: CPUSet?
    /// `VmHWM`: the largest RSS so far, in bytes; `nil` for a process without memory.
    let peakRSSBytes: Int?
    /// `RssFile`: the resident pages of files, in bytes. Requires Linux 4.5.
    let fileBytes: Int?
    /// `RssShmem`: the resident pages of shared memory, in bytes. Requires Linux 4.5.
    let shmemBytes: Int?
    /// `VmSwap`: the swapped-out anonymous memory, in bytes. Requires Linux 2.6.34.
    let swapBytes: Int?
    /// `HugetlbPages`: the pages of hugetlbfs, in bytes. Requires Linux 4.4.
    let hugetlbBytes: Int?

    // Groups and CPU masks can make the file long: a process may have 65,536 supplementary groups.
    static let readOptions = FileReadOptions(expectedBytes: 4096, limitBytes: 4 << 20, isOnePiece: true)

    init(parsing bytes: Span<UInt8>) throws(ParseError) {
        var pid: Int32?
        var allowedCPUs: CPUSet?
        var (peakRSSBytes, fileBytes, shmemBytes): (Int?, Int?, Int?)
        var (swapBytes, hugetlbBytes): (Int?, Int?)
        var index = 0
        while let entry = bytes.nextEntry(at: &index) {
            guard let value = bytes.firstField(in: entry.rest) else { continue }
            let key = entry.key
            if bytes.equals("Tgid", in: key) {
                pid = bytes.decimal(in: value).flatMap { Int32(exactly: $0) }
            } else if bytes.equals("Cpus_allowed", in: key) {
                allowedCPUs = try CPUSet(parsingMask: bytes, in: value)
            } else if bytes.equals("VmHWM", in: key) {
                peakRSSBytes = bytes.sizeBytes(in: value, unitBytes: 1024)
            } else if bytes.equals("RssFile", in: key) {
                fileBytes = bytes.sizeBytes(in: value, unitBytes: 1024)
            } else if bytes.equals("RssShmem", in: key) {
                shmemBytes = bytes.sizeBytes(in: value, unitBytes: 1024)
            } else if bytes.equals("VmSwap", in: key) {
                swapBytes = bytes.sizeBytes(in: value, unitBytes: 1024)
            } else if bytes.equals("HugetlbPages", in: key) {
                hugetlbBytes = bytes.sizeBytes(in: value, unitBytes: 1024)
            }
        }
        self.pid = pid
        self.allowedCPUs = allowedCPUs
        self.peakRSSBytes = peakRSSBytes
        self.fileBytes = fileBytes
        self.shmemBytes = shmemBytes
        self.swapBytes = swapBytes
        self.hugetlbBytes = hugetlbBytes
    }
}

/// The resource limits in `/proc/PID/limits` that ProcMem uses.
///
/// A line is the name of a limit, its soft value, its hard value and the unit, in columns of spaces.
struct ProcessLimits: Hashable, Sendable {
    /// `Max open files`: the soft limit of open file descriptors. It is never unlimited.
    let openFileCount: Int

    static let readOptions = FileReadOptions(expectedBytes: 2048, limitBytes: 65536)

    init(parsing bytes: Span<UInt8>) throws(ParseError) {
        let name: StaticString = "Max open files "
        var index = 0
        while let line = bytes.nextLine(at: &index) {
            guard bytes.hasPrefix(name, in: line) else { continue }
            let values = line.lowerBound + name.utf8CodeUnitCount..<line.upperBound
            guard let count = bytes.firstField(in: values).flatMap({ bytes.decimal(in: $0) }) else { break }
            openFileCount = count
            return
        }
        throw ParseError("a number after Max open files")
    }
}
