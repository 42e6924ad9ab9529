import Foundation
import TestSupport
import Testing

@Suite struct MemoryCommandTests {
    /// Returns the output without the elapsed time, and checks that the time is present and plausible.
    private func withoutElapsedTime(_ answer: JSON) throws -> JSON {
        guard case .object(var members) = answer else { throw CocoaError(.coderInvalidValue) }
        let elapsed = try #require(members.removeValue(forKey: "elapsedMicroseconds")?.number)
        #expect(elapsed > 0 && elapsed < 60e6)
        return .object(members)
    }

    @Test func cheapTreeAsJSON() throws {
        let run = try CommandRun("memory", "100", "--tree", "--json", in: Systems.processes())
        #expect(run.status == 0)
        #expect(run.errors.isEmpty)
        let page = Systems.pageSizeBytes
        let alone =
            #""hugetlbBytes": null, "sharesMemoryWith": null, "mayShareMemoryWith": null, "userTicks": 0, "systemTicks": 0"#
        let unknown = """
            "pssBytes": null, "ussBytes": null, "swapBytes": null, "ussStandardErrorBytes": null, "ageMilliseconds": null,
            "fileBytes": null, "shmemBytes": null, "lazilyFreedBytes": null, "hugePagesBytes": null, "peakRSSBytes": null,
            \(alone)
            """
        let expected = """
            {"mode": "cheap", "cgroup": null, "search": "childrenFiles", "complete": true, "gaps": [],
             "processes": [
                {"pid": 100, "parentPID": 1, "command": "server", "startTimeTicks": 1100, "depth": 0, "source": "statm", "unavailable": null,
                 "rssBytes": \(2000 * page), "sharedBytes": \(500 * page), "anonymousBytes": \(1500 * page), \(unknown)},
                {"pid": 101, "parentPID": 100, "command": "worker", "startTimeTicks": 1101, "depth": 1, "source": "statm", "unavailable": null,
                 "rssBytes": \(1000 * page), "sharedBytes": \(600 * page), "anonymousBytes": \(400 * page), \(unknown)},
                {"pid": 102, "parentPID": 100, "command": "gone", "startTimeTicks": 1102, "depth": 1, "source": "none", "unavailable": "zombie",
                 "rssBytes": null, "sharedBytes": null, "anonymousBytes": null, \(unknown)}],
             "total": {
                "processCount": 3, "rssBytes": \(3000 * page), "pssBytes": null, "ussBytes": null, "swapBytes": null,
                "memorylessCount": 1, "figureCounts": {"rss": 2, "pss": 0, "uss": 0, "swap": 0},
                "unreadableRSSBytes": 0, "distinctBytes":
                    {"estimate": \(3000 * page), "lower": \(1900 * page), "upper": \(3000 * page), "proven": false,
                     "assumptions": ["hugetlbIsCounted", "statmIsExact"]},
                "sources": {"statm": 2, "none": 1}, "oldestAgeMilliseconds": null, "unavailableCount": 1}}
            """
        #expect(try withoutElapsedTime(run.json()) == JSON(parsing: expected))
    }

    @Test func accurateListAsJSON() throws {
        let run = try CommandRun("memory", "101", "100", "--mode", "accurate", "--json", in: Systems.processes())
        #expect(run.status == 0)
        let unknown = """
            "ussStandardErrorBytes": null, "ageMilliseconds": null, "unavailable": null, "depth": 0,
            "sharesMemoryWith": null, "mayShareMemoryWith": null, "hugetlbBytes": null, "fileBytes": null,
            "userTicks": 0, "systemTicks": 0,
            "shmemBytes": null, "lazilyFreedBytes": null, "hugePagesBytes": null, "peakRSSBytes": null
            """
        let distinct = 9000 << 10
        let expected = """
            {"mode": "accurate", "cgroup": null, "search": "named", "complete": true, "gaps": [],
             "processes": [
                {"pid": 101, "parentPID": 100, "command": "worker", "startTimeTicks": 1101, "source": "smaps_rollup",
                 "rssBytes": \(4000 << 10), "sharedBytes": \(2000 << 10), "anonymousBytes": \(2000 << 10), "pssBytes": \(3000 << 10),
                 "ussBytes": \(2000 << 10), "swapBytes": 0, \(unknown)},
                {"pid": 100, "parentPID": 1, "command": "server", "startTimeTicks": 1100, "source": "smaps_rollup",
                 "rssBytes": \(8000 << 10), "sharedBytes": \(3000 << 10), "anonymousBytes": \(5000 << 10), "pssBytes": \(6000 << 10),
                 "ussBytes": \(5000 << 10), "swapBytes": \(64 << 10), \(unknown)}],
             "total": {
                "processCount": 2, "rssBytes": \(12000 << 10), "pssBytes": \(distinct), "ussBytes": \(7000 << 10),
                "swapBytes": \(32 << 10), "memorylessCount": 0, "unreadableRSSBytes": 0,
                "figureCounts": {"rss": 2, "pss": 2, "uss": 2, "swap": 2},
                "distinctBytes": {"estimate": \(12000 << 10), "lower": \(distinct), "upper": \(12000 << 10), "proven": false,
                    "assumptions": ["hugetlbIsCounted", "pssIsExact"]},
                "sources": {"smaps_rollup": 2}, "oldestAgeMilliseconds": null, "unavailableCount": 0}}
            """
        #expect(try withoutElapsedTime(run.json()) == JSON(parsing: expected))
    }

