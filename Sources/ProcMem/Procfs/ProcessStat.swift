/// `/proc/PID/stat`: the fields that ProcMem uses.
///
/// The file is one line of fields between blanks. The second, the command in parentheses, is raw: it may hold blanks,
/// parentheses and newlines, so the fields are counted from the last closing parenthesis.
struct ProcessStat: Hashable, Sendable {
    /// Field 1.
    let pid: Int32
    /// Field 2, without the parentheses: at most 15 bytes for a process, more for a kernel thread.
    let command: String
    /// Field 3: `R`, `S`, `D`, `Z`, `T`, `X` and so on.
    let state: UInt8
    /// Field 4: 0 where the parent is outside of the pid namespace.
    let parentPID: Int32
    /// Field 9.
    let flags: Int
    /// Fields 10 and 12: the page faults since the process was forked, those of threads that have ended among them; `nil`
    /// where they are no numbers.
    let faultCount: Int?
    /// Fields 11 and 13: the page faults of children, and of theirs, that have ended and were waited for.
    let childFaultCount: Int?
    /// Field 20.
    let threadCount: Int
    /// Field 22, in clock ticks since boot. With the id it names one process and no other.
    let startTimeTicks: Int
    /// Field 23, in bytes: the virtual memory that is mapped; `nil` where it is no number.
    let virtualBytes: Int?
    /// Fields 26 to 28 and 45 to 47; `nil` without the right to trace the process, and before Linux 3.3.
    let layout: ProgramLayout?
    /// Field 41; `nil` before Linux 2.5.19.
    let policy: SchedulingPolicy?

    static let readOptions = FileReadOptions(expectedBytes: 1024, limitBytes: 65536, isOneLine: true)

    init(parsing bytes: Span<UInt8>) throws(ParseError) {
        guard let end = (0..<bytes.count).last(where: { bytes[$0] == UInt8(ascii: ")") }),
            let begin = bytes.firstIndex(of: UInt8(ascii: "("), in: 0..<end)
        else { throw ParseError("PID (COMMAND) and more fields") }
        var idIndex = 0
        guard let idField = bytes.nextField(at: &idIndex), idField.upperBound <= begin,
            let id = bytes.decimal(in: idField), let pid = Int32(exactly: id)
        else { throw ParseError("a process id in field 1") }
        self.pid = pid
        command = bytes.text(in: begin + 1..<end)

        var index = end + 1
        var number = 2
        /// The value of a field with a higher number than the last one asked for.
        func field(_ wanted: Int) -> Range<Int>? {
            while number < wanted - 1 {
                guard bytes.nextField(at: &index) != nil else { return nil }
                number += 1
            }
            number += 1
            return bytes.nextField(at: &index)
        }
        func decimal(_ wanted: Int) throws(ParseError) -> Int {
            guard let value = field(wanted).flatMap({ bytes.decimal(in: $0) }) else {
                throw ParseError(expected: "a number in field \(wanted)")
            }
            return value
        }
        guard let state = field(3), state.count == 1 else { throw ParseError("a state letter in field 3") }
        self.state = bytes[state.lowerBound]
        guard let parentPID = Int32(exactly: try decimal(4)) else { throw ParseError("a process id in field 4") }
        self.parentPID = parentPID
        flags = try decimal(9)
        func count(_ wanted: Int) -> Int? { field(wanted).flatMap { bytes.decimal(in: $0) } }
        let faults = (minor: count(10), childMinor: count(11), major: count(12), childMajor: count(13))
        faultCount = Self.sum(faults.minor, faults.major)
        childFaultCount = Self.sum(faults.childMinor, faults.childMajor)
        threadCount = try decimal(20)
        startTimeTicks = try decimal(22)
        virtualBytes = count(23)
        let code = (field(26), field(27), field(28))
        policy = count(41).map(SchedulingPolicy.init(rawValue:))
        let data = (field(45), field(46), field(47))
        layout = ProgramLayout(parsing: bytes, code: code, data: data)
    }

    private static func sum(_ first: Int?, _ second: Int?) -> Int? {
        guard let first, let second else { return nil }
        let (sum, overflow) = first.addingReportingOverflow(second)
        return overflow ? nil : sum
    }

    /// Ended, and not yet collected by its parent, or being taken down.
    var isZombie: Bool { state == UInt8(ascii: "Z") || state == UInt8(ascii: "X") || state == UInt8(ascii: "x") }

    /// The corresponding C constant is `PF_KTHREAD`.
    var isKernelThread: Bool { flags & 0x0020_0000 != 0 }

    /// Whether the process runs what the one that forked it ran. The corresponding C constant is `PF_FORKNOEXEC`.
    var isForkWithoutExec: Bool { flags & 0x40 != 0 }
}

/// Where the parts of a program lie in a process's memory: `stat` fields 26 to 28 and 45 to 47.
///
/// A forked process has its parent's layout until it executes a program of its own. Two programs that were started apart
/// have the same one only where addresses are not chosen at random (`setarch -R`).
struct ProgramLayout: Hashable, Sendable {
    let startCode: Int
    let endCode: Int
    let startStack: Int
    let startData: Int
    let endData: Int
    let startBreak: Int

    /// `nil` where a field is missing, or the kernel shows zeros because the reader may not trace the process.
    init?(
        parsing bytes: Span<UInt8>,
        code: (start: Range<Int>?, end: Range<Int>?, stack: Range<Int>?),
        data: (start: Range<Int>?, end: Range<Int>?, breakStart: Range<Int>?)
    ) {
        func address(_ field: Range<Int>?) -> Int? { field.flatMap { bytes.decimal(in: $0) } }
        guard let startCode = address(code.start), let endCode = address(code.end),
            let startStack = address(code.stack), startStack != 0,
            let startData = address(data.start), let endData = address(data.end),
            let startBreak = address(data.breakStart)
        else { return nil }
        self.startCode = startCode
        self.endCode = endCode
        self.startStack = startStack
        self.startData = startData
        self.endData = endData
        self.startBreak = startBreak
    }
}
