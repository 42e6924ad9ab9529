/// How often, and for how long, the kernel has throttled a process's cgroup.
///
/// The figures count from the creation of the cgroup; only the difference between two readings describes the present.
/// They are those of the cgroup in which the scheduler accounts for the process: its own or, if that does not have the
/// `cpu` controller (v2), the nearest ancestor with it. A figure that is not known is `nil`.
///
/// Times are sums over the CPUs: a cgroup that is throttled on four CPUs for one second has a throttled time of four
/// seconds.
public struct CPUThrottling: Sendable, Hashable {
    /// The cgroup, as `/proc/PID/cgroup` names it; `nil` if no level reports a figure.
    public let cgroup: String?
    /// The number of periods of its own quota in which the cgroup was runnable: `nr_periods` in `cpu.stat`.
    public let periods: Int?
    /// The number of periods in which the cgroup exhausted its own quota: `nr_throttled` in `cpu.stat`.
    public let throttledPeriods: Int?
    /// The time for which the cgroup was throttled by its own quota, in microseconds: in `cpu.stat`, `throttled_usec`
    /// (v2) or `throttled_time` (v1, in nanoseconds there).
    public let throttledMicroseconds: Int?
    /// The time for which the cgroup was throttled by any quota, its own or that of an ancestor, in microseconds: the
    /// same names in `cpu.stat.local`. Requires Linux 6.6; `nil` on earlier kernels.
    public let localThrottledMicroseconds: Int?
    /// Unexpected findings: the file, and what was found there.
    public let warnings: [String]
}

extension CPUThrottling {
    /// Returns whether the throttling counters reveal a quota set above the visible cgroups.
    ///
    /// A process in a container cannot see the cgroups above that of the container. If one of them has a quota, the
    /// quota binds nevertheless, and ``effectiveCPUCount(rounding:minimum:in:)`` cannot take it into account. However,
    /// the kernel counts the throttled time in the process's own cgroup, regardless of which cgroup sets the quota. If
    /// this time grows while no visible level has a quota, the cause is a quota that is not visible, or one whose file
    /// cannot be read or parsed. The same applies if only ``cgroup`` has a quota, as in most pods, and the time for which
    /// that quota throttled it does not grow.
    ///
    /// `true` is evidence only if the limits applied during the time between the readings: read them after the second
    /// reading. `false` proves nothing: the quota may not have been reached in that time, a visible quota may bind
    /// first, or the kernel does not report the time.
    ///
    /// ```swift
    /// let earlier = CPUThrottling.current()
    /// // … some seconds of work later:
    /// let isThrottledUnseen = CPUThrottling.current()
    ///     .showsHiddenLimit(since: earlier, under: try .current())
    /// ```
    ///
    /// - Parameters:
    ///   - earlier: An earlier reading of the same process.
    ///   - limits: The limits of the same process.
    public func showsHiddenLimit(since earlier: CPUThrottling, under limits: CPULimits) -> Bool {
        guard let now = localThrottledMicroseconds, let before = earlier.localThrottledMicroseconds,
            cgroup == earlier.cgroup, now > before
        else { return false }
        return limits.levels.allSatisfy {
            $0.quota == nil || $0.cgroup == cgroup && !isThrottledByOwnQuota(since: earlier)
        }
    }

    /// Whether the cgroup's own quota throttled it between two readings, or may have.
    private func isThrottledByOwnQuota(since earlier: CPUThrottling) -> Bool {
        guard let now = throttledMicroseconds, let before = earlier.throttledMicroseconds else { return true }
        return now != before || throttledPeriods != earlier.throttledPeriods
    }
}

extension CPUThrottling {
    /// Reads the throttling of the calling process's cgroup.
    ///
    /// The files are `cpu.stat` and `cpu.stat.local` of the process's cgroup, which is found in the same way as by
    /// ``CPULimits/current(in:)``. A figure that cannot be read is `nil`, and ``warnings`` has the reason. The cost is
    /// about that of ``effectiveCPUCount(rounding:minimum:in:)`` with two levels. No privileges are required.
    ///
    /// - Parameter root: The directory that contains the kernel's files.
    public static func current(in root: SystemRoot = .live) -> CPUThrottling {
        CPUThrottling(of: .current, in: root)
    }

    /// Reads the throttling of another process's cgroup, as ``current(in:)`` does for the calling process.
    ///
    /// - Parameters:
    ///   - pid: The process's id in the caller's pid namespace.
    ///   - root: The directory that contains the kernel's files.
    /// - Throws: ``ProcMemError`` with `invalidArgument` for an id below 1, `noSuchProcess` if no process has the id,
    ///   `exited` if the process exits during the call, `permissionDenied` for a process that `/proc` hides,
    ///   `procUnavailable` if `/proc` is missing, `outOfResources` if no descriptor is left.
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
        // If the process's own cgroup is not visible, the visible figures are those of other cgroups.
        if let hierarchy = lookup.hierarchy, hierarchy.isOwnCgroupVisible {
            for level in 0..<hierarchy.levelCount {
                let stat = CgroupLevelFile(
                    "cpu.stat",
                    level: level,
                    of: hierarchy,
                    in: root,
                    readOptions: CPUStat.readOptions
                ) { (bytes) throws(ParseError) in
                    // Unlike `cpu.stat.local`, the file of a cgroup without the controller has figures too.
                    guard bytes.count > 0 else { throw ParseError("figures") }
                    return try CPUStat(parsing: bytes)
                }
                warnings += stat.warning.map { [$0] } ?? []
                // The processes of a cgroup without the controller are accounted for in its parent.
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
                // If the cgroup is missing, the warning for the first file is enough.
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

/// The figures in `cpu.stat` or `cpu.stat.local` of a cgroup.
///
/// Lines are `NAME NUMBER`. v2 counts in microseconds (`throttled_usec`), v1 in nanoseconds (`throttled_time`). A
/// figure without a line is `nil`: the v2 root and cgroups without the controller have none of them.
struct CPUStat: Hashable, Sendable {
    /// `nr_periods`: the number of periods in which the cgroup was runnable.
    private(set) var periods: Int?
    /// `nr_throttled`: the number of periods in which the cgroup was throttled.
    private(set) var throttledPeriods: Int?
    /// The throttled time: `throttled_usec`, or `throttled_time` in whole microseconds.
    private(set) var throttledMicroseconds: Int?
    /// `usage_usec`, `user_usec` and `system_usec`: the CPU time, which v2 counts in every cgroup.
    private(set) var usageMicroseconds: Int?
    private(set) var userMicroseconds: Int?
    private(set) var systemMicroseconds: Int?

    static let readOptions = FileReadOptions(expectedBytes: 512, limitBytes: 65536)

    init(parsing bytes: Span<UInt8>) throws(ParseError) {
        var index = 0
        while let entry = bytes.nextEntry(at: &index) {
            let name = entry.key
            func number() throws(ParseError) -> Int {
                guard let number = bytes.firstField(in: entry.rest).flatMap({ bytes.decimal(in: $0) }) else {
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
            } else if bytes.equals("usage_usec", in: name) {
                usageMicroseconds = try number()
            } else if bytes.equals("user_usec", in: name) {
                userMicroseconds = try number()
            } else if bytes.equals("system_usec", in: name) {
                systemMicroseconds = try number()
            }
        }
    }

    /// Whether the file has no figures of throttling, as that of a cgroup without the `cpu` controller.
    var isEmpty: Bool { periods == nil && throttledPeriods == nil && throttledMicroseconds == nil }
}
