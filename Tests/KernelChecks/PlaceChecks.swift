import Foundation
import ProcMem
import TestSupport

/// Where cgroups are: namespaces, mounts, depth.
enum PlaceChecks {
    private struct Place {
        let parent: Cgroup
        let own: Cgroup

        /// 1.5 CPUs by the parent's limit, and 1.7 by the process's own.
        init() throws {
            parent = try Cgroup.make(.cpu)
            own = try parent.make()
            try parent.set(quota: 150_000)
            try own.set(quota: 170_000)
        }

        /// Returns a script that mounts the hierarchy at a path, as seen from the namespace of the shell that runs it.
        func mounting(at point: String) -> String {
            own.isOnV2
                ? "mount -t cgroup2 cgroup2 \(point)" : "mount -t cgroup -o cpu,cpuacct cgroup \(point)"
        }
    }

    /// Expects 1.5 CPUs by the parent's limit. v1 allows no own limit above it.
    private static func expectParent(_ answer: CPUAnswer, _ place: Place, at cgroup: String) throws {
        try expect(answer.effectiveCPUs, is: 1.5, "CPUs")
        try expect(answer.quota?.cgroup, is: cgroup, "the level that binds")
        try expect(answer.complete && answer.warnings.isEmpty, "odd: \(answer.warnings)")
    }

    private static let onV2: Set<System> = [.v2, .mixed]

