/// How a fraction of CPUs becomes a number of threads.
public enum Rounding: Sendable, Hashable, CaseIterable {
    /// 1.1 CPUs become 2. A quota is CPU time, not CPUs: a thread more than the whole CPUs uses the fraction.
    case up
    /// 1.9 CPUs become 1. No thread is throttled for the sake of another.
    case down
    /// 1.5 CPUs become 2, 1.4 become 1.
    case nearest
}
