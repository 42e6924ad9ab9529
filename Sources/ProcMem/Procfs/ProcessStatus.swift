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

    // Groups and CPU masks can make the file long: a process may have 65,536 supplementary groups.
    static let readOptions = FileReadOptions(expectedBytes: 4096, limitBytes: 4 << 20)

    init(parsing bytes: Span<UInt8>) throws(ParseError) {
        var pid: Int32?
        var allowedCPUs: CPUSet?
        var peakRSSBytes: Int?
        var index = 0
        while let entry = bytes.nextEntry(at: &index) {
            guard let value = entry.value else { continue }
            let key = entry.key
            if bytes.equals("Tgid", in: key) {
                pid = bytes.decimal(in: value).flatMap { Int32(exactly: $0) }
            } else if bytes.equals("Cpus_allowed", in: key) {
                allowedCPUs = try CPUSet(parsingMask: bytes, in: value)
            } else if bytes.equals("VmHWM", in: key) {
                peakRSSBytes = bytes.sizeBytes(in: value, unitBytes: 1024)
            }
        }
        self.pid = pid
        self.allowedCPUs = allowedCPUs
        self.peakRSSBytes = peakRSSBytes
    }
}
