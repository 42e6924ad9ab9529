/// A path such as `/proc/17/task/18/children`, built in place, without allocation.
struct ProcPath {
    // The longest is `/proc/PID/task/TID/smaps_rollup` with two ids of ten digits: 45 bytes and the NUL.
    private var storage = InlineArray<64, UInt8>(repeating: 0)
    private var count = 0

    /// `/proc` itself.
    static var processes: ProcPath { ProcPath(file: "/proc") }

    /// `/proc/PID/`, or `/proc/self/`, and a file's name.
    init(_ process: ProcessSelector, _ file: StaticString) {
        self.init(directoryOf: process)
        append("/")
        append(file)
    }

    /// `/proc/PID`, or `/proc/self`.
    init(directoryOf process: ProcessSelector) {
        append("/proc/")
        append(process)
    }

    /// `task/TID/` and a file's name, below a process's directory.
    init(task threadID: Int32, _ file: StaticString) {
        append("task/")
        append(threadID)
        append("/")
        append(file)
    }

    /// A path that has no ids in it, such as a file's name below a process's directory.
    init(file: StaticString) {
        append(file)
    }

    private mutating func append(_ byte: UInt8) {
        // The last byte stays the NUL that ends the path.
        guard count < storage.count - 1 else { return }
        storage[count] = byte
        count += 1
    }

    private mutating func append(_ text: StaticString) {
        for offset in 0..<text.utf8CodeUnitCount {
            append(unsafe text.utf8Start[offset])
        }
    }

    private mutating func append(_ process: ProcessSelector) {
        switch process {
        case .current: append("self")
        case .id(let id): append(id)
        }
    }

    private mutating func append(_ number: Int32) {
        var divisor: UInt32 = 1
        let magnitude = number.magnitude
        while magnitude / divisor >= 10 { divisor *= 10 }
        while divisor > 0 {
            append(UInt8(truncatingIfNeeded: magnitude / divisor % 10) + 0x30)
            divisor /= 10
        }
    }

    /// Hands over the bytes with the NUL that ends them.
    func withBytes<R: ~Copyable, E: Error>(_ body: (Span<UInt8>) throws(E) -> R) throws(E) -> R {
        try body(storage.span.extracting(0...count))
    }
}
