import Foundation
import TestSupport
import Testing

/// A process that `/proc` does not show.
@Suite struct HiddenProcessTests {
    /// Mounts a `/proc` that shows each user's own processes, and gives up every right to see more.
    private static func output(of arguments: [String]) throws -> ChildProcess.Output {
        let commands = """
            mount -t proc -o hidepid=2 proc /proc || exit 99
            exec setpriv --regid 65534 --clear-groups --bounding-set -all --inh-caps -all "$@"
            """
        return try ChildProcess.output(
            of: "/usr/bin/env",
            ["unshare", "--mount", "--propagation", "private", "sh", "-c", commands, "sh"] + arguments
        )
    }

    private static var isPossible: Bool {
        guard Rights.isRoot, let run = try? output(of: ["/bin/true"]) else { return false }
        return run.status == 0
    }

    @Test(.enabled(if: isPossible, "needs root, and the right to mount a /proc of one's own"))
    func itsLimits() throws {
        let process = try ChildProcess(state: "hold", 4096)
        let procmem = try BuiltProduct.url(of: "procmem").path
        let run = try Self.output(of: [procmem, "cpu", "--pid", "\(process.pid)"])
        #expect(run.status == 1)
        #expect(run.text.isEmpty)
        #expect(
            run.errorText == """
                procmem: /proc/\(process.pid): the process is there, but hidden (/proc is mounted with hidepid) \
                (errno 2, No such file or directory); run as the owner of the process, or with CAP_SYS_PTRACE

                """
        )
    }
}
