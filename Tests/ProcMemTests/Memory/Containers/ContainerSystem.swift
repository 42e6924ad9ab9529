import Foundation
import TestSupport

@testable import ProcMem

/// A small system as a file tree, whose container memory a test reads: 16 GiB, with the memory controller mounted at
/// `/cg`.
struct ContainerSystem: Sendable {
    var process = "self"
    var membership: String
    var mounts: String
    /// The machine's memory in KiB.
    var machine: String? = "MemTotal:       16777216 kB\nMemFree:  1 kB\nMemAvailable:   16777216 kB\n"
    var files: [String: String] = [:]

    static let gib = 1 << 30
    static let mib = 1 << 20
    static let noLimit = "9223372036854771712"

    /// v2 alone, or hybrid with the other controllers on v1.
    static func v2(_ files: [String: String], isHybrid: Bool = false) -> ContainerSystem {
        ContainerSystem(
            membership: (isHybrid ? "4:cpu:/x\n" : "") + "0::/a/b\n",
            mounts: MountTable.v2(25, 22, "/", "/cg"),
            files: files
        )
    }

    /// v1; if hybrid, with an empty v2 beside it.
    static func v1(_ files: [String: String], isHybrid: Bool = false) -> ContainerSystem {
        ContainerSystem(
            membership: "6:memory:/a/b\n4:cpu:/x\n" + (isHybrid ? "0::/u\n" : ""),
            mounts: "40 30 0:9 / /cg rw - cgroup cgroup rw,memory\n"
                + (isHybrid ? MountTable.v2(25, 22, "/", "/unified") : ""),
            files: files.merging(["/cg/release_agent": "\n"]) { $1 }
        )
    }

    /// All files of a v2 cgroup.
    static func v2Cgroup(_ path: String, limit: String = "max", usage: Int = 0) -> [String: String] {
        [
            "\(path)/memory.max": "\(limit)\n",
            "\(path)/memory.high": "max\n",
            "\(path)/memory.current": "\(usage)\n",
            "\(path)/memory.stat": MemoryStatText.v2,
            "\(path)/memory.peak": "\(usage)\n",
            "\(path)/memory.events": "low 1\nhigh 2\nmax 3\noom 4\noom_kill 5\noom_group_kill 6\n",
            "\(path)/memory.events.local": "low 0\nhigh 0\nmax 0\noom 0\noom_kill 0\n",
            "\(path)/memory.swap.events": "high 0\nmax 7\nfail 8\n",
            "\(path)/memory.swap.max": "max\n",
            "\(path)/memory.swap.current": "12288\n",
            "\(path)/memory.pressure":
                "some avg10=1.50 avg60=0.50 avg300=0.10 total=4000\nfull avg10=0.25 avg60=0.00 avg300=0.00 total=1000\n",
        ]
    }

    /// All files of a v1 cgroup.
    static func v1Cgroup(
        _ path: String,
        limit: String = noLimit,
        memorySwap: String = noLimit,
        usage: Int = 0,
        smallest: (String, String) = (noLimit, noLimit)
    ) -> [String: String] {
        [
            "\(path)/memory.limit_in_bytes": "\(limit)\n",
            "\(path)/memory.usage_in_bytes": "\(usage)\n",
            "\(path)/memory.kmem.usage_in_bytes": "43352064\n",
            "\(path)/memory.max_usage_in_bytes": "\(usage)\n",
            "\(path)/memory.failcnt": "3\n",
            "\(path)/memory.oom_control": "oom_kill_disable 0\nunder_oom 0\noom_kill 5\n",
            "\(path)/memory.memsw.limit_in_bytes": "\(memorySwap)\n",
            "\(path)/memory.stat": MemoryStatText.v1(limit: smallest.0, memorySwap: smallest.1),
            "\(path)/memory.use_hierarchy": "1\n",
        ]
    }

    func tree() throws -> FixtureTree {
        var all = files
        all["/proc/\(process)/cgroup"] = membership
        all["/proc/\(process)/mountinfo"] = mounts
        all["/proc/meminfo"] = machine
        return try FixtureTree(all)
    }

    /// Returns the container memory. The files exist until the call returns.
    func memory() throws -> ContainerMemory {
        let tree = try tree()
        return try withExtendedLifetime(tree) { try .current(in: tree.root()) }
    }
}

extension ContainerMemory {
    /// The reason why a figure is unknown, without the directory that serves as `/`.
    func reason(_ figure: Figure, in tree: FixtureTree) -> String? {
        reasonsByUnknownFigure[figure].map {
            $0.hasPrefix(tree.directory.path) ? String($0.dropFirst(tree.directory.path.count)) : $0
        }
    }
}
