/// Which process a question is about.
enum ProcessSelector: Hashable, Sendable {
    /// The process that asks. Through `/proc/self`, which is right in every pid namespace and after a fork.
    case current
    case id(Int32)

    /// Refuses what cannot be a process before a path is made of it (`/proc/0` and `/proc/-1` name nothing), and an id
    /// where `/proc` would take it for another process's.
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

    /// What the scheduler's system calls take: the process's id, which is its main thread's.
    var threadID: Int32 {
        switch self {
        case .current: Syscalls.pid
        case .id(let id): id
        }
    }
}

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

    /// Hands over the bytes with the NUL that ends them.
    func withBytes<R: ~Copyable, E: Error>(_ body: (Span<UInt8>) throws(E) -> R) throws(E) -> R {
        try body(storage.span.extracting(0...count))
    }
}

extension SystemRoot {
    /// A path for a message: where it is on this system.
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
