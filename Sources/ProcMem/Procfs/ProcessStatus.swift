/// `/proc/PID/status`: what ProcMem takes from it.
///
/// Lines are `Key:`, a tab and a value. The kernel escapes a newline in the process's name, so a key stands at the
/// beginning of a line and nowhere else.
struct ProcessStatus: Hashable, Sendable {
    /// The id of the process that a thread belongs to.
    let pid: Int32?
    /// The CPUs that the scheduler may use.
    let allowedCPUs: CPUSet?
    /// `VmHWM`, the largest RSS so far, in bytes; `nil` for what has no memory.
    let peakRSSBytes: Int?

    // Groups and CPU masks make it long: 65,536 supplementary groups are allowed.
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
