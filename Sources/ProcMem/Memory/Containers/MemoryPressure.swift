/// For how much of the time a cgroup's processes waited for memory: pages that had to be found, freed or read back first.
///
/// From `memory.pressure`, which the kernel calls PSI. Since Linux 4.20.
public struct MemoryPressure: Sendable, Hashable {
    /// The time in which at least one of them waited.
    public let some: Stall
    /// The time in which all that had something to do waited: nothing got done.
    public let full: Stall

    /// How much of the time was lost.
    public struct Stall: Sendable, Hashable {
        /// Within the last ten seconds, in percent.
        public let avg10: Double
        /// Within the last minute, in percent.
        public let avg60: Double
        /// Within the last five minutes, in percent.
        public let avg300: Double
        /// Since the cgroup was made, in microseconds. Its growth between two looks tells of any time between.
        public let totalMicroseconds: Int
    }
}
