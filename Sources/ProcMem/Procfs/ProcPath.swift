/// The process that a request refers to.
enum ProcessSelector: Hashable, Sendable {
    /// The calling process, through `/proc/self`, which is correct in every pid namespace and after a fork.
    case current
    case id(Int32)

    /// Rejects a number that cannot be a process before it becomes part of a path (`/proc/0` and `/proc/-1` do not
    /// exist), and any id if `/proc` belongs to another pid namespace, where it would refer to a different process.
    func validated(in root: SystemRoot) throws(ProcMemError) -> ProcessSelector {
        if case .id(let id) = self {
            if id < 1 { throw ProcMemError(.invalidArgument, path: "/proc/\(id)") }
            try ProcNamespace.confirm(in: root)
        }
        return self
    }

    init(validating pid: Int32, in root: SystemRoot) throws(ProcMemError) {
        self = try ProcessSelector.id(pid).validated(in: root)
    }

    /// The argument of the scheduler's system calls: the id of the process, which is also the id of its main thread.
    var threadID: Int32 {
        switch self {
        case .current: Syscalls.pid
        case .id(let id): id
        }
    }
}

/// A path like `/proc/17/task/18/children`, built in place, without allocation.
struct ProcPath {
    // The longest path is `/proc/PID/task/TID/smaps_rollup` with two ids of ten digits: 45 bytes and the NUL.
    private var storage = InlineArray<64, UInt8>(repeating: 0)
    private var count = 0

    /// The path `/proc`.
    static var processes: ProcPath { ProcPath(file: "/proc") }

    /// Creates the path of a file in `/proc/PID` or `/proc/self`.
    init(_ process: ProcessSelector, _ file: StaticString) {
        self.init(directoryOf: process)
        append("/")
        append(file)
    }

    /// Creates the path `/proc/PID` or `/proc/self`.
    init(directoryOf process: ProcessSelector) {
        append("/proc/")
        append(process)
    }

    /// Creates the path of a file in `task/TID`, relative to the directory of a process.
    init(task threadID: Int32, _ file: StaticString) {
        append("task/")
        append(threadID)
        append("/")
        append(file)
    }

    /// Creates a path without ids, for example the name of a file in the directory of a process.
    init(file: StaticString) {
        append(file)
    }

    private mutating func append(_ byte: UInt8) {
        // The last byte remains the NUL that ends the path.
        guard count < storage.count - 1 else { return }
        storage[count] = byte
        count += 1
    }

    private mutating func append(_ text: StaticString) {
        text.forEachByte { append($0) }
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
            append(UInt8(truncatingIfNeeded: magnitude / divisor % 10) + UInt8(ascii: "0"))
            divisor /= 10
        }
    }

    /// Passes the bytes of the path, including the NUL that ends it, to a closure.
    func withBytes<R: ~Copyable, E: Error>(_ body: (Span<UInt8>) throws(E) -> R) throws(E) -> R {
        try body(storage.span.extracting(0...count))
    }
}

extension SystemRoot {
    /// Returns a path for a message, as it is on this system.
    func text(_ path: ProcPath) -> String {
        text(path.withBytes { $0.bytes(in: 0..<$0.count) })
    }

    /// Opens a file of a process.
    func open(_ path: ProcPath, as kind: Syscalls.FileKind = .contents) throws(FileReadError) -> FileDescriptor {
        try path.withBytes { (bytes) throws(FileReadError) in try open(bytes, as: kind) }
    }

    /// Reads a file of a process and parses it.
    func read<R>(
        _ path: ProcPath,
        _ readOptions: FileReadOptions,
        _ parse: (Span<UInt8>) throws(ParseError) -> R
    ) throws(FileReadError) -> R {
        try path.withBytes { (bytes) throws(FileReadError) in try read(bytes, readOptions, parse) }
    }
}
