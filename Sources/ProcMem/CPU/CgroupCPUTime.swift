/// The CPU time that the processes of a cgroup and of its descendants have used, including those that have exited.
///
/// The figures count from the creation of the cgroup. In a container they are those of the container, if its cgroup is that
/// of the calling process. Those of the v2 hierarchy's root are the machine's since boot (Linux 5.8), with the time of
/// interrupts. A figure that is not known is `nil`.
public struct CgroupCPUTime: Sendable, Hashable {
    /// The cgroup, as `/proc/PID/cgroup` names it; `nil` if it is not visible.
    public let cgroup: String?
    /// The CPU time in user and kernel mode, in microseconds: `usage_usec` in `cpu.stat` (v2), or `cpuacct.usage` (v1, in
    /// nanoseconds there).
    public let usageMicroseconds: Int?
    /// The part in user mode: `user_usec` in `cpu.stat` (v2), or `user` in `cpuacct.stat` (v1, in clock ticks there).
    public let userMicroseconds: Int?
    /// The part in kernel mode: `system_usec` in `cpu.stat` (v2), or `system` in `cpuacct.stat` (v1).
    public let systemMicroseconds: Int?
    /// Unexpected findings: the file, and what was found there.
    public let warnings: [String]
}

extension CgroupCPUTime {
    /// Reads the CPU time of the calling process's cgroup.
    ///
    /// The files are `/proc/self/cgroup`, the mounts, and `cpu.stat` (v2, Linux 4.15) or two files of the `cpuacct`
    /// controller (v1). The cost does not grow with the number of processes. No privileges are required. A figure that cannot be read is
    /// `nil`, and ``warnings`` has the reason.
    ///
    /// - Parameter root: The directory that contains the kernel's files.
    public static func current(in root: SystemRoot = .live) -> CgroupCPUTime {
        CgroupCPUTime(of: .current, in: root)
    }

    /// Reads the CPU time of another process's cgroup, as ``current(in:)`` does for the calling process.
    ///
    /// - Parameters:
    ///   - pid: The process's id in the caller's pid namespace.
    ///   - root: The directory that contains the kernel's files.
    /// - Throws: ``ProcMemError`` as ``CPUThrottling/init(of:in:)``.
    public init(of pid: Int32, in root: SystemRoot = .live) throws(ProcMemError) {
        let process = try ProcessSelector(validating: pid, in: root)
        self = try ProcessIdentity.withStableIdentity(process, in: root) { CgroupCPUTime(of: process, in: root) }
    }

    /// Reads the CPU time of a cgroup, whether it has processes or not.
    ///
    /// On v1, each controller may have a hierarchy of its own: the cgroup of the same name in that of `cpuacct` is read. The
    /// cost is that of ``current(in:)``.
    ///
    /// - Parameters:
    ///   - path: The cgroup as `/proc/PID/cgroup` names it, or its directory, as for ``ProcessScope/cgroup(_:)``.
    ///   - root: The directory that contains the kernel's files.
    /// - Throws: ``ProcMemError`` with `invalidArgument` if there is no such cgroup, `outOfResources` if no descriptor is
    ///   left.
    public init(ofCgroup path: String, in root: SystemRoot = .live) throws(ProcMemError) {
        let directory = try CgroupDirectory(named: path, in: root)
        var lookup = CgroupHierarchy.find(.cpuAccounting, of: .current, in: root)
        if lookup.isOutOfResources { throw ProcMemError(.outOfResources, path: path, detail: lookup.warnings.first) }
        if let own = lookup.hierarchy {
            let memory = CgroupHierarchy.find(.memory, of: .current, in: root).hierarchy?.levels(of: directory)
            let named = memory.map { Array($0.cgroup(atLevel: 0).utf8) }
            let levels =
                own.levels(of: directory) ?? named.map { CgroupHierarchy(own.version, path: $0, mount: own.mount) }
            lookup = CgroupHierarchy.Lookup(hierarchy: levels, warnings: lookup.warnings)
        }
        self.init(lookup, in: root)
    }

