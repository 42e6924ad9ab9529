import Foundation
import TestSupport

/// `procmem` in a mount namespace of its own, where `/proc` is mounted as a test needs it.
enum ProcMount {
    /// Options of setpriv: still user 0, but in no group that owns anything, and with no right to see more than that.
    static let droppedRights = [
        "--regid", "65534", "--clear-groups", "--bounding-set", "-all", "--inh-caps", "-all",
    ]

    /// - Parameters:
    ///   - mount: A shell's command that changes what is at `/proc`.
    ///   - privileges: Options of setpriv, which begins the command.
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

    /// What `procmem` answers where `/proc` is mounted with these options.
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

    /// Why this cannot be had here; `nil` where it can.
    static var unavailableReason: String? {
        guard Rights.isRoot else { return "needs root, to mount a /proc of one's own" }
        let run = try? output("mount -t proc -o hidepid=2 proc /proc", of: ["/bin/true"])
        return run?.status == 0 ? nil : "a /proc of one's own cannot be mounted here"
    }

    /// Whether the kernel has `hidepid=4`, since Linux 5.8.
    static var knowsPtraceable: Bool { knows("hidepid=4") }

    /// Whether the kernel has `subset=pid`, since Linux 5.8.
    static var knowsSubset: Bool { knows("subset=pid") }

    private static func knows(_ options: String) -> Bool {
        (try? output("mount -t proc -o \(options) proc /proc", of: ["/bin/true"]))?.status == 0
    }
}
