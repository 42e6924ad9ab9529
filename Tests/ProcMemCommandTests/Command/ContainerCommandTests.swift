import Foundation
import TestSupport
import Testing

@Suite struct ContainerCommandTests {
    @Test func aLimitAsJSON() throws {
        let tree = try Systems.container()
        let run = try CommandRun("container", "--json", in: tree)
        #expect(run.status == 0)
        #expect(run.errors.isEmpty)
        let folder = tree.directory.path + "/sys/fs/cgroup"
        let expected = """
            {"effectiveMemoryBytes": 4294967296, "limitBytes": 4294967296, "limitCgroup": "/kubepods/pod1",
             "limitAboveMachine": null, "highBytes": 3221225472, "usageBytes": 1288490189, "workingSetBytes": 966367642,
             "highCgroup": "/kubepods/pod1", "aboveHigh": false, "availableBytes": 2254857830,
             "availableWithReclaimBytes": 2254857830, "peakBytes": 1300000000,
             "events": {"low": 0, "high": 12, "max": 0, "oom": 0, "oomKill": 1, "oomGroupKill": 0},
             "localEvents": {"low": null, "high": null, "max": null, "oom": null, "oomKill": null, "oomGroupKill": null},
             "swapEvents": {"high": null, "max": null, "fail": null}, "inactiveAnonBytes": null,
             "activeAnonBytes": null, "unexplainedBytes": 41133517, "controllerEnabled": true,
             "machineAvailableBytes": null, "hugePageBytes": 0, "anonBytes": 536870912, "fileBytes": 700000000, "shmemBytes": 209715200,
             "inactiveFileBytes": 322122547, "kernelBytes": 10485760, "swapBytes": 0, "swapLimitBytes": 1073741824,
             "pressure": {"some": {"avg10": 1.5, "avg60": 0.5, "avg300": 0.1, "totalMicroseconds": 4000},
                          "full": {"avg10": 0.25, "avg60": 0, "avg300": 0, "totalMicroseconds": 1000}},
             "levels": [{"cgroup": "/kubepods/pod1", "path": "\(folder)/kubepods/pod1/memory.max",
                         "limitBytes": 4294967296, "highBytes": 3221225472, "usageBytes": 1288490189,
                         "workingSetBytes": 966367642, "known": true},
                        {"cgroup": "/kubepods", "path": "\(folder)/kubepods/memory.max", "limitBytes": null,
                         "highBytes": null, "usageBytes": 2147483648, "workingSetBytes": null, "known": true},
                        {"cgroup": "/", "path": "\(folder)/memory.max", "limitBytes": null, "highBytes": null,
                         "usageBytes": null, "workingSetBytes": null, "known": true}],
             "cgroup": "/kubepods/pod1", "usageCgroup": "/kubepods/pod1", "cgroupVersion": 2,
             "machineBytes": 8589934592, "complete": true, "hiddenAncestors": false, "unknown": {}, "warnings": []}
            """
        #expect(try run.json() == JSON(parsing: expected))
    }

