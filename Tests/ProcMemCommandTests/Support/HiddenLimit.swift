import Foundation
import TestSupport

/// A cgroup for a limit, and one in it: a process in a cgroup namespace of the latter cannot see the limit.
final class HiddenLimit {
    /// The cgroup whose limit is hidden.
    let parent: Cgroup
    private let controller: Cgroup.Controller
    private let child: Cgroup

    init(_ controller: Cgroup.Controller) throws {
        self.controller = controller
        parent = try Cgroup.make(controller)
        child = try parent.make()
    }

    /// Returns why no limit can be hidden on this machine; `nil` if one can.
    ///
    /// - Parameter files: What the cgroups must have.
    static func unavailableReason(_ controller: Cgroup.Controller, with files: [String] = []) -> String? {
        guard Rights.isRoot else { return "needs root, to create cgroups and mounts" }
        if let unavailableReason = Cgroup.unavailableReason(controller, with: files) { return unavailableReason }
        do {
            for hiding in Hiding.allCases {
                let run = try HiddenLimit(controller).output(of: "exit 0", hiddenBy: hiding)
                if run.status != 0 { return "namespaces with mounts are not allowed here: \(run.errorText)" }
            }
            return nil
        } catch {
            return "\(error)"
        }
    }

    /// `cpu.stat.local` requires Linux 6.6.
    static let cpuUnavailable = unavailableReason(.cpu, with: ["cpu.stat.local"])
    static let memoryUnavailable = unavailableReason(.memory)

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
        let mount = child.mount
        let type = child.isOnV2 ? "-t cgroup2 cgroup2" : "-t cgroup -o \(controller.rawValue) cgroup"
        // The namespace's root is the cgroup that its maker is in. The hierarchy must be mounted again to be seen from there,
        // and a v1 hierarchy rejects a second mount on the same place: so a new place hides the old one.
        let hide = "mount -t tmpfs tmpfs /sys/fs/cgroup && mkdir -p \(mount)"
        let setUp =
            switch hiding {
            case .namespace: "\(hide) && mount \(type) \(mount)"
            case .bindMount:
                """
                mount -t tmpfs tmpfs /mnt && mkdir /mnt/own && mount --bind \(child.directory) /mnt/own &&
                \(hide) && mount --move /mnt/own \(mount)
                """
            }
        let namespaces = hiding == .namespace ? ["--cgroup", "--mount"] : ["--mount"]
        let shell = ["sh", "-c", "\(setUp) || exit 99\n\(commands)", "sh"]
        return try child.output(
            of: "/usr/bin/env",
            ["unshare"] + namespaces + ["--propagation", "private"] + shell + arguments
        )
    }
}
