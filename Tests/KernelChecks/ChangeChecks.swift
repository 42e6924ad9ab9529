import Foundation
import ProcMem
import TestSupport

/// Changes of limits, reported by inotify alone: the next poll is an hour away.
enum ChangeChecks {
    static let all: [Check] = [
        Check("changes/of the process's quota, of the parent's and none", on: .withCgroups) {
            let parent = try Cgroup.make(.cpu)
            let own = try parent.make()
            try await expectChanges(of: parent, own, follower: Follower(in: own))
        },
        Check("changes/through a new namespace with a new mount", on: onV2) {
            let parent = try Cgroup.make(.cpu)
            let own = try parent.make()
            let script = "umount \(own.mount) && mount -t cgroup2 cgroup2 \(own.mount)"
            let follower = try Follower(in: own, new: "cm", after: script)
            // A change of the parent's limit is not reported below it.
            try await expectChanges(of: nil, own, follower: follower)
        },
        Check("changes/through a second mount", on: onV2) {
            let parent = try Cgroup.make(.cpu)
            let own = try parent.make()
            let script = "mkdir -p /tmp/second && mount -t cgroup2 cgroup2 /tmp/second && umount \(own.mount)"
            try await expectChanges(of: parent, own, follower: Follower(in: own, new: "m", after: script))
        },
        Check("changes/through a bind mount of a subtree", on: onV2) {
            let parent = try Cgroup.make(.cpu)
            let own = try parent.make()
            let script = """
                mkdir -p /tmp/part && mount --bind \(parent.directory) /tmp/part
                umount \(own.mount) && mount --move /tmp/part \(own.mount)
                """
            try await expectChanges(of: parent, own, follower: Follower(in: own, new: "m", after: script))
        },
        Check("changes/made inside a namespace are reported outside", on: onV2) {
            let own = try Cgroup.make(.cpu).make()
            let child = try own.child(state: "hold", 4096)
            let follower = try Follower(of: child.pid)
            try follower.expect("4.0 at none")
            let script = "umount \(own.mount) && mount -t cgroup2 cgroup2 \(own.mount) && echo '40000 100000' >"
            _ = try Inside.output(of: "\(script)\(own.mount)/cpu.max", in: [own], new: "cm")
            try follower.expect("0.4 at \(own.path)")
        },
        Check("changes/of a process that is moved, by polling", on: .withCgroups) {
            let (first, second) = (try Cgroup.make(.cpu), try Cgroup.make(.cpu))
            try first.set(quota: 50_000)
            try second.set(quota: 150_000)
            let child = try first.child(state: "hold", 4096)
            let follower = try Follower(of: child.pid, pollMilliseconds: 200)
            try follower.expect("0.5 at \(first.path)")
            try second.take(child.pid)
            try follower.expect("1.5 at \(second.path)")
            try second.set(quota: nil)
            try follower.expect("4.0 at none")
        },
    ]

    private static let onV2: Set<System> = [.v2, .mixed]

    private static func expectChanges(of parent: Cgroup?, _ own: Cgroup, follower: Follower) async throws {
        try follower.expect("4.0 at none")
        try own.set(quota: 50_000)
        try follower.expect("0.5 at \(follower.isBelow ? "/" : own.path)")
        if let parent {
            if !parent.isOnV2 { try own.set(quota: 30_000) }
            if !parent.isOnV2 { try follower.expect("0.3 at \(own.path)") }
            try parent.set(quota: 40_000)
            if parent.isOnV2 { try follower.expect("0.4 at \(parent.path)") }
        }
        try own.set(quota: nil)
        if let parent {
            try follower.expect("0.4 at \(parent.path)")
            try parent.set(quota: nil)
        }
        try follower.expect("4.0 at none")
    }

    /// A process that prints a line for each change.
    private struct Follower {
        private let child: ChildProcess
        /// Whether it sees its own cgroup as the root.
        let isBelow: Bool

        init(in cgroup: Cgroup, new namespaces: String = "", after script: String = ":") throws {
            let words = Cgroup.entering([cgroup], new: namespaces)
            let shell = ["/bin/sh", "-ec", "\(script)\nexec \(CommandLine.arguments[0]) changes 3600000"]
            child = try ChildProcess(running: CommandLine.arguments[0], words + shell)
            isBelow = namespaces.contains("c")
        }

        init(of pid: Int32, pollMilliseconds: Int = 3_600_000) throws {
            let words = ["changes", "\(pollMilliseconds)", "\(pid)"]
            child = try ChildProcess(running: CommandLine.arguments[0], words)
            isBelow = false
        }

        /// Expects the next line. The check's time limit ends the wait if there is none.
        func expect(_ line: String) throws {
            let seen = child.line()
            guard seen == line else { throw Unexpected("the change: expected \(line), found \(seen)") }
        }
    }

    /// `changes POLLMILLISECONDS [PID]`
    static func printChanges() async {
        let arguments = CommandLine.arguments.dropFirst(2).compactMap { Int($0) }
        let pid = arguments.count > 1 ? Int32(arguments[1]) : nil
        do {
            for try await limits in CPULimitChanges(of: pid, pollInterval: .milliseconds(arguments[0])) {
                print("\(limits.effectiveCPUs) at \(limits.binding?.cgroup ?? "none")")
                fflush(nil)
            }
        } catch {
            print("threw \(error)")
        }
    }
}
