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
