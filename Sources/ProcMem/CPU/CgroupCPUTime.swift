/// The CPU time that the processes of a cgroup and of its descendants have used, including those that have exited.
///
/// The figures count from the creation of the cgroup. In a container they are those of the container, if its cgroup is that
/// of the calling process. A figure that is not known is `nil`.
public struct CgroupCPUTime: Sendable, Hashable {
    /// The cgroup, as `/proc/PID/cgroup` names it; `nil` if it is not visible.
    public let cgroup: String?
    /// The CPU time in user and kernel mode, in microseconds: `usage_usec` in `cpu.stat` (v2), or `cpuacct.usage` (v1, in
    /// nanoseconds there).
    public let usageMicroseconds: Int?
    /// The part in user mode: `user_usec` in `cpu.stat` (v2), or `cpuacct.usage_user` (v1; requires Linux 4.7).
    public let userMicroseconds: Int?
    /// The part in kernel mode: `system_usec` in `cpu.stat` (v2), or `cpuacct.usage_sys` (v1; requires Linux 4.7).
    public let systemMicroseconds: Int?
    /// Unexpected findings: the file, and what was found there.
    public let warnings: [String]
}

extension CgroupCPUTime {
    /// Reads the CPU time of the calling process's cgroup.
    ///
    /// The files are `/proc/self/cgroup`, the mounts, and `cpu.stat` (v2) or three files of the `cpuacct` controller (v1).
    /// The cost does not grow with the number of processes. No privileges are required. A figure that cannot be read is
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

    private init(of process: ProcessSelector, in root: SystemRoot) {
        let lookup = CgroupHierarchy.find(.cpuAccounting, of: process, in: root)
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
            if let warning = level.warning, warnings.last != warning { warnings.append(warning) }
            return level.value
        }
        cgroup = hierarchy.cgroup(atLevel: 0)
        switch hierarchy.version {
        case .v2:
            let stat = read("cpu.stat", CPUStat.readOptions, CPUStat.init(parsing:))
            usageMicroseconds = stat?.usageMicroseconds
            userMicroseconds = stat?.userMicroseconds
            systemMicroseconds = stat?.systemMicroseconds
        case .v1:
            func microseconds(_ bytes: Span<UInt8>) throws(ParseError) -> Int {
                guard let nanoseconds = bytes.firstField(in: 0..<bytes.count).flatMap({ bytes.decimal(in: $0) }) else {
                    throw ParseError("nanoseconds")
                }
                return nanoseconds / 1000
            }
            usageMicroseconds = read("cpuacct.usage", nil, microseconds)
            userMicroseconds = read("cpuacct.usage_user", nil, microseconds)
            systemMicroseconds = read("cpuacct.usage_sys", nil, microseconds)
        }
        self.warnings = warnings
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
