import Foundation
import ProcMem
import TestSupport

/// Memory pressure above a threshold: reported by a trigger of the kernel where `memory.pressure` may be written, and
/// found by polling elsewhere.
enum PressureChecks {
    private static let mib = 1 << 20

    static let all: [Check] = [
        Check("pressure/a trigger as root, with a window of one second") {
            let own = try cgroup()
            try await expectPressure(in: own, window: 1000, open: "trigger", after: "")
        },
        Check("pressure/a trigger in a delegated cgroup, without privileges") {
            let own = try cgroup()
            guard try kernelAcceptsUnprivilegedTriggers() else {
                throw Skipped("the kernel accepts triggers only from root")
            }
            // Of the window of one second, the kernel makes two.
            try await expectPressure(in: own, window: 1000, open: "trigger", after: "", uid: 1000)
        },
        Check("pressure/a read-only mount, by polling") {
            let own = try cgroup()
            let script = "mount -o remount,bind,ro \(own.mount)"
            try await expectPressure(in: own, window: 2000, open: "polled", after: script, new: "m")
        },
        Check("pressure/without privileges in a cgroup that is not delegated, by polling") {
            let own = try cgroup(isDelegated: false)
            try await expectPressure(in: own, window: 2000, open: "polled", after: "", uid: 1000)
        },
        Check("pressure/switched off for the cgroup, and on again") {
            let own = try cgroup()
            guard own.has("cgroup.pressure") else { throw Skipped("the kernel has no cgroup.pressure") }
            let child = try own.child(state: "hold", 4096)
            try own.set("cgroup.pressure", "0")
            var changes = ContainerMemoryChanges(
                of: child.pid,
                pressure: PressureThreshold(share: 0.05, window: .seconds(1)),
                pollInterval: .milliseconds(100)
            ).makeAsyncIterator()
            let start = try await require(changes.next(), "a change")
            let warning = start.warnings.first ?? ""
            try expect(warning.contains("memory.pressure: does not exist"), "the warnings \(start.warnings)")
            try expect(start.pressure == nil, "pressure")
            try own.set("cgroup.pressure", "1")
            let taker = try MemoryChangeChecks.startTaker(in: own, holding: 24 * mib)
            while let change = try await changes.next(), change.cause != .pressure {}
            // Off under a trigger: the kernel reports an error on the descriptor, for ever.
            taker.end()
            try own.set("cgroup.pressure", "0")
            try MemoryChangeChecks.expectIdle()
        },
        Check("pressure/switched off on the kernel's command line", on: [.nopsi]) {
            let own = try Cgroup.make(.memory)
            try expect(Files.text("/proc/cmdline").contains("psi=0"), "the command line lacks psi=0")
            try expect(!FileManager.default.fileExists(atPath: "/proc/pressure/memory"), "the kernel counts pressure")
            let child = try own.child(state: "hold", 4096)
            let memory = try ContainerMemory(of: child.pid)
            try expect(memory.pressure, is: nil, "pressure")
            let reason = memory.reasonsByUnknownFigure[.pressure] ?? ""
            try expect(reason.contains("memory.pressure") && reason.contains("psi=0"), "the reason \(reason)")
            try expect(memory.warnings, is: [], "the warnings")
            // The sequence goes on without pressure, says so, and its thread sleeps.
            var changes = ContainerMemoryChanges(of: child.pid, pressure: PressureThreshold(share: 0.1))
                .makeAsyncIterator()
            let start = try await require(changes.next(), "a change")
            try expect(start.warnings.count == 1 && start.warnings[0].contains("psi=0"), "\(start.warnings)")
            try expect(start.pressure, is: nil, "the pressure of the start")
            try own.set(memoryLimit: 64 * mib)
            let change = try await require(changes.next(), "a change")
            try expect(change.cause.name, is: "limit", "the cause")
            try expect(change.warnings, is: start.warnings, "the warnings of a change")
            try MemoryChangeChecks.expectIdle()
            print(reason)
        },
        Check("pressure/none on v1", on: [.v1, .hybrid]) {
            let own = try Cgroup.make(.memory)
            // Newer kernels have no memory controller on v1.
            if own.isOnV2 { throw Skipped("the memory controller is on v2") }
            let child = try own.child(state: "hold", 4096)
            var changes = ContainerMemoryChanges(of: child.pid, pressure: PressureThreshold(share: 0.1))
                .makeAsyncIterator()
            let warnings = try await changes.next()?.warnings
            try expect(
                warnings,
                is: ["memory.pressure: requires a visible cgroup of v2 below the root, with the memory controller"],
                "warnings"
            )
        },
    ]