    private func pids(_ run: CommandRun) throws -> [JSON?] {
        try run.json()["processes"]?.elements.map { $0["pid"] } ?? []
    }

    @Test func allProcesses() throws {
        let tree = try Systems.processes()
        #expect(try pids(CommandRun("memory", "--all", "--json", in: tree)) == [2, 100, 101, 102])
        let text = try CommandRun("memory", "--all", in: tree)
        #expect(!text.output.contains("kthreadd"))
        #expect(text.output.contains("3 processes\n"))
        #expect(try CommandRun("memory", "2", in: tree).output.contains("kthreadd (kernel thread)"))
    }

    @Test(arguments: ["/web", "/sys/fs/cgroup/web"]) func aCgroupAndItsDescendants(_ path: String) throws {
        #expect(try pids(CommandRun("memory", "--cgroup", path, "--json", in: Systems.processes())) == [100, 101])
    }

    @Test func theChargeOfACgroup() throws {
        let tree = try Systems.processes()
        try tree.write("20971520\n", to: "/sys/fs/cgroup/web/memory.current")
        try tree.write("anon 5\nfile 4194304\nshmem 1024\nkernel 65536\n", to: "/sys/fs/cgroup/web/memory.stat")
        let arguments = ["memory", "--cgroup", "/web", "--mode", "accurate"]
        let charge = try #require(try CommandRun(arguments + ["--json"], in: tree).json()["cgroup"])
        #expect(charge["chargedBytes"] == 20_971_520)
        let (least, most) = (20_971_520 - 12000 << 10, 20_971_520 - 9000 << 10)
        #expect(
            try charge["unattributedBytes"]
                == JSON(parsing: "{\"estimate\": \(least), \"lower\": \(least), \"upper\": \(most)}")
        )
        #expect(charge["shmemBytes"] == 1024 && charge["kernelBytes"] == 65536)
        #expect(charge["path"]?.text?.hasSuffix("/sys/fs/cgroup/web") == true)
        let text = try CommandRun(arguments, in: tree).lines
        #expect(
            text.suffix(2) == [
                "cgroup charge: 20.0 MiB, 8.28 MiB (8.28–11.2) of it not mapped by its processes",
                "  of it: page cache 4.00 MiB, 1.00 KiB of it shared memory, kernel 64.0 KiB",
            ]
        )
    }

    @Test func theTotalsOfACgroup() throws {
        let tree = try Systems.processes()
        try tree.write("20971520\n", to: "/sys/fs/cgroup/web/memory.current")
        try tree.write(
            "anon 8388608\nfile 4194304\nfile_mapped 2097152\nshmem 1024\nkernel 65536\n",
            to: "/sys/fs/cgroup/web/memory.stat"
        )
        try tree.write("12\n", to: "/sys/fs/cgroup/web/pids.current")
        try tree.write("0\n", to: "/sys/devices/system/cpu/online")
        let arguments = ["memory", "--cgroup", "/web", "--totals"]
        let answer = try CommandRun(arguments + ["--json"], in: tree).json()
        #expect(answer["processes"]?.elements.isEmpty == true && answer["search"] == "unlisted")
        #expect(answer["total"]?["processCount"] == .null && answer["total"]?["rssBytes"] == .null)
        let distinct = try #require(answer["total"]?["distinctBytes"])
        #expect(distinct["estimate"] == 10_485_760 && distinct["proven"] == .bool(false) && distinct["upper"] == .null)
        #expect(distinct["assumptions"]?.elements == ["chargesFollowProcesses"])
        #expect(answer["cgroup"]?["taskCount"] == 12)
        let text = try CommandRun(arguments, in: tree)
        #expect(text.status == 0 && text.errors.isEmpty && text.lines.count == 3)
        let lower = Double(8_388_608 - 128 * Systems.pageSizeBytes) / 1_048_576
        let bounds = "10.0 MiB (at least \(String(format: "%.2f", lower)) MiB)"
        let summary = "distinct memory: \(bounds), not proven: memory may be charged to another cgroup; totals in "
        #expect(text.lines[0].hasPrefix(summary))
        // 10 MiB are mapped by no process of the system.
        #expect(text.lines[1].hasPrefix("cgroup charge: 20.0 MiB, 10.0 MiB (10.0–"))
        #expect(text.lines[2] == "  of it: page cache 4.00 MiB, 1.00 KiB of it shared memory, kernel 64.0 KiB")
        try FileManager.default.removeItem(atPath: tree.directory.path + "/sys/fs/cgroup/web/memory.stat")
        let failed = try CommandRun(arguments, in: tree)
        #expect(
            failed.status == 1 && failed.errorLines.count == 1 && failed.errors.contains("memory.stat: does not exist")
        )
    }

    @Test(
        arguments: [
            ["--totals"], ["1", "--totals"], ["--all", "--totals"],
            ["--cgroup", "/web", "--totals", "--mode", "cheap"],
            ["--cgroup", "/web", "--totals", "--budget", "1ms"], ["--cgroup", "/web", "--totals", "--columns", "pid"],
            ["--cgroup", "/web", "--totals", "--by-command"], ["--cgroup", "/web", "--totals", "--reads", "9"],
        ]
    )
    func totalsOfNothingElse(_ arguments: [String]) throws {
        let run = try CommandRun(["memory"] + arguments, in: Systems.processes())
        #expect(run.status == 64 && run.errors.contains("--totals"))
    }

    @Test func accurateTreeAsText() throws {
        let run = try CommandRun("memory", "100", "--tree", "--mode", "accurate", in: Systems.processes())
        #expect(
            run.lines.dropLast(2) == [
                "  PID       RSS       PSS       USS      SWAP  COMMAND",
                "  100  7.81 MiB  5.86 MiB  4.88 MiB  64.0 KiB  server",
                "  101  3.91 MiB  2.93 MiB  1.95 MiB       0 B  ├─ worker",
                "  102         -         -         -         -  └─ gone (zombie)",
                "total  11.7 MiB  8.79 MiB  6.84 MiB  32.0 KiB  3 processes",
                "",
            ]
        )
        let summary = run.lines.dropLast().last
        let proof = "not proven: PSS may be an average, pages of hugetlbfs may be missing"
        #expect(summary?.hasPrefix("distinct memory: 11.7 MiB (8.79–11.7), \(proof); accurate reading in ") == true)
        #expect(run.lines.last == "share of it: 8.79 MiB (PSS); processes outside may map the same pages")
    }

    @Test func theRunningSystem() throws {
        let process = try ChildProcess(state: "tree", 2, 8 << 20)
        for mode in ["cheap", "accurate"] {
            let answer = try CommandRun("memory", "\(process.pid)", "--tree", "--mode", mode, "--json").json()
            #expect(answer["total"]?["processCount"] == 3)
            let rows = try #require(answer["processes"]?.elements)
            #expect(rows.count == 3)
            for (row, pid) in zip(rows, [process.pid] + process.ids) {
                #expect(row["pid"] == .number(Double(pid)))
                #expect(row["command"] == "ProcessStates")
                #expect(row["unavailable"] == .null)
                #expect((row["pssBytes"] == .null) == (mode == "cheap"))
            }
            #expect(rows.dropFirst().allSatisfy { $0["parentPID"] == .number(Double(process.pid)) })
            let distinct = try #require(answer["total"]?["distinctBytes"])
            let lower = try #require(distinct["lower"]?.number)
            let upper = try #require(distinct["upper"]?.number)
            #expect(lower >= 8 * 1024 * 1024 && lower <= upper)
        }
    }

    /// Without a pid, the command reports the tree of the session leader, here a shell.
    @Test func theProcessesOfThisSession() throws {
        let procmem = try BuiltProduct.url(of: "procmem").path
        let script = "\"$0\" memory --json; exit"
        let run = try ChildProcess.output(of: "/usr/bin/env", ["setsid", "--wait", "sh", "-c", script, procmem])
        let commands = try JSON(parsing: run.text)["processes"]?.elements.map { $0["command"] }
        #expect(commands == ["sh", "procmem"])
    }

    private static func otherUsersMayRunTheCommand() throws -> Bool {
        let procmem = try BuiltProduct.url(of: "procmem").path
        return try Rights.isRoot && Rights.asNobody { access(procmem, X_OK) == 0 }
    }

    @Test(.enabled("needs root, and a build that other users may run") { try otherUsersMayRunTheCommand() })
    func anotherUsersProcess() throws {
        let process = try ChildProcess(state: "hold", 1 << 20)
        let run = try Rights.asNobody { try CommandRun("memory", "\(process.pid)", "--mode", "accurate", "--json") }
        #expect(run.status == 0)
        let row = try run.json()["processes"]?.elements.first
        #expect(row?["source"] == "statm")
        #expect(row?["unavailable"] == "permissionDenied")
        #expect(row?["pssBytes"] == .null)
        #expect(try #require(row?["rssBytes"]?.number) > 1024 * 1024)
    }
}
