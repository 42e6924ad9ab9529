import Foundation
import TestSupport

/// A cgroup of the guest's. All that a check makes are below the hierarchy's root, and gone after it.
struct Cgroup {
    /// As `/proc/PID/cgroup` names it outside of any namespace.
    let path: String
    /// Where the hierarchy is mounted.
    let mount: String

    private let controllers: [Controller]

    enum Controller: String, Sendable {
        case cpu
        case memory
        case cpuset

        /// The root of the hierarchy that has it in this guest.
        var mount: String {
            let own = "/sys/fs/cgroup/\(self == .cpu ? "cpu,cpuacct" : rawValue)"
            return [own, Cgroup.besideV1].first(where: Files.exists) ?? "/sys/fs/cgroup"
        }

        /// Whether that is v2.
        var isOnV2: Bool { Files.exists("\(mount)/cgroup.controllers") }
    }

    private static let prefix = "check"
    /// Where v2 is mounted, when v1 has controllers too.
    static let besideV1 = "/sys/fs/cgroup/unified"

    /// A new one below the root, whose name no other has, in the hierarchy of these controllers.
    static func make(_ controllers: Controller...) throws -> Cgroup {
        let root = Cgroup(path: "", mount: controllers[0].mount, controllers: controllers)
        guard root.has("cgroup.procs") else { throw Skipped("the kernel has no \(controllers[0].rawValue) on v1") }
        let name = (1...).lazy.map { "\(prefix)\(getpid())-\($0)" }.first { !Files.exists("\(root.directory)/\($0)") }
        return try root.make(require(name, "a name that no other check has"))
    }

    /// A new one in this one.
    func make(_ name: String = "own") throws -> Cgroup {
        if isOnV2, !controllers.isEmpty {
            let words = controllers.map { "+\($0.rawValue)" }.joined(separator: " ")
            try Files.write(words, to: "\(directory)/cgroup.subtree_control")
        }
        let child = Cgroup(path: "\(path)/\(name)", mount: mount, controllers: controllers)
        guard mkdir(child.directory, 0o755) == 0 else { throw Files.Failure(child.directory, errno) }
        // A cpuset of v1 begins empty, and takes nobody in.
        if has("cpuset.mems"), !isOnV2 {
            for file in ["cpuset.mems", "cpuset.cpus"] { try child.set(file, text(file)) }
        }
        // As systemd sets it at the root; since Linux 5.11 nothing else is possible.
        if path.isEmpty, has("memory.use_hierarchy"), !isOnV2 { try child.set("memory.use_hierarchy", "1") }
        return child
    }

    var isOnV2: Bool { Files.exists("\(mount)/cgroup.controllers") }

    /// Sets a quota in microseconds; `nil` for none.
    func set(quota: Int?, period: Int = 100_000) throws {
        if isOnV2 {
            let text = "\(quota.map(String.init) ?? "max") \(period)"
            try set("cpu.max", text)
            try expect(self.text("cpu.max"), is: text, "what the kernel shows")
        } else {
            // Shorter than the period that was there, it might be refused.
            try set("cpu.cfs_quota_us", "-1")
            try set("cpu.cfs_period_us", "\(period)")
            try set("cpu.cfs_quota_us", "\(quota ?? -1)")
            try expect(number("cpu.cfs_quota_us"), is: quota ?? -1, "what the kernel shows")
        }
    }

    /// Microseconds of CPU time that its processes have had, those below too.
    func usedMicroseconds() throws -> Int {
        isOnV2 ? try Files.number(after: "usage_usec", in: "\(directory)/cpu.stat") : try number("cpuacct.usage") / 1000
    }

    var directory: String { mount + path }

    func set(_ file: String, _ value: String) throws { try Files.write(value, to: "\(directory)/\(file)") }

    func text(_ file: String) throws -> String { try Files.text("\(directory)/\(file)") }

    func number(_ file: String) throws -> Int { try Files.number("\(directory)/\(file)") }

    func has(_ file: String) -> Bool { Files.exists("\(directory)/\(file)") }

    /// Moves a process here.
    func take(_ pid: Int32) throws { try set("cgroup.procs", "\(pid)") }

    /// A process in a state of ``ChildProcess`` that begins here, which is charged for its memory.
    func child(state: String, _ arguments: any CustomStringConvertible..., also others: [Cgroup] = []) throws
        -> ChildProcess
    {
        let program = try BuiltProduct.url(of: "ProcessStates").path
        let words = Self.entering([self] + others) + [program, state] + arguments.map(\.description)
        let child = try ChildProcess(running: CommandLine.arguments[0], words)
        try child.waitUntilReady(in: state)
        return child
    }

    static func entering(_ cgroups: [Cgroup], new namespaces: String = "") -> [String] {
        ["enter"] + cgroups.flatMap { ["--cgroup", $0.directory] } + (namespaces.isEmpty ? [] : ["--new", namespaces])
            + ["--"]
    }

    func remove() throws {
        // A process that has just ended may hold it for a moment.
        for _ in 0..<300 {
            if rmdir(directory) == 0 || errno == ENOENT { return }
            usleep(10_000)
        }
        throw Files.Failure(directory, errno)
    }

    /// Ends what runs in the cgroups that checks have made, and removes them.
    static func removeAll() {
        let mounts = ["/sys/fs/cgroup"] + names(in: "/sys/fs/cgroup").map { "/sys/fs/cgroup/\($0)" }
        for mount in mounts {
            for name in names(in: mount) where name.hasPrefix(prefix) { removeTree("\(mount)/\(name)") }
        }
    }

    private static func names(in directory: String) -> [String] {
        (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
    }

    private static func removeTree(_ directory: String) {
        for _ in 0..<100 {
            let pids = ((try? Files.text("\(directory)/cgroup.procs")) ?? "").split(separator: "\n").compactMap {
                Int32($0)
            }
            if pids.isEmpty { break }
            for pid in pids { kill(pid, SIGKILL) }
            usleep(10_000)
        }
        for name in names(in: directory) {
            var isDirectory: ObjCBool = false
            let path = "\(directory)/\(name)"
            if FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory), isDirectory.boolValue {
                removeTree(path)
            }
        }
        for _ in 0..<300 where rmdir(directory) != 0 && errno == EBUSY { usleep(10_000) }
    }
}
