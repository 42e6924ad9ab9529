import Foundation
import TestSupport

/// A v1 cgroup with a limit, and a cgroup below it. A process in a cgroup namespace of the lower cgroup cannot see the
/// limit. Both cgroups are removed when the object is released.
final class HiddenLimit {
    private let mount: String
    private let controller: String
    private let parent: String
    private var child: String { parent + "/child" }

    /// Returns why no limit can be hidden on this machine; `nil` if one can.
    ///
    /// - Parameter files: The files that the controller must have.
    private static func unavailableReason(_ controller: String, _ files: String...) -> String? {
        let mount = "/sys/fs/cgroup/\(controller)"
        guard Rights.isRoot else { return "needs root, to make cgroups and mounts" }
        for file in files where access(mount + "/" + file, F_OK) != 0 || access(mount, W_OK) != 0 {
            return "no writable \(mount)/\(file) (cgroup v1)"
        }
        let run = try? ChildProcess.output(
            of: "/usr/bin/env",
            ["unshare", "--cgroup", "--mount", "mount", "-t", "tmpfs", "tmpfs", mount]
        )
        return run?.status == 0 ? nil : "needs permission to create cgroup and mount namespaces"
    }

    /// Why a CPU quota cannot be hidden on this machine; `nil` if it can. `cpu.stat.local` requires Linux 6.6.
    static var cpuUnavailable: String? { unavailableReason("cpu", "cpu.cfs_quota_us", "cpu.stat.local") }
    /// Why a memory limit cannot be hidden on this machine; `nil` if it can.
    static var memoryUnavailable: String? { unavailableReason("memory", "memory.limit_in_bytes") }

    /// - Parameter limits: The values for the files of the upper cgroup, in the order in which they are written.
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

    /// The kernel removes an exited process from its cgroup only some time after the exit: until then `rmdir` fails
    /// with `EBUSY`.
    deinit {
        for directory in [child, parent] {
            for _ in 0..<100 where rmdir(directory) != 0 && errno == EBUSY { usleep(10_000) }
        }
    }

    /// How the limit is hidden.
    enum Hiding: CaseIterable {
        /// By a cgroup namespace, in which the lower cgroup is the root.
        case namespace
        /// By a mount that shows only the lower cgroup, as in containers before cgroup namespaces existed.
        case bindMount
    }

    /// Runs shell commands in the lower cgroup, where no cgroup above it is visible.
    ///
    /// - Parameter arguments: `$1` and the following arguments of the commands.
    func output(
        of commands: String,
        _ arguments: String...,
        hiddenBy hiding: Hiding = .namespace
    ) throws -> ChildProcess.Output {
        // The root of a cgroup namespace is the cgroup of the process that creates it. Only a new mount of the
        // hierarchy shows that root. A v1 hierarchy cannot be mounted a second time on the same mount point, so a tmpfs
        // covers it.
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
