/// Variables by which a user sizes thread pools, for those who want to heed them.
public struct ThreadEnvironment: Sendable, Hashable {
    /// How many threads the user asks for.
    let threadCount: Int?
    /// How many the user allows at most.
    let threadLimit: Int?

    init(threadCount: [UInt8]?, threadLimit: [UInt8]?) {
        self.threadCount = threadCount.flatMap { Self.threads(parsing: $0.span) }
        self.threadLimit = threadLimit.flatMap { Self.threads(parsing: $0.span) }
    }

    /// OpenMP's variables as they are set now: `OMP_NUM_THREADS`, of whose list the first number counts, in the place of
    /// the number of CPUs, and `OMP_THREAD_LIMIT`, which neither may exceed. What is no number above 0 is not heeded.
    ///
    /// Reading them is safe beside other threads that read variables, not beside one that sets them.
    public static var openMP: ThreadEnvironment {
        ThreadEnvironment(
            threadCount: EnvironmentVariable.value(of: "OMP_NUM_THREADS"),
            threadLimit: EnvironmentVariable.value(of: "OMP_THREAD_LIMIT")
        )
    }

    /// What a number of CPUs becomes.
    func count(insteadOf cpuCount: () -> Int) -> Int {
        min(threadCount ?? cpuCount(), threadLimit ?? .max)
    }

    /// Digits, perhaps between blanks, up to the end or a comma.
    private static func threads(parsing bytes: Span<UInt8>) -> Int? {
        let end = bytes.firstIndex(of: 0x2C, in: 0..<bytes.count) ?? bytes.count
        guard let field = bytes.extracting(0..<end).onlyField, let number = bytes.decimal(in: field), number > 0 else {
            return nil
        }
        return number
    }
}

/// How many threads to use: what the user says in the environment, else how many CPUs this process may really use.
///
/// A number in the environment is the user's choice and holds also where it lies above what the kernel enforces. Then no
/// file is read.
///
/// - Parameters:
///   - environment: Which variables to heed, such as ``ThreadEnvironment/openMP``.
///   - rounding: What a fraction of a CPU counts as.
///   - minimum: The number of CPUs counts as not below it; it does not raise what the user says.
///   - root: Where the kernel's files are.
/// - Returns: The number of threads, at least 1.
public func effectiveCPUCount(
    environment: ThreadEnvironment,
    rounding: Rounding = .up,
    minimum: Int = 1,
    in root: KernelRoot = .live
) -> Int {
    environment.count { effectiveCPUCount(rounding: rounding, minimum: minimum, in: root) }
}
