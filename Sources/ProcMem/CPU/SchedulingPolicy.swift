/// By which rules the kernel gives a thread CPU time: the policy of `sched_setscheduler`.
public struct SchedulingPolicy: RawRepresentable, Sendable, Hashable {
    /// The kernel's number, as in field 41 of `/proc/PID/stat`.
    public let rawValue: Int

    /// A policy by the kernel's number.
    public init(rawValue: Int) {
        self.rawValue = rawValue
    }

    /// The fair class. The corresponding C constant is `SCHED_OTHER`.
    public static var other: SchedulingPolicy { SchedulingPolicy(rawValue: 0) }
    /// Real time, first in first out. The corresponding C constant is `SCHED_FIFO`.
    public static var fifo: SchedulingPolicy { SchedulingPolicy(rawValue: 1) }
    /// Real time, round robin. The corresponding C constant is `SCHED_RR`.
    public static var roundRobin: SchedulingPolicy { SchedulingPolicy(rawValue: 2) }
    /// The fair class, for work without a user waiting. The corresponding C constant is `SCHED_BATCH`.
    public static var batch: SchedulingPolicy { SchedulingPolicy(rawValue: 3) }
    /// The fair class, at the lowest weight. The corresponding C constant is `SCHED_IDLE`.
    public static var idle: SchedulingPolicy { SchedulingPolicy(rawValue: 5) }
    /// Real time, by deadlines. The corresponding C constant is `SCHED_DEADLINE`.
    public static var deadline: SchedulingPolicy { SchedulingPolicy(rawValue: 6) }

    /// Whether a cgroup's quota binds a thread of this policy.
    ///
    /// The kernel's documentation of `cpu.max` limits it to the fair class; `SCHED_FIFO`, `SCHED_RR` and
    /// `SCHED_DEADLINE` are outside of it. An unknown policy counts as bound.
    public var isBoundByQuota: Bool {
        self != .fifo && self != .roundRobin && self != .deadline
    }
}
