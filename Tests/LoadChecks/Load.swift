import Foundation
import TestSupport

@testable import ProcMem

/// A state of the system that is hard on a monitor, and what is read in it.
struct Load: Sendable {
    struct Settings: Sendable {
        /// How long each mode is repeated among forks. Under the other loads it is a quarter of that.
        var secondsPerMode = 60.0
        var passes = 1_000_000
    }

    let name: String
    let description: String
    let run: @Sendable (Settings) async throws -> [Outcome]

    static let all = [forks, processes, mappings, threads, descriptors, passes, limitChanges, memoryChanges]

    private static let modes: [MemoryMode] = [.cheap, .sampled(reads: 64), .accurate, .within(.milliseconds(50))]

    /// Reads a tree in each mode, over and over.
    private static func readTree(_ load: String, of process: ChildProcess, seconds: Double, atLeast count: Int)
        throws -> [Outcome]
    {
        try modes.map { mode in
            var outcome = Outcome(load, "\(mode)")
            try outcome.repeatReading(forSeconds: seconds) { outcome in
                let snapshot = try memorySnapshot(of: .tree(root: process.pid), mode: mode)
                outcome.add(snapshot)
                let found = snapshot.processes.count
                outcome.require(
                    found >= count || !snapshot.isComplete,
                    "\(found) processes of \(count), and the snapshot is complete"
                )
                let distinct = snapshot.total.distinctBytes
                if let upper = distinct.upper {
                    outcome.require(distinct.lower <= upper, "lower \(distinct.lower) > upper \(upper)")
                }
            }
            return outcome
        }
    }

    static let forks = Load(name: "forks", description: "a process that forks 1,000 children a second") { settings in
        let process = try ChildProcess(state: "forks", 1000)
        return try readTree("forks", of: process, seconds: settings.secondsPerMode, atLeast: 1)
    }

    static let processes = Load(name: "processes", description: "a tree of 5,000 processes") { settings in
        let process = try ChildProcess(state: "tree", 4999, 1 << 20)
        return try readTree("processes", of: process, seconds: settings.secondsPerMode / 4, atLeast: 5000)
    }

    static let mappings = Load(name: "mappings", description: "a process with 60,000 mappings") { settings in
        let process = try ChildProcess(state: "mappings", 60_000)
        return try readTree("mappings", of: process, seconds: settings.secondsPerMode / 4, atLeast: 1)
    }

    static let threads = Load(name: "threads", description: "a process with 20,000 threads") { settings in
        let process = try ChildProcess(state: "threads", 20_000)
        var limits = Outcome("threads", "limits")
        try limits.repeatReading(forSeconds: settings.secondsPerMode / 4) { outcome in
            _ = try CPULimits(of: process.pid)
            _ = try ContainerMemory(of: process.pid)
            outcome.addReading()
        }
        return try readTree("threads", of: process, seconds: settings.secondsPerMode / 4, atLeast: 1) + [limits]
    }

