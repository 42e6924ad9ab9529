import Foundation
import TestSupport

/// A v1 cgroup with a limit, and one below it: whoever is in a cgroup namespace of the latter cannot see the limit. Both are
/// removed when the test lets go of them.
final class HiddenLimit {
    private let mount: String
    private let controller: String
    private let parent: String
    private var child: String { parent + "/child" }

    /// Why this cannot be had here; `nil` where it can.
    ///
    /// - Parameter files: What the controller must have.
    private static func unavailableReason(_ controller: String, _ files: String...) -> String? {
        let mount = "/sys/fs/cgroup/\(controller)"
        guard Rights.isRoot else { return "needs root, to make cgroups and mounts" }
        for file in files where access(mount + "/" + file, F_OK) != 0 || access(mount, W_OK) != 0 {
            return "the \(controller) controller of cgroup v1 with \(file) is not mounted writable at its usual place"
        }
        let run = try? ChildProcess.output(
            of: "/usr/bin/env",
            ["unshare", "--cgroup", "--mount", "mount", "-t", "tmpfs", "tmpfs", mount]
        )
        return run?.status == 0 ? nil : "namespaces of one's own are not allowed here"
    }

    /// `cpu.stat.local` is there since Linux 6.6.
    static var cpuObstacle: String? { unavailableReason("cpu", "cpu.cfs_quota_us", "cpu.stat.local") }
    static var memoryObstacle: String? { unavailableReason("memory", "memory.limit_in_bytes") }

    /// - Parameter limits: Values by the files of the upper cgroup, in the order of their writing.
    init(_ controller: String, _ limits: KeyValuePairs<String, Int>) throws {
        self.controller = controller
        mount = "/sys/fs/cgroup/\(controller)"
        parent = "\(mount)/procmem-test-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: parent, withIntermediateDirectories: false)
        try FileManager.default.createDirectory(atPath: child, withIntermediateDirectories: false)
        for (file, value) in limits {
            try Data("\(value)".utf8).write(to: URL(filePath: parent + "/" + file))
        }
    }

    /// A program has ended before its processes are out of the cgroup.
    deinit {
        for directory in [child, parent] {
            for _ in 0..<100 where rmdir(directory) != 0 && errno == EBUSY { usleep(10_000) }
        }
    }

    /// How the limit is hidden.
    enum Hiding: CaseIterable {
        /// By a cgroup namespace: the lower cgroup is the root of all.
        case namespace
        /// By a mount that shows the lower cgroup alone, as containers had it before there were cgroup namespaces.
        case bindMount
    }

    /// Runs a shell's commands in the lower cgroup, above which they see nothing.
    ///
    /// - Parameter arguments: `$1` and so on for the commands.
    func output(
        of commands: String,
        _ arguments: String...,
        hiddenBy hiding: Hiding = .namespace
    ) throws -> ChildProcess.Output {
        // The namespace's root is the cgroup that its maker is in. The hierarchy must be mounted anew to be seen from there,
        // and a v1 hierarchy refuses a second mount on the same place: so a new place hides the old one.
        let inside =
            switch hiding {
            case .namespace:
                """
                mount -t tmpfs tmpfs /sys/fs/cgroup && mkdir \(mount) &&
                mount -t cgroup -o \(controller) cgroup \(mount) || exit 99
                \(commands)
                """
            case .bindMount:
                """
                mount -t tmpfs tmpfs /mnt && mkdir /mnt/own && mount --bind \(child) /mnt/own &&
                mount -t tmpfs tmpfs /sys/fs/cgroup && mkdir \(mount) && mount --move /mnt/own \(mount) || exit 99
                \(commands)
                """
            }
        let namespaces = hiding == .namespace ? "--cgroup --mount" : "--mount"
        return try withExtendedLifetime(self) {
            try ChildProcess.output(
                of: "/bin/sh",
                [
                    "-c",
                    "echo $$ >\(child)/cgroup.procs && exec unshare \(namespaces) --propagation private sh -c \"$@\"",
                    "sh", inside, "sh",
                ] + arguments
            )
        }
    }
}