    private init(of process: ProcessSelector, in root: SystemRoot) {
        self.init(CgroupHierarchy.find(.cpuAccounting, of: process, in: root), in: root)
    }

    private init(_ lookup: CgroupHierarchy.Lookup, in root: SystemRoot) {
        guard let hierarchy = lookup.hierarchy, hierarchy.isOwnCgroupVisible else {
            (cgroup, usageMicroseconds, userMicroseconds, systemMicroseconds) = (nil, nil, nil, nil)
            warnings = lookup.warnings
            return
        }
        var warnings = lookup.warnings
        func read<Value>(
            _ file: StaticString,
            _ readOptions: FileReadOptions?,
            _ parse: (Span<UInt8>) throws(ParseError) -> Value
        ) -> Value? {
            let level = CgroupLevelFile(file, level: 0, of: hierarchy, in: root, readOptions: readOptions, parse)
            if let warning = level.warning {
                if !warnings.contains(warning) { warnings.append(warning) }
            } else if level.value == nil {
                warnings.append("\(level.path): not provided by the kernel")
            }
            return level.value
        }
        cgroup = hierarchy.cgroup(atLevel: 0)
        switch hierarchy.version {
        case .v2:
            let stat = read("cpu.stat", CPUStat.readOptions) { (bytes) throws(ParseError) in
                let stat = try CPUStat(parsing: bytes)
                if stat.usageMicroseconds == nil { throw ParseError("usage_usec") }
                return stat
            }
            usageMicroseconds = stat?.usageMicroseconds
            userMicroseconds = stat?.userMicroseconds
            systemMicroseconds = stat?.systemMicroseconds
        case .v1:
            usageMicroseconds = read("cpuacct.usage", nil, CPUAccountingStat.usageMicroseconds(parsing:))
            let stat = read("cpuacct.stat", CPUAccountingStat.readOptions, CPUAccountingStat.init(parsing:))
            let tick = 1_000_000 / ticksPerSecond
            userMicroseconds = stat?.userTicks.saturatingMultiplied(by: tick)
            systemMicroseconds = stat?.systemTicks.saturatingMultiplied(by: tick)
        }
        self.warnings = warnings
    }
}

/// The figures in `cpuacct.stat` of a v1 cgroup, in clock ticks. Lines are `NAME NUMBER`.
struct CPUAccountingStat: Hashable, Sendable {
    /// `user`: the CPU time in user mode.
    let userTicks: Int
    /// `system`: the CPU time in kernel mode.
    let systemTicks: Int

    static let readOptions = FileReadOptions(expectedBytes: 128, limitBytes: 4096)

    /// Parses `cpuacct.usage`: nanoseconds.
    static func usageMicroseconds(parsing bytes: Span<UInt8>) throws(ParseError) -> Int {
        guard let nanoseconds = bytes.firstField(in: 0..<bytes.count).flatMap({ bytes.decimal(in: $0) }) else {
            throw ParseError("nanoseconds")
        }
        return nanoseconds / 1000
    }

    init(parsing bytes: Span<UInt8>) throws(ParseError) {
        var (user, system): (Int?, Int?)
        var index = 0
        while let entry = bytes.nextEntry(at: &index) {
            let number = bytes.firstField(in: entry.rest).flatMap { bytes.decimal(in: $0) }
            if bytes.equals("user", in: entry.key) { user = number }
            if bytes.equals("system", in: entry.key) { system = number }
        }
        guard let user, let system else { throw ParseError("numbers of user and system") }
        (userTicks, systemTicks) = (user, system)
    }
}

extension CgroupCPUTime: Encodable {
    /// Encodes every figure, `null` where it is not known.
    public func encode(to encoder: any Encoder) throws {
        var names = encoder.names
        try names.encode(cgroup, forKey: "cgroup")
        try names.encode(usageMicroseconds, forKey: "usageMicroseconds")
        try names.encode(userMicroseconds, forKey: "userMicroseconds")
        try names.encode(systemMicroseconds, forKey: "systemMicroseconds")
        try names.encode(warnings, forKey: "warnings")
    }
}
