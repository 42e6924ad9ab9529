/// How often, and for how long, the kernel has held a process's cgroup off the CPUs.
///
/// The figures count from the making of the cgroup, and say something about now only as the difference between two
/// readings. They are those of the cgroup by which the scheduler accounts for the process: its own or, where that goes
/// without the `cpu` controller (v2), the nearest above it. A figure that is not known is `nil`.
///
/// Times are sums over the CPUs: a cgroup that is held off four CPUs for a second was throttled for four.
public struct CPUThrottling: Sendable, Hashable {
    /// The cgroup, as `/proc/PID/cgroup` names it; `nil` where no level tells anything.
    public let cgroup: String?
    /// How many periods of its own quota have passed while it had something to run: `nr_periods` in `cpu.stat`.
    public let periods: Int?
    /// In how many of them its own quota was used up: `nr_throttled` in `cpu.stat`.
    public let throttledPeriods: Int?
    /// How long its own quota has held it up, in microseconds: in `cpu.stat`, `throttled_usec` (v2) or `throttled_time`
    /// (v1, there in nanoseconds).
    public let throttledMicroseconds: Int?
    /// How long it has been held up by anybody's quota, its own or that of a cgroup above it, in microseconds: the same
    /// names in `cpu.stat.local`. Since Linux 6.6; `nil` before.
    public let localThrottledMicroseconds: Int?
    /// What was odd: the file, and what was found there.
    public let warnings: [String]
}

extension CPUThrottling {
    /// Whether throttling betrays a limit that cannot be seen.
    ///
    /// A container's processes see no cgroup above their container's own. If one of those has a quota, it binds all the
    /// same, and ``effectiveCPUCount(rounding:minimum:in:)`` cannot know it. But the kernel counts in the process's own
    /// cgroup for how long it was held up, whoever's quota it was. So time that grows while no visible level has a limit
    /// is the work of a limit that is not visible, or of one whose file cannot be read or understood.
    ///
    /// `true` is evidence, as far as the limits are those of the time between the readings: read them after the second
    /// one. `false` proves nothing. The limit may not have been reached meanwhile, a visible limit may stand before it, or
    /// the kernel does not tell.
    ///
    /// ```swift
    /// let earlier = CPUThrottling.current()
    /// // … some seconds of work later:
    /// let isThrottledUnseen = CPUThrottling.current()
    ///     .showsHiddenLimit(since: earlier, under: try .current())
    /// ```
    ///
    /// - Parameters:
    ///   - earlier: A reading of the same process, before this one.
    ///   - limits: The limits of the same process.
    public func showsHiddenLimit(since earlier: CPUThrottling, under limits: CPULimits) -> Bool {
        guard let now = localThrottledMicroseconds, let before = earlier.localThrottledMicroseconds,
            cgroup == earlier.cgroup, limits.binding == nil
        else { return false }
        return now > before
    }
}

extension CPUThrottling {
    /// The throttling of the calling process's cgroup.
    ///
    /// The files are `cpu.stat` and `cpu.stat.local` of the process's cgroup, which is found as
    /// ``CPULimits/current(in:)`` finds it. What cannot be read is `nil`, and ``warnings`` tells why. The cost is about
    /// that of ``effectiveCPUCount(rounding:minimum:in:)`` with two levels. No privileges are needed.
    ///
    /// - Parameter root: Where the kernel's files are.
    public static func current(in root: SystemRoot = .live) -> CPUThrottling {
        CPUThrottling(of: .current, in: root)
    }

    /// The throttling of another process's cgroup, as ``current(in:)`` tells that of the caller's.
    ///
    /// - Parameters:
    ///   - processID: The process's id in the caller's pid namespace.
    ///   - root: Where the kernel's files are.
    /// - Throws: ``ProcMemError`` with `invalidArgument` for an id below 1, `noSuchProcess` where there is none, `exited` where
    ///   it ended meanwhile, `permissionDenied` for one that `/proc` hides, `procUnavailable` without `/proc`,
    ///   `outOfResources` without descriptors.
    public init(of pid: Int32, in root: SystemRoot = .live) throws(ProcMemError) {
        let process = try ProcessSelector(validating: pid, in: root)
        self = try ProcessIdentity.withStableIdentity(process, in: root) { CPUThrottling(of: process, in: root) }
    }

    private init(of process: ProcessSelector, in root: SystemRoot) {
        let lookup = CgroupHierarchy.find(.cpu, of: process, in: root)
        var warnings = lookup.warnings
        var cgroup: String?
        var own: CPUStat?
        var local: CPUStat?
        // Where the own cgroup is out of sight, what can be seen is another's.
        if let hierarchy = lookup.hierarchy, hierarchy.isOwnCgroupVisible {
            for level in 0..<hierarchy.levelCount {
                let stat = CgroupLevelFile(
                    "cpu.stat",
                    level: level,
                    of: hierarchy,
                    in: root,
                    readOptions: CPUStat.readOptions,
                    CPUStat.init(parsing:)
                )
                warnings += stat.warning.map { [$0] } ?? []
                // Without the controller a cgroup's processes are accounted for by the one above it.
                if stat.warning == nil, stat.value?.isEmpty ?? true { continue }
                cgroup = stat.cgroup
                own = stat.value
                let localStat = CgroupLevelFile(
                    "cpu.stat.local",
                    level: level,
                    of: hierarchy,
                    in: root,
                    readOptions: CPUStat.readOptions,
                    CPUStat.init(parsing:)
                )
                // What the first file was warned about, a missing cgroup, need not be said twice.
                if stat.isVisible { warnings += localStat.warning.map { [$0] } ?? [] }
                local = localStat.value
                break
            }
        }
        self.cgroup = own == nil && local == nil ? nil : cgroup
        periods = own?.periods
        throttledPeriods = own?.throttledPeriods
        throttledMicroseconds = own?.throttledMicroseconds
        localThrottledMicroseconds = local?.throttledMicroseconds
        self.warnings = warnings
    }
}

/// `cpu.stat` or `cpu.stat.local` of a cgroup: what they say of throttling.
///
/// Lines are `NAME NUMBER`. v2 counts in microseconds (`throttled_usec`), v1 in nanoseconds (`throttled_time`). Names
/// that are not there stay `nil`: the root of v2 has none of them, nor has a cgroup without the controller.
struct CPUStat: Hashable, Sendable {
    /// `nr_periods`.
    private(set) var periods: Int?
    /// `nr_throttled`.
    private(set) var throttledPeriods: Int?
    /// `throttled_usec`, or `throttled_time` in whole microseconds.
    private(set) var throttledMicroseconds: Int?

    static let readOptions = FileReadOptions(expectedBytes: 512, limitBytes: 65536)

    init(parsing bytes: Span<UInt8>) throws(ParseError) {
        var index = 0
        while let entry = bytes.nextEntry(at: &index) {
            let name = entry.key
            func number() throws(ParseError) -> Int {
                guard let number = entry.value.flatMap({ bytes.decimal(in: $0) }) else {
                    throw ParseError(expected: "a number after \(bytes.text(in: name))")
                }
                return number
            }
            if bytes.equals("nr_periods", in: name) {
                periods = try number()
            } else if bytes.equals("nr_throttled", in: name) {
                throttledPeriods = try number()
            } else if bytes.equals("throttled_usec", in: name) {
                throttledMicroseconds = try number()
            } else if bytes.equals("throttled_time", in: name) {
                throttledMicroseconds = try number() / 1000
            }
        }
    }

    var isEmpty: Bool { periods == nil && throttledPeriods == nil && throttledMicroseconds == nil }
}
