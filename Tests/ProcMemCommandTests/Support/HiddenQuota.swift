import Foundation
import TestSupport

/// A cgroup with a quota, and one below it: whoever is in a cgroup namespace of the latter cannot see the quota. Both are
/// removed when the test lets go of them.
final class HiddenQuota {
    private static let mount = "/sys/fs/cgroup/cpu"
    private let parent: String
    private var child: String { parent + "/child" }

    /// Why this cannot be had here; `nil` where it can.
    static var obstacle: String? {
        guard Rights.isRoot else { return "needs root, to make cgroups and mounts" }
        guard access(mount + "/cpu.cfs_quota_us", F_OK) == 0, access(mount, W_OK) == 0 else {
            return "the cpu controller of cgroup v1 is not mounted writable at its usual place"
        }
        guard access(mount + "/cpu.stat.local", F_OK) == 0 else { return "no cpu.stat.local before Linux 6.6" }
        let run = try? ChildProcess.output(
            of: "/usr/bin/env",
            ["unshare", "--cgroup", "--mount", "mount", "-t", "tmpfs", "tmpfs", mount]
        )
        return run?.status == 0 ? nil : "namespaces of one's own are not allowed here"
    }

    /// - Parameter quotaMicroseconds: In each period of 100 ms.
    init(quotaMicroseconds: Int) throws {
        parent = "\(Self.mount)/procmem-test-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: parent, withIntermediateDirectories: false)
        try FileManager.default.createDirectory(atPath: child, withIntermediateDirectories: false)
        try Data("\(quotaMicroseconds)".utf8).write(to: URL(filePath: parent + "/cpu.cfs_quota_us"))
    }

    /// A program has ended before its processes are out of the cgroup.
    deinit {
        for directory in [child, parent] {
            for _ in 0..<100 where rmdir(directory) != 0 && errno == EBUSY { usleep(10_000) }
        }
    }

    /// Runs a shell's commands in the lower cgroup, which they see as the root of all.
    ///
    /// - Parameter arguments: `$1` and so on for the commands.
    func output(of commands: String, _ arguments: String...) throws -> ChildProcess.Output {
        // The namespace's root is the cgroup that its maker is in. The hierarchy must be mounted anew to be seen from there,
        // and a v1 hierarchy refuses a second mount on the same place: so a new place hides the old one.
        let inside = """
            mount -t tmpfs tmpfs /sys/fs/cgroup && mkdir \(Self.mount) &&
            mount -t cgroup -o cpu cgroup \(Self.mount) || exit 99
            \(commands)
            """
        return try withExtendedLifetime(self) {
            try ChildProcess.output(
                of: "/bin/sh",
                [
                    "-c",
                    "echo $$ >\(child)/cgroup.procs && exec unshare --cgroup --mount --propagation private sh -c \"$@\"",
                    "sh", inside, "sh",
                ] + arguments
            )
        }
    }
}
