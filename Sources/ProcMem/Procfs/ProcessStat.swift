/// The fields of `/proc/PID/stat` that ProcMem uses.
///
/// The file is one line of fields that are separated by spaces. The second field, the command in parentheses, is not
/// escaped: it may contain spaces, parentheses and newlines. Fields are therefore counted from the last closing
/// parenthesis.
struct ProcessStat: Hashable, Sendable {
    /// Field 1: the process id.
    let pid: Int32
    /// Field 2, without the parentheses: the command, at most 15 bytes for a process, more for a kernel thread.
    let command: String
    /// Field 3: the state, `R`, `S`, `D`, `Z`, `T`, `X` and so on.
    let state: UInt8
    /// Field 4: the id of the parent; 0 if the parent is outside of the pid namespace.
    let parentPID: Int32
    /// Field 9: the kernel's flags of the process (`PF_…`).
    let flags: Int
    /// Fields 10 and 12: the page faults since the process was forked, including those of threads that have exited;
    /// `nil` if they are not numbers.
    let faultCount: Int?
    /// Fields 11 and 13: the page faults of descendants that have exited and were waited for.
    let childFaultCount: Int?
    /// Field 14: the CPU time in user mode, in clock ticks, including that of threads that have exited; `nil` if it is not a
    /// number, like the next three.
    let userTicks: Int?
    /// Field 15: the CPU time in kernel mode.
    let systemTicks: Int?
    /// Field 16: the user time of descendants that have exited and were waited for.
    let childUserTicks: Int?
    /// Field 17: the kernel time of these descendants.
    let childSystemTicks: Int?
    /// Field 20: the number of threads.
    let threadCount: Int
    /// Field 22: the start time, in clock ticks since boot. Together with the id it identifies one process.
    let startTimeTicks: Int
    /// Field 23, in bytes: the size of the mapped virtual memory; `nil` if it is not a number.
    let virtualBytes: Int?
    /// Fields 26 to 28 and 45 to 47; `nil` without the right to trace the process, and before Linux 3.3.
    let layout: ProgramLayout?
    /// Field 33: the ignored signals with numbers below 32; `nil` if it is not a number.
    let ignoredSignals: Int?
    /// Field 41: the scheduling policy; `nil` before Linux 2.5.19.
    let policy: SchedulingPolicy?

    static let readOptions = FileReadOptions(expectedBytes: 1024, limitBytes: 65536, isOnePiece: true)

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
        /// Returns the range of a field with a higher number than the last requested one.
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
        userTicks = count(14)
        systemTicks = count(15)
        childUserTicks = count(16)
        childSystemTicks = count(17)
        threadCount = try decimal(20)
        startTimeTicks = try decimal(22)
        virtualBytes = count(23)
        let code = (field(26), field(27), field(28))
        ignoredSignals = count(33)
        policy = count(41).map(SchedulingPolicy.init(rawValue:))
        let data = (field(45), field(46), field(47))
        layout = ProgramLayout(parsing: bytes, code: code, data: data)
    }

    private static func sum(_ first: Int?, _ second: Int?) -> Int? {
        guard let first, let second else { return nil }
        let (sum, overflow) = first.addingReportingOverflow(second)
        return overflow ? nil : sum
    }

    /// Whether the process has exited and its parent has not reaped it yet, or it is being removed.
    var isZombie: Bool { state == UInt8(ascii: "Z") || state == UInt8(ascii: "X") || state == UInt8(ascii: "x") }

    /// Whether the process ignores `SIGCHLD` (17), or that is not known.
    var ignoresExitsOfChildren: Bool { ignoredSignals.map { $0 & 1 << 16 != 0 } ?? true }

    /// Whether the process is a kernel thread. The corresponding C constant is `PF_KTHREAD`.
    var isKernelThread: Bool { flags & 0x0020_0000 != 0 }

    /// Whether the thread is exiting (`PF_EXITING`). Before it becomes a zombie, the kernel removes it from its cgroups.
    var isExiting: Bool { flags & 0x4 != 0 }

    /// Whether the process was forked and has not executed a program since. The corresponding C constant is
    /// `PF_FORKNOEXEC`.
    var isForkWithoutExec: Bool { flags & 0x40 != 0 }
}

/// The addresses of the parts of a program in a process's memory: `stat` fields 26 to 28 and 45 to 47.
///
/// A forked process has its parent's layout until it executes a program. Two programs that were started separately have
/// the same layout only without address space randomisation (`setarch -R`).
struct ProgramLayout: Hashable, Sendable {
    let startCode: Int
    let endCode: Int
    let startStack: Int
    let startData: Int
    let endData: Int
    let startBreak: Int

    /// Returns `nil` if a field is missing, or if the kernel reports zeros because the reader may not trace the
    /// process.
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

/// `/proc/uptime`: the time since boot.
struct Uptime: Hashable, Sendable {
    /// The first field: the time since boot in seconds, including the time during which the system was suspended.
    let seconds: Double

    static let readOptions = FileReadOptions(expectedBytes: 64, limitBytes: 4096, isOnePiece: true)

    init(parsing bytes: Span<UInt8>) throws(ParseError) {
        guard let seconds = bytes.firstField(in: 0..<bytes.count).flatMap({ bytes.decimalFraction(in: $0) }) else {
            throw ParseError("seconds")
        }
        self.seconds = seconds
    }
}