    /// Every reading with 16 descriptors for the whole process.
    static let descriptors = Load(name: "descriptors", description: "at most 16 descriptors") { settings in
        var earlier = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &earlier)
        let process = try ChildProcess(state: "tree", 200, 1 << 20)
        var few = rlimit(rlim_cur: 16, rlim_max: earlier.rlim_max)
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &few)
        defer { setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &earlier) }
        return try readTree("descriptors", of: process, seconds: settings.secondsPerMode / 4, atLeast: 201)
    }

    /// Passes of a sampler with a reader in place of the kernel's files, which fails in one of seven passes.
    static let passes = Load(name: "passes", description: "passes of a sampler with an injected reader") { settings in
        let empty = try memorySnapshot(of: .process(getpid()), mode: .cheap)
        var outcome = Outcome("passes", "sampler")
        // The runtime opens descriptors when the first task is suspended.
        _ = try? await sampler(returning: empty).snapshot()
        try await outcome.measure { outcome in
            let sampler = sampler(returning: empty)
            for _ in 0..<settings.passes {
                do throws(ProcMemError) {
                    outcome.add(try await sampler.snapshot())
                } catch {
                    outcome.addFailure(error)
                }
            }
            outcome.require(
                outcome.errorCount == settings.passes / 7 || outcome.errorCount == settings.passes / 7 + 1,
                "\(outcome.errorCount) errors in \(settings.passes) passes"
            )
        }
        return [outcome]
    }

    private static func sampler(returning snapshot: MemorySnapshot) -> MemorySampler {
        var count = 0
        return MemorySampler { () throws(ProcMemError) in
            count += 1
            if count.isMultiple(of: 7) { throw ProcMemError(.outOfResources, path: "/proc", errno: EMFILE) }
            return snapshot
        }
    }

    static let limitChanges = Load(name: "limit-changes", description: "passes of CPULimitChanges") { settings in
        let quotas = ["50000 100000\n", "150000 100000\n", "max 100000\n"]
        let file = "/sys/fs/cgroup/own/cpu.max"
        let tree = try FixtureTree(
            MountTable.files(
                in: "/own",
                ["/proc/self/status": "Cpus_allowed:\tff\n", "/proc/self/stat": stat, file: quotas[0]]
            )
        )
        return [
            try await repeatWatch("limit-changes", tree, file, quotas, settings) { stop, deliver in
                try CPULimitWatch(
                    process: .current,
                    root: tree.root(),
                    pollMilliseconds: 0,
                    debounceMilliseconds: 0,
                    usesNotification: false
                ).run(until: stop) { _ in deliver() }
            }
        ]
    }

    static let memoryChanges = Load(name: "memory-changes", description: "passes of ContainerMemoryChanges") {
        settings in
        let limits = ["1073741824\n", "2147483648\n", "max\n"]
        let file = "/sys/fs/cgroup/own/memory.max"
        let tree = try FixtureTree(
            MountTable.files(
                in: "/own",
                [
                    "/proc/self/status": "Cpus_allowed:\tff\n", "/proc/self/stat": stat,
                    "/proc/meminfo": "MemTotal: 8388608 kB\nMemAvailable: 4194304 kB\n",
                    file: limits[0], "/sys/fs/cgroup/own/memory.current": "536870912\n",
                    "/sys/fs/cgroup/own/memory.stat": "anon 400000000\nfile 100000000\ninactive_file 50000000\n",
                ]
            )
        )
        return [
            try await repeatWatch("memory-changes", tree, file, limits, settings) { stop, deliver in
                try ContainerMemoryWatch(
                    process: .current,
                    root: tree.root(),
                    thresholds: [],
                    pressure: nil,
                    pollMilliseconds: 0,
                    debounceMilliseconds: 0,
                    usesNotification: false
                ).run(until: stop) { _ in deliver() }
            }
        ]
    }

    /// Runs a watch whose file is rewritten at each change that it delivers, so that each pass finds a change.
    private static func repeatWatch(
        _ load: String,
        _ tree: FixtureTree,
        _ file: String,
        _ values: [String],
        _ settings: Settings,
        _ run: (StopSignal, _ deliver: () -> Void) throws -> Void
    ) async throws -> Outcome {
        var outcome = Outcome(load, "watch")
        let path = tree.directory.path + file
        let stop = try StopSignal()
        try await outcome.measure { outcome in
            var passCount = 0
            try run(stop) {
                passCount += 1
                outcome.addReading()
                // By a rename: in a kernel's file, too, a reader finds either the old or the new value.
                let temporary = path + ".new"
                try? values[passCount % values.count].write(toFile: temporary, atomically: false, encoding: .utf8)
                rename(temporary, path)
                if passCount >= settings.passes { stop.signal() }
            }
            outcome.require(passCount == settings.passes, "\(passCount) passes of \(settings.passes)")
        }
        return outcome
    }

    private static let stat = "42 (own) S 1 42 42 0 -1 4194304" + String(repeating: " 0", count: 43) + "\n"
}
