import Foundation
import TestSupport

/// Runs `procmem` in a new mount namespace, with `/proc` mounted as a test requires.
enum ProcMount {
    /// Options of setpriv: user 0 without capabilities, in a group that owns nothing.
    static let droppedRights = [
        "--regid", "65534", "--clear-groups", "--bounding-set", "-all", "--inh-caps", "-all",
    ]

    /// Runs a command in a new mount namespace.
    ///
    /// - Parameters:
    ///   - mount: A shell command that changes the mount at `/proc`.
    ///   - privileges: Options of setpriv, which executes the command.
    ///   - namespaces: Further options of unshare.
    static func output(
        _ mount: String,
        privileges: [String] = droppedRights,
        namespaces: [String] = [],
        of command: [String]
    ) throws -> ChildProcess.Output {
        try ChildProcess.output(
            of: "/usr/bin/env",
            ["unshare", "--mount", "--propagation", "private"] + namespaces
                + ["sh", "-c", "\(mount) || exit 99; exec \"$@\"", "sh", "setpriv"] + privileges + command
        )
    }

    /// Runs `procmem` with `/proc` mounted with these options.
    static func procmem(
        _ arguments: String...,
        options: String,
        privileges: [String] = droppedRights
    ) throws -> ChildProcess.Output {
        try output(
            "mount -t proc -o \(options) proc /proc",
            privileges: privileges,
            of: [BuiltProduct.url(of: "procmem").path] + arguments
        )
    }

    /// Why `/proc` cannot be mounted on this machine; `nil` if it can.
    static var unavailableReason: String? {
        guard Rights.isRoot else { return "needs root, to mount /proc" }
        let run = try? output("mount -t proc -o hidepid=2 proc /proc", of: ["/bin/true"])
        return run?.status == 0 ? nil : "needs permission to mount /proc in a new mount namespace"
    }

    /// Whether the kernel supports `hidepid=4`. Requires Linux 5.8.
    static var supportsPtraceable: Bool { supports("hidepid=4") }

    /// Whether the kernel supports `subset=pid`. Requires Linux 5.8.
    static var supportsSubset: Bool { supports("subset=pid") }

    private static func supports(_ options: String) -> Bool {
        (try? output("mount -t proc -o \(options) proc /proc", of: ["/bin/true"]))?.status == 0
    }
}
