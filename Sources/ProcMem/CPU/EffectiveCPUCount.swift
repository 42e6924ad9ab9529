/// How many CPUs this process may really use: the size for a thread pool.
///
/// The CPUs in the affinity mask, or what the tightest CPU quota of its cgroups is worth if that is less; at least 1.
/// In a container with 1.5 CPUs on a machine of 96 this is 2. ``CPULimits`` explains the number.
///
/// Read anew at each call, from the files that ``CPULimits/current(in:)`` names. A file that is missing, unreadable or
/// malformed counts as no limit. Nothing is read from the environment. No privileges are needed.
///
/// - Parameters:
///   - rounding: What a fraction of a CPU counts as.
///   - minimum: The answer is not below it; values below 1 count as 1. It is for pools whose threads block, and for
///     programs that cannot do with one thread. Where it lies above what the kernel enforces, the threads beyond that do
///     not run in parallel: they wait for each other, or the whole process is throttled.
///   - root: Where the kernel's files are.
/// - Returns: The number of CPUs, at least 1.
public func effectiveCPUCount(rounding: Rounding = .up, minimum: Int = 1, in root: KernelRoot = .live) -> Int {
    guard let limits = try? CPULimits(of: .current, in: root, countsOnline: false) else { return max(1, minimum) }
    return limits.effectiveCPUCount(rounding: rounding, minimum: minimum)
}