    @Test func aLimitAsText() throws {
        let run = try CommandRun("container", in: Systems.container())
        #expect(run.status == 0)
        #expect(
            run.lines == [
                "4.00 GiB: limit of cgroup /kubepods/pod1; 1.20 GiB used, 922 MiB working set",
                "",
                "used          1.20 GiB, peak 1.21 GiB",
                "working set   922 MiB",
                "available     2.10 GiB with inactive page cache reclaimed",
                "anonymous     512 MiB",
                "page cache    668 MiB, 200 MiB of it shared memory, 307 MiB inactive",
                "kernel        10.0 MiB",
                "swap          0 B, limit 1.00 GiB",
                "soft limit    3.00 GiB (memory.high)",
                "events        1 OOM kill, 12 times above the soft limit",
                "pressure      1.50 % of 10 s, 0.50 % of 1 min, 0.10 % of 5 min: some stalled",
                "              0.25 % of 10 s, 0.00 % of 1 min, 0.00 % of 5 min: all stalled",
                "cgroups       4.00 GiB  1.20 GiB used  /kubepods/pod1",
                "              no limit  2.00 GiB used  /kubepods",
                "              no limit                 /",
                "machine       8.00 GiB",
            ]
        )
    }

    @Test func unknownFigures() throws {
        let tree = try FixtureTree(
            MountTable.files(
                in: "/a",
                [
                    "/sys/fs/cgroup/a/memory.max": "junk\n",
                    "/sys/fs/cgroup/a/memory.current": "4096\n",
                ]
            )
        )
        let answer = try CommandRun("container", "--json", in: tree).json()
        #expect(answer["usageBytes"] == 4096)
        for name in ["anonBytes", "swapBytes", "pressure", "machineBytes", "workingSetBytes", "swapLimitBytes"] {
            #expect(answer[name] == .null)
            guard case .string(let reason) = answer["unknown"]?[name] else { throw CocoaError(.coderInvalidValue) }
            #expect(reason.contains(name == "machineBytes" ? "errno 2" : "does not exist"))
        }
        #expect(answer["effectiveMemoryBytes"] == .null)
        #expect(answer["levels"]?.elements.first?["known"] == .bool(false))

        let lines = try CommandRun("container", in: tree).lines
        #expect(lines.first == "unknown: no limit is known; 4.00 KiB used, unknown working set")
        #expect(lines.contains("cgroups       unknown   4.00 KiB used  /a"))
        #expect(lines.contains("pressure      unknown"))
        #expect(lines.contains("swap          unknown"))
        let stat = tree.directory.path + "/sys/fs/cgroup/a/memory.stat"
        // The same reason for several figures is printed once.
        #expect(lines.count { $0.hasPrefix("unknown       \(stat): ") } == 1)
        #expect(lines.last?.hasSuffix("expected a number of bytes, or max, found \"junk\\n\"") == true)
    }

    @Test func withoutALimit() throws {
        let tree = try Systems.container()
        try tree.write("max\n", to: "/sys/fs/cgroup/kubepods/pod1/memory.max")
        try tree.write("max\n", to: "/sys/fs/cgroup/kubepods/pod1/memory.high")
        let lines = try CommandRun("container", in: tree).lines
        let answer = "8.00 GiB: machine memory, no limit is set; 1.20 GiB used, 922 MiB working set"
        #expect(lines.first.map(String.init) == answer)
        #expect(!lines.contains { $0.hasPrefix("available") })
    }

    @Test func aSoftLimitOfAnotherCgroup() throws {
        let tree = try Systems.container()
        try tree.write("2147483648\n", to: "/sys/fs/cgroup/kubepods/memory.high")
        let lines = try CommandRun("container", in: tree).lines
        #expect(lines.contains("soft limit    2.00 GiB (memory.high of cgroup /kubepods)"))
    }

    @Test func aSoftLimitAlone() throws {
        let tree = try Systems.container()
        try tree.write("max\n", to: "/sys/fs/cgroup/kubepods/pod1/memory.max")
        try tree.write("1073741824\n", to: "/sys/fs/cgroup/kubepods/pod1/memory.high")
        #expect(
            try CommandRun("container", in: tree).lines.first
                == "8.00 GiB: machine memory, soft limit 1.00 GiB of cgroup /kubepods/pod1; 1.20 GiB used, "
                + "922 MiB working set; above the soft limit of 1.00 GiB now"
        )
    }

    @Test func aLimitAboveTheMachinesMemory() throws {
        let tree = try Systems.container()
        try tree.write("107374182400\n", to: "/sys/fs/cgroup/kubepods/pod1/memory.max")
        try tree.write("max\n", to: "/sys/fs/cgroup/kubepods/pod1/memory.high")
        let limit = "limit 100 GiB of cgroup /kubepods/pod1, above the machine's 8.00 GiB"
        let line = try CommandRun("container", in: tree).lines.first
        #expect(line?.hasPrefix("8.00 GiB: machine memory, \(limit); 1.20 GiB used") == true)
        let answer = try CommandRun("container", "--json", in: tree).json()
        #expect(answer["limitBytes"] == .null && answer["limitCgroup"] == .null)
        let above = try JSON(parsing: #"{"limitBytes": 107374182400, "cgroup": "/kubepods/pod1"}"#)
        #expect(answer["limitAboveMachine"] == above)
    }

    /// v1 reports the smallest limit of all cgroups, also of hidden ones.
    @Test func aHiddenLimitAboveTheMachinesMemory() throws {
        let tree = try FixtureTree([
            "/proc/self/cgroup": "6:memory:/\n",
            "/proc/self/mountinfo": "40 30 0:9 / /cg rw - cgroup cgroup rw,memory\n",
            "/proc/meminfo": "MemTotal: 8388608 kB\n",
            "/cg/memory.limit_in_bytes": "9223372036854771712\n", "/cg/memory.usage_in_bytes": "4096\n",
            "/cg/memory.stat": "total_inactive_file 0\nhierarchical_memory_limit 107374182400\n",
        ])
        let line = try CommandRun("container", in: tree).lines.first
        let limit = "limit 100 GiB of a cgroup that is not visible, above the machine's 8.00 GiB"
        #expect(line?.hasPrefix("8.00 GiB: machine memory, \(limit); 4.00 KiB used") == true)
        let above = try CommandRun("container", "--json", in: tree).json()["limitAboveMachine"]
        #expect(try above == JSON(parsing: #"{"limitBytes": 107374182400, "cgroup": null}"#))
    }

    @Test func aControllerThatIsOff() throws {
        let tree = try FixtureTree(
            MountTable.files(
                in: "/",
                [
                    "/proc/meminfo": "MemTotal: 8388608 kB\nMemAvailable: 2097152 kB\n",
                    "/sys/fs/cgroup/cgroup.controllers": "cpuset cpu io pids\n",
                    "/sys/fs/cgroup/cgroup.events": "populated 1\n",
                ]
            )
        )
        let lines = try CommandRun("container", in: tree).lines
        #expect(lines.first == "8.00 GiB: machine memory, the memory controller is off")
        #expect(lines.contains { $0.hasPrefix("controller    memory is off: ") && $0.contains("cgroup_enable=memory") })
        #expect(!lines.contains { $0.hasPrefix("unknown") || $0.hasPrefix("not visible") || $0.hasSuffix("unknown") })
    }

    @Test func theRootOfVersion2() throws {
        let tree = try Systems.container()
        try tree.write("0::/\n", to: "/proc/self/cgroup")
        let lines = try CommandRun("container", in: tree).lines
        #expect(lines.first == "8.00 GiB: machine memory, no limit is set; usage unknown")
        #expect(lines.contains("used          unknown"))
    }

    /// On v2 the kernel does not report the limits of the cgroups above.
    @Test func cgroupsAboveTheMountedOne() throws {
        let tree = try Systems.container()
        try tree.write("max\n", to: "/sys/fs/cgroup/kubepods/pod1/memory.max")
        try tree.write("max\n", to: "/sys/fs/cgroup/kubepods/pod1/memory.high")
        try tree.write("max\n", to: "/sys/fs/cgroup/kubepods/pod1/memory.swap.max")
        #expect(try CommandRun("container", in: tree).lines.contains("swap          0 B, no limit is set"))
        try tree.write("populated 1\n", to: "/sys/fs/cgroup/cgroup.events")
        let lines = try CommandRun("container", in: tree).lines
        #expect(lines.first?.hasPrefix("8.00 GiB: machine memory, no limit is visible; ") == true)
        #expect(lines.contains("swap          0 B, no limit is visible"))
        #expect(lines.contains("not visible   the cgroups above the mounted one; their limits apply too"))
        #expect(try CommandRun("container", "--json", in: tree).json()["hiddenAncestors"] == .bool(true))
    }

    @Test func chargedAboveTheOwnCgroup() throws {
        let tree = try Systems.container()
        try tree.write("0::/kubepods/pod1/x\n", to: "/proc/self/cgroup")
        try tree.write("", to: "/sys/fs/cgroup/kubepods/pod1/x/cgroup.procs")
        let lines = try CommandRun("container", in: tree).lines
        #expect(lines.contains("used          1.20 GiB, peak 1.21 GiB, charged to cgroup /kubepods/pod1"))
        #expect(!lines.contains { $0.hasPrefix("not visible") })
        try tree.write("0::/kubepods/gone\n", to: "/proc/self/cgroup")
        #expect(
            try CommandRun("container", in: tree).lines.contains(
                "not visible   the process's own cgroup, or one above it"
            )
        )
    }

    @Test func anotherProcess() throws {
        let process = try ChildProcess(state: "hold", 4096)
        let run = try CommandRun("container", "--pid", "\(process.pid)", "--json")
        #expect(run.status == 0)
        #expect(try run.json()["cgroup"] == CommandRun("container", "--json").json()["cgroup"])
        #expect(
            try run.json()["machineBytes"]?.number == Double(Systems.pageSizeBytes * sysconf(Int32(_SC_PHYS_PAGES)))
        )
    }

    @Test(
        .enabled(if: HiddenLimit.memoryUnavailable == nil, Comment(rawValue: HiddenLimit.memoryUnavailable ?? "")),
        .enabled(
            if: (try? HiddenLimit(.memory))?.parent.isOnV2 == false,
            "cgroup v2 does not report the limits above what is visible"
        ),
        arguments: HiddenLimit.Hiding.allCases
    )
    func aParentsLimitThatCannotBeSeen(_ hiding: HiddenLimit.Hiding) throws {
        let procmem = try BuiltProduct.url(of: "procmem").path
        let limit = 96 << 20
        let hidden = try HiddenLimit(.memory)
        try hidden.parent.set(memoryLimit: limit)
        let run = try hidden.output(of: "\"$@\"", procmem, "container", "--json", hiddenBy: hiding)
        try #require(run.status == 0, "\(run.errorText)")
        let answer = try JSON(parsing: run.text)
        // The only visible level has no limit, and every visible level could be read. On v1 the limit is known
        // nevertheless.
        #expect(answer["limitBytes"] == .number(Double(limit)))
        #expect(answer["limitCgroup"] == .null)
        #expect(answer["effectiveMemoryBytes"] == .number(Double(limit)))
        #expect(answer["levels"]?.elements.map { $0["limitBytes"] } == [.null])
        #expect(answer["levels"]?.elements.map { $0["cgroup"] } == [answer["cgroup"]])
        #expect(answer["complete"] == .bool(true))
        #expect(answer["hiddenAncestors"] == .bool(true))
        #expect(answer["warnings"] == .array([]))
        #expect(answer["usageBytes"]?.number ?? 0 > 0)
        let text = try hidden.output(of: "\"$@\"", procmem, "container", hiddenBy: hiding).text
        #expect(text.hasPrefix("96.0 MiB: limit of a cgroup that is not visible; "))
        #expect(
            text.contains("\nnot visible   the cgroups above the mounted one; their smallest limit is known\n")
        )
        let summary = try hidden.output(of: "\"$@\"", procmem, hiddenBy: hiding).text
        #expect(summary.contains("\nmemory     96.0 MiB, limit of a cgroup that is not visible; the machine has "))
    }

    @Test(
        .enabled(if: HiddenLimit.memoryUnavailable == nil, Comment(rawValue: HiddenLimit.memoryUnavailable ?? "")),
        arguments: HiddenLimit.Hiding.allCases
    )
    func aParentWithoutALimit(_ hiding: HiddenLimit.Hiding) throws {
        let procmem = try BuiltProduct.url(of: "procmem").path
        let hidden = try HiddenLimit(.memory)
        let run = try hidden.output(of: "\"$@\"", procmem, "container", "--json", hiddenBy: hiding)
        try #require(run.status == 0, "\(run.errorText)")
        let answer = try JSON(parsing: run.text)
        #expect(answer["limitBytes"] == .null)
        #expect(answer["effectiveMemoryBytes"] == answer["machineBytes"])
    }
}