    static let all: [Check] = [
        Check("place/a cgroup namespace without a mount of its own", on: onV2) {
            let place = try Place()
            let answer = try Inside.cpu(in: [place.own], new: "c")
            // The process is in "/", and the mount shows "/../..": the names of the levels between are unknown.
            try expect(!answer.complete && !answer.warnings.isEmpty, "is reported as complete: \(answer)")
        },
        Check("place/a cgroup namespace with a mount of its own", on: onV2) {
            let place = try Place()
            let mount = place.own.mount
            let script = "umount \(mount) && \(place.mounting(at: mount))"
            let answer = try Inside.cpu(after: script, in: [place.own], new: "cm")
            try expect(answer.effectiveCPUs, is: 1.7, "CPUs by what is visible")
            try expect(answer.quota?.cgroup, is: "/", "the level that binds")
            try expect(answer.complete && answer.warnings.isEmpty, "odd: \(answer.warnings)")
        },
        Check("place/below a cgroup namespace with a mount of its own", on: onV2) {
            let place = try Place()
            let mount = place.own.mount
            // A namespace's root is the cgroup of the process that created it.
            let script = """
                umount \(mount) && \(place.mounting(at: mount))
                mkdir \(mount)/below && echo $$ >\(mount)/below/cgroup.procs
                echo +cpu >\(mount)/cgroup.subtree_control
                """
            let answer = try Inside.cpu(after: script, in: [place.own], new: "cm")
            try expect(answer.effectiveCPUs, is: 1.7, "CPUs by the namespace's root")
            try expect(answer.quota?.cgroup, is: "/", "the level that binds")
            let limited = "\(script)\necho '90000 100000' >\(mount)/below/cpu.max"
            let own = try Inside.cpu(after: limited, in: [place.parent.make("other")], new: "cm")
            try expect(own.effectiveCPUs, is: 0.9, "CPUs by the own limit")
            try expect(own.quota?.cgroup, is: "/below", "the level of the own limit")
        },
        Check("place/a mount elsewhere", on: onV2) {
            let place = try Place()
            let point = "/tmp/else where"
            let script = """
                mkdir -p '\(point)' && umount \(place.own.mount) && \(place.mounting(at: "'\(point)'"))
                """
            try expectParent(Inside.cpu(after: script, in: [place.own], new: "m"), place, at: place.parent.path)
        },
        Check("place/a second mount stacked on the first", on: onV2) {
            let place = try Place()
            let script = "mount -t tmpfs tmpfs \(place.own.mount) && \(place.mounting(at: place.own.mount))"
            try expectParent(Inside.cpu(after: script, in: [place.own], new: "m"), place, at: place.parent.path)
        },
        Check("place/a bind mount of a subtree", on: onV2) {
            let place = try Place()
            let mount = place.own.mount
            let script = """
                mkdir -p /tmp/bound && mount --bind \(place.parent.directory) /tmp/bound
                umount \(mount) && mount --move /tmp/bound \(mount)
                """
            try expectParent(Inside.cpu(after: script, in: [place.own], new: "m"), place, at: place.parent.path)
        },
        Check("place/a bind mount of another subtree", on: onV2) {
            let place = try Place()
            let other = try Cgroup.make(.cpu)
            let mount = place.own.mount
            let script = """
                mkdir -p /tmp/bound && mount --bind \(other.directory) /tmp/bound
                umount \(mount) && mount --move /tmp/bound \(mount)
                """
            let answer = try Inside.cpu(after: script, in: [place.own], new: "m")
            try expect(!answer.complete && !answer.warnings.isEmpty, "is reported as complete: \(answer)")
        },
        Check("place/no mount", on: onV2) {
            let place = try Place()
            let answer = try Inside.cpu(after: "umount \(place.own.mount)", in: [place.own], new: "m")
            try expect(!answer.complete && !answer.warnings.isEmpty, "is reported as complete: \(answer)")
            try expect(answer.effectiveCPUs, is: Double(Inside.nproc()), "CPUs")
        },
        Check("place/a process outside of the reader's namespace", on: onV2) {
            let place = try Place()
            let other = try Cgroup.make(.cpu)
            try other.set(quota: 30_000)
            let child = try other.child(state: "hold", 4096)
            let command = "exec \(Inside.command) cpu --json --pid \(child.pid)"
            let whole: CPUAnswer = try Inside.decode(Inside.output(of: command, in: [place.own], new: "c"))
            try expect(whole.effectiveCPUs, is: 0.3, "through the mount that was there")
            try expect(whole.complete, "not complete: \(whole.warnings)")
            let mount = place.own.mount
            let script = "umount \(mount) && \(place.mounting(at: mount))\n\(command)"
            let part: CPUAnswer = try Inside.decode(Inside.output(of: script, in: [place.own], new: "cm"))
            try expect(!part.complete, "is reported as complete: \(part)")
        },
        Check("place/a process in a new namespace, read from outside", on: onV2) {
            let place = try Place()
            let words = Cgroup.entering([place.own], new: "cm") + ["/bin/sh", "-c", "echo ready; read line"]
            let child = try ChildProcess(running: CommandLine.arguments[0], words)
            try child.waitUntilReady(in: "namespace")
            let limits = try CPULimits(of: child.pid)
            try expect(limits.binding?.cgroup, is: place.parent.path, "the level that binds")
            try expect(limits.isComplete, "not complete: \(limits.warnings)")
        },
        Check("place/twelve levels", on: .withCgroups) {
            var chain = [try Cgroup.make(.cpu)]
            for number in 2...12 { chain.append(try chain[chain.count - 1].make("level \(number)")) }
            try chain[0].set(quota: 130_000)
            let answer = try Inside.cpu(in: [chain[11]])
            try expect(answer.effectiveCPUs, is: 1.3, "CPUs")
            try expect(answer.quota?.cgroup, is: chain[0].path, "the level that binds")
            let child = try chain[11].child(state: "hold", 4096)
            try expect(CPULimits(of: child.pid).levels.count, is: 13, "levels, the root among them")
        },
        Check("place/a level without the controller", on: onV2) {
            let place = try Place()
            let below = place.own.directory + "/below"
            // The parent does not enable the controller for its children.
            guard mkdir(below, 0o755) == 0 else { throw Files.Failure(below, errno) }
            try expect(!Files.exists(below + "/cpu.max"), "\(below) has a limit")
            let script = "echo $$ >\(below)/cgroup.procs"
            try expectParent(Inside.cpu(after: script), place, at: place.parent.path)
        },
    ]
}
