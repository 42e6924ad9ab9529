/// The machine's memory, as far as a process can count on it.
struct MachineMemory: Hashable, Sendable {
    /// `MemTotal`; `nil` if it is not known.
    private(set) var totalBytes: Int?
    /// `MemAvailable`; `nil` if it is not known.
    private(set) var availableBytes: Int?
    /// The part that is set aside for huge pages, which an ordinary allocation cannot use; `nil` if it is not known.
    private(set) var hugePageBytes: Int?
    /// The reason why `/proc/meminfo` could not be read.
    private(set) var failure: FileReadError?

    init(totalBytes: Int?, availableBytes: Int? = nil, hugePageBytes: Int? = nil) {
        (self.totalBytes, self.availableBytes, self.hugePageBytes) = (totalBytes, availableBytes, hugePageBytes)
    }

    /// Reads `/proc/meminfo`. Where it is hidden on the running system (`subset=pid`), `sysinfo(2)` reports the machine's
    /// memory, and the huge pages are not known.
    init(in root: SystemRoot) {
        do {
            let information = try MemInfo.withTotal(in: root)
            totalBytes = information.totalBytes
            availableBytes = information.availableBytes
            hugePageBytes = information.hugePageBytes
        } catch {
            failure = error
            totalBytes = root.isLive && error.isAbsence ? Syscalls.totalMemoryBytes : nil
        }
    }

    /// The memory that processes can use: without the huge pages, as far as they are known.
    var usableBytes: Int? { totalBytes.map { max(0, $0 - (hugePageBytes ?? 0)) } }
}