    /// A cgroup with a soft limit, above which processes wait for memory.
    private static func cgroup(isDelegated: Bool = true) throws -> Cgroup {
        let own = try Cgroup.make(.memory)
        guard own.has("memory.pressure") else { throw Skipped("this kernel reports no pressure") }
        try own.set(memoryHigh: 8 * mib)
        if isDelegated { chown("\(own.directory)/memory.pressure", 1000, 1000) }
        return own
    }

    /// Whether a process without CAP_SYS_RESOURCE may set a trigger, tried without ProcMem.
    private static func kernelAcceptsUnprivilegedTriggers() throws -> Bool {
        let other = try cgroup()
        let file = "\(other.directory)/memory.pressure"
        let words = ["enter", "--uid", "1000", "--", "/bin/sh", "-c", "echo 'some 200000 2000000' 1<>\(file) >&1"]
        return try ChildProcess.output(of: CommandLine.arguments[0], words).status == 0
    }

    /// Expects that a process which breaches the soft limit is reported by another process, within the window and half a
    /// second.
    private static func expectPressure(
        in own: Cgroup,
        window milliseconds: Int,
        open mode: String,
        after script: String,
        new namespaces: String = "",
        uid: Int = 0
    ) async throws {
        let child = try own.child(state: "hold", 4096)
        let command = "\(CommandLine.arguments[0]) memory-changes 3600000 5 \(milliseconds) \(child.pid)"
        let user = uid == 0 ? "" : "\(CommandLine.arguments[0]) enter --uid \(uid) -- "
        let words = Cgroup.entering([], new: namespaces) + ["/bin/sh", "-ec", "\(script)\nexec \(user)\(command)"]
        let follower = try ChildProcess(running: CommandLine.arguments[0], words)
        let first = follower.line()
        try expect(first.hasPrefix("start \(mode) "), "the first line: \(first)")
        // A window that the kernel has made longer counts.
        let kernelWindow = mode == "trigger" && uid != 0 ? max(milliseconds, 2000) : milliseconds
        // The emulated machine sometimes stops for a moment: one of three attempts must be in time.
        var fastest = Int.max
        for _ in 1...3 where fastest > kernelWindow + 500 {
            let total = try stallMicroseconds(in: own)
            let taker = try MemoryChangeChecks.startTaker(in: own, holding: 24 * mib)
            // Before the threshold is reached, nothing is reported, and the thread sleeps.
            while try stallMicroseconds(in: own) == total { usleep(1000) }
            let begin = monotonicMilliseconds
            var line = follower.line().split(separator: " ")
            while line.count == 3, line[0] == "highBreached" || Int(line[2]) ?? .max < begin {
                line = follower.line().split(separator: " ")
            }
            taker.end()
            let end = try require(line.count == 3 && line[0] == "pressure" ? Int(line[2]) : nil, "pressure in \(line)")
            fastest = min(fastest, end - begin)
            // The next attempt begins in a quiet window.
            usleep(UInt32(kernelWindow) * 1000)
        }
        try expect(fastest <= kernelWindow + 500, "the pressure was reported after \(fastest) ms")
        print("after \(fastest) ms")
    }

    /// The time for which at least one process of the cgroup has waited.
    private static func stallMicroseconds(in cgroup: Cgroup) throws -> Int {
        let line = try cgroup.text("memory.pressure").split(separator: "\n").first { $0.hasPrefix("some ") }
        return try require(line?.split(separator: "=").last.flatMap { Int($0) }, "a total")
    }

    /// The same clock in every process.
    private static var monotonicMilliseconds: Int {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return time.tv_sec * 1000 + time.tv_nsec / 1_000_000
    }

    /// `memory-changes POLLMILLISECONDS PRESSUREPERCENT WINDOWMILLISECONDS PID`
    static func printChanges() async {
        let arguments = CommandLine.arguments.dropFirst(2).compactMap { Int($0) }
        guard arguments.count == 4 else { return print("wrong arguments") }
        do {
            let pressure = PressureThreshold(share: Double(arguments[1]) / 100, window: .milliseconds(arguments[2]))
            let changes = ContainerMemoryChanges(
                of: Int32(arguments[3]),
                pressure: pressure,
                pollInterval: .milliseconds(arguments[0])
            )
            for try await change in changes {
                print("\(change.cause.name) \((change.warnings.first ?? mode)) \(monotonicMilliseconds)")
                fflush(nil)
            }
        } catch {
            print("threw \(error)")
        }
    }

    /// How `memory.pressure` is open: for reading and writing, or for reading alone.
    private static var mode: String {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")) ?? []
        for name in names {
            let target = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\(name)")
            guard target?.hasSuffix("/memory.pressure") == true,
                let text = try? Files.text("/proc/self/fdinfo/\(name)"),
                let flags = text.split(separator: "\n").first(where: { $0.hasPrefix("flags:") })
            else { continue }
            return flags.hasSuffix("2") ? "trigger" : "polled"
        }
        return "closed"
    }
}
