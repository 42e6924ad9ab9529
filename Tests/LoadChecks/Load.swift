import Foundation
import ProcMem
import TestSupport

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

    static let all = [forks, processes, mappings, threads, descriptors] + injected

    private static let modes: [MemoryMode] = [.cheap, .sampled(reads: 64), .accurate, .within(.milliseconds(50))]

    /// Reads a tree in each mode, over and over.
    private static func readTree(_ load: String, of process: ChildProcess, seconds: Double, atLeast count: Int)
        throws -> [Outcome]
    {
        try modes.map { mode in
            var outcome = Outcome(load, "\(mode)", mayFail: load == "descriptors")
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
}
