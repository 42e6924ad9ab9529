import Foundation
import TestSupport
import Testing

/// `--columns`, `--sort` and `--by-command`.
@Suite struct MemoryColumnsTests {
    private func run(_ arguments: String..., in tree: FixtureTree? = nil) throws -> CommandRun {
        try CommandRun(["memory", "100", "--tree"] + arguments, in: tree ?? Systems.processes())
    }

    /// The cells of the server, the worker and the zombie.
    @Test(
        arguments: [
            ("pid", "cheap", "PID", ["100", "101", "102"]), ("ppid", "cheap", "PPID", ["1", "100", "100"]),
            ("rss", "accurate", "RSS", ["7.81 MiB", "3.91 MiB", "-"]),
            ("shared", "accurate", "SHARED", ["2.93 MiB", "1.95 MiB", "-"]),
            ("anon", "accurate", "ANON", ["4.88 MiB", "1.95 MiB", "-"]),
            ("file", "cheap", "FILE", ["1.17 MiB", "1.95 MiB", "-"]),
            ("file", "accurate", "FILE", ["1.17 MiB", "1.95 MiB", "-"]),
            ("shmem", "cheap", "SHMEM", ["800 KiB", "400 KiB", "-"]),
            ("shmem", "accurate", "SHMEM", ["800 KiB", "400 KiB", "-"]),
            ("peak", "cheap", "PEAK", ["8.79 MiB", "19.5 MiB", "-"]),
            ("peak", "accurate", "PEAK", ["8.79 MiB", "19.5 MiB", "-"]),
            ("pss", "accurate", "PSS", ["5.86 MiB", "2.93 MiB", "-"]), ("pss", "cheap", "PSS", ["-", "-", "-"]),
            ("uss", "accurate", "USS", ["4.88 MiB", "1.95 MiB", "-"]), ("error", "accurate", "±", ["-", "-", "-"]),
            ("swap", "accurate", "SWAP", ["64.0 KiB", "0 B", "-"]),
            ("swap", "cheap", "SWAP", ["48.0 KiB", "0 B", "-"]),
            ("hugetlb", "cheap", "HUGETLB", ["0 B", "0 B", "-"]),
            ("source", "accurate", "SOURCE", ["smaps_rollup", "smaps_rollup", "none"]),
            ("reason", "cheap", "REASON", ["", "", "zombie"]),
            ("PEAK", "cheap", "PEAK", ["8.79 MiB", "19.5 MiB", "-"]),
        ]
    )
    func aColumn(_ name: String, _ mode: String, _ title: String, _ cells: [String]) throws {
        let lines = try run("--columns", "pid, \(name)", "--mode", mode).lines
        #expect(lines[0].split(separator: " ") == ["PID", Substring(title)])
        let rows = lines[1...3].map { $0.split(separator: " ", maxSplits: 1) }
        let found = rows.map { $0.count < 2 ? "" : $0[1].trimmingCharacters(in: .whitespaces) }
        #expect(found == cells)
    }

    /// The figures that only `status` has are read only if a column or the order needs them.
    @Test(
        arguments: [
            ([], false), (["--columns", "pid,rss,command"], false), (["--columns", "peak"], true),
            (["--columns", "file"], true), (["--columns", "shmem"], true), (["--sort", "peak"], true),
            (["--sort", "rss"], false), (["--columns", "swap"], true), (["--columns", "hugetlb"], true),
            (["--columns", "swap,hugetlb", "--mode", "accurate"], false),
        ] as [([String], Bool)]
    )
    func statusIsReadIfItIsNeeded(_ options: [String], _ isRead: Bool) throws {
        let answer = try CommandRun(["memory", "100", "--json"] + options, in: Systems.processes()).json()
        let row = try #require(answer["processes"]?.elements.first)
        #expect(row["fileBytes"] == (isRead ? .number(1200 * 1024) : .null))
        #expect(row["shmemBytes"] == (isRead ? .number(800 * 1024) : .null))
        #expect(row["peakRSSBytes"] == (isRead ? .number(9000 * 1024) : .null))
        #expect(row["pid"] == 100 && row["rssBytes"] != .null && row["pssBytes"] != nil)
    }

    @Test func theNextBestModeIsNamed() throws {
        let lines = try run("--columns", "pid,pss,uss,lazyfree").lines
        #expect(
            lines.suffix(2) == [
                "PSS, LAZYFREE: unknown in mode cheap; use --mode accurate or within",
                "USS: unknown in mode cheap; use --mode sampled, accurate or within",
            ]
        )
    }

    @Test(
        arguments: [
            ("rss", [100, 101, 102]), ("shared", [100, 101, 102]), ("file", [101, 100, 102]),
            ("shmem", [100, 101, 102]), ("peak", [101, 100, 102]), ("pid", [102, 101, 100]),
            ("ppid", [101, 102, 100]), ("command", [102, 100, 101]), ("reason", [102, 100, 101]),
            ("pss", [100, 101, 102]), ("source", [102, 100, 101]),
        ]
    )
    func theOrder(_ column: String, _ pids: [Int]) throws {
        let tree = try Systems.processes()
        let answer = try run("--sort", column, "--json", "--mode", "accurate", in: tree).json()
        #expect(answer["processes"]?.elements.compactMap { $0["pid"]?.number } == pids.map(Double.init))
        let text = try run("--sort", column, "--mode", "accurate", in: tree)
        #expect(text.lines[1...3].map { $0.split(separator: " ").first } == pids.map { "\($0)" })
        // A sorted tree is a list.
        #expect(!text.output.contains("─ "))
    }

    @Test func theColumnOfTheOrderIsShown() throws {
        let added = try run("--sort", "peak").lines[0].split(separator: " ")
        #expect(added == ["PID", "RSS", "SHARED", "PEAK", "COMMAND"])
        let chosen = try run("--sort", "peak", "--columns", "command,rss").lines[0].split(separator: " ")
        #expect(chosen == ["COMMAND", "RSS"])
    }

    /// Two servers and a worker: 100 and 103 have the same name.
    private func twoServers() throws -> FixtureTree {
        let tree = try Systems.processes()
        try tree.write(Systems.stat(103, "server", parent: 1), to: "/proc/103/stat")
        try tree.write("5000 1000 100 1 0 100 0\n", to: "/proc/103/statm")
        try tree.write(Systems.rollup(rss: 4096, pss: 1024, privateDirty: 512, swap: 32), to: "/proc/103/smaps_rollup")
        try tree.write(
            Systems.status(103, file: 100, shmem: 0, peak: 4096, swap: 16, hugetlb: 2048),
            to: "/proc/103/status"
        )
        return tree
    }

    @Test func groupsAsText() throws {
        let run = try CommandRun("memory", "--all", "--by-command", "--mode", "accurate", in: twoServers())
        #expect(run.status == 0)
        #expect(
            run.lines.prefix(5) == [
                "COUNT      ΣRSS       PSS       USS      SWAP  COMMAND",
                "    2  11.8 MiB  6.86 MiB  5.38 MiB  48.0 KiB  server",
                "    1  3.91 MiB  2.93 MiB  1.95 MiB       0 B  worker",
                "    1         -         -         -         -  gone (1 zombie)",
                "    4  15.7 MiB  9.79 MiB  7.34 MiB  48.0 KiB  total",
            ]
        )
        #expect(run.lines.contains("Σ: a page that several of the processes map counts once for each of them"))
    }

    @Test func groupsWithColumns() throws {
        let columns = "command,count,file,shmem,swap,hugetlb,peak"
        let run = try CommandRun(
            ["memory", "--all", "--by-command", "--columns", columns, "--sort", "command"],
            in: twoServers()
        )
        #expect(
            run.lines.prefix(5) == [
                "COMMAND          COUNT     ΣFILE   ΣSHMEM     ΣSWAP  ΣHUGETLB      PEAK",
                "gone (1 zombie)      1         -        -         -         -         -",
                "server               2  1.27 MiB  800 KiB  64.0 KiB  2.00 MiB  8.79 MiB",
                "worker               1  1.95 MiB  400 KiB       0 B       0 B  19.5 MiB",
                "total                4",
            ]
        )
        #expect(run.lines.contains("PEAK: the largest of the processes"))
        #expect(run.lines.contains("of it: 2.00 MiB of huge pages (hugetlbfs), not part of RSS and PSS"))
    }

    @Test func groupsAsJSON() throws {
        let arguments = ["memory", "100", "101", "103", "--mode", "accurate", "--json"]
        let tree = try twoServers()
        let answer = try CommandRun(arguments + ["--by-command"], in: tree).json()
        let expected = """
            [{"command": "server", "processCount": 2, "rssBytes": \(12096 << 10), "sharedBytes": \(6584 << 10),
              "anonymousBytes": \(5512 << 10), "fileBytes": null, "shmemBytes": null, "pssBytes": \(7024 << 10),
              "ussBytes": \(5512 << 10), "swapBytes": \(48 << 10), "lazilyFreedBytes": null, "hugePagesBytes": null,
              "hugetlbBytes": null, "peakRSSBytes": null, "ussStandardErrorBytes": null,
              "oldestAgeMilliseconds": null, "sources": {"smaps_rollup": 2}, "unavailableCount": 0},
             {"command": "worker", "processCount": 1, "rssBytes": \(4000 << 10), "sharedBytes": \(2000 << 10),
              "anonymousBytes": \(2000 << 10), "fileBytes": null, "shmemBytes": null, "pssBytes": \(3000 << 10),
              "ussBytes": \(2000 << 10), "swapBytes": 0, "lazilyFreedBytes": null, "hugePagesBytes": null,
              "hugetlbBytes": null, "peakRSSBytes": null, "ussStandardErrorBytes": null,
              "oldestAgeMilliseconds": null, "sources": {"smaps_rollup": 1}, "unavailableCount": 0}]
            """
        #expect(try answer["groups"] == JSON(parsing: expected))
        // Everything else is as without the option.
        let plain = try CommandRun(arguments, in: tree).json()
        for name in ["processes", "total", "mode", "gaps", "search", "complete", "cgroup"] {
            #expect(answer[name] == plain[name])
        }
        #expect(plain["groups"] == nil)
    }

    @Test func anUnknownColumnIsAnErrorThatListsTheOthers() throws {
        for option in ["--columns", "--sort"] {
            let run = try CommandRun("memory", "1", option, "rss\u{1B}[2J")
            #expect(run.status == 64)
            for column in ["pid", "lazyfree", "hugetlb", "peak", "command"] { #expect(run.errors.contains(column)) }
        }
    }

    @Test(arguments: [40, 80, 120]) func theTerminalsWidth(_ width: Int) throws {
        let name = "\u{1B}[31m\u{202E}ser\u{7}ver"
        let columns = "pid,ppid,rss,anon,file,shmem,swap,peak,pss,uss,source,reason,command"
        let lines = try Pseudoterminal.lines(
            of: "memory",
            "100",
            "101",
            "--columns",
            columns,
            in: Systems.processes(serverName: name),
            width: width
        )
        #expect(lines.allSatisfy { $0.count <= width })
        #expect(lines.allSatisfy { $0.unicodeScalars.allSatisfy { $0.value >= 0x20 } })
        // A size is never cut, and no text below the table is.
        #expect(lines.allSatisfy { !$0.hasSuffix("…") })
        #expect(lines[0].hasPrefix("  PID") && lines[0].hasSuffix("COMMAND"))
        #expect(lines[1].hasSuffix("?[31m?ser?ver"))
        #expect(lines.contains { $0.contains("not shown,") } == (width < 120))
    }

    /// A live process: the figures of `status` agree with those of `statm`.
    @Test(arguments: ["cheap", "accurate", "sampled", "within"]) func aLiveProcess(_ mode: String) throws {
        let child = try ChildProcess(state: "hold", 8 << 20)
        let run = try CommandRun("memory", "\(child.pid)", "--columns", "file,shmem,peak", "--mode", mode, "--json")
        let row = try #require(run.json()["processes"]?.elements.first)
        let file = try #require(row["fileBytes"]?.number)
        let shmem = try #require(row["shmemBytes"]?.number)
        let shared = try #require(row["sharedBytes"]?.number)
        let rss = try #require(row["rssBytes"]?.number)
        // Before Linux 6.16, some pages of each CPU are missing in the counters.
        #expect(abs(file + shmem - shared) <= 4e6)
        #expect(try #require(row["peakRSSBytes"]?.number) >= rss - 4e6)
        #expect(row["swapBytes"] != .null && row["hugetlbBytes"] == 0)
    }
}

@Suite struct MemoryWatchEndTests {
    /// Starts `procmem memory --watch`, with its messages in its output.
    private func watch(_ arguments: [String]) throws -> ChildProcess {
        let procmem = try BuiltProduct.url(of: "procmem").path
        let command = "exec \"$0\" memory --watch 10ms \"$@\" 2>&1"
        return try ChildProcess(running: "/bin/sh", ["-c", command, procmem] + arguments)
    }

    private func lastLine(_ watch: ChildProcess) -> String {
        var last = ""
        while true {
            let line = watch.line()
            if line.isEmpty { return last }
            last = line
        }
    }

    @Test(arguments: [[], ["--tree"], ["--json"], ["--mode", "accurate"]]) func endsWithItsProcess(_ options: [String])
        throws
    {
        let child = try ChildProcess(state: "hold", 4096)
        let watch = try watch(["\(child.pid)"] + options)
        #expect(!watch.line().hasPrefix("procmem:"))
        child.end()
        #expect(lastLine(watch) == "procmem: no process is left")
        #expect(watch.status(within: .seconds(10)) == 0)
    }

    /// A zombie has exited, although its parent has not waited for it.
    @Test func endsWithAZombie() throws {
        let child = try ChildProcess(state: "hold", 4096)
        let watch = try watch(["\(child.pid)"])
        #expect(!watch.line().hasPrefix("procmem:"))
        kill(child.pid, SIGKILL)
        #expect(lastLine(watch) == "procmem: no process is left")
        #expect(watch.status(within: .seconds(10)) == 0)
    }

    @Test func aProcessThatNeverExistedIsAnError() throws {
        let child = try ChildProcess(state: "hold", 4096)
        let pid = child.pid
        child.end()
        let run = try CommandRun("memory", "\(pid)", "--watch", "10ms")
        #expect(run.status == 1 && run.output.isEmpty)
        #expect(run.errors.hasPrefix("procmem: "))
    }
}

/// Several pids, of which one is gone: its row has the reason, and the others are shown.
@Suite struct GoneProcessTests {
    @Test(arguments: ["cheap", "accurate", "sampled"]) func oneOfSeveral(_ mode: String) throws {
        let run = try CommandRun("memory", "100", "999", "101", "--mode", mode, "--json", in: Systems.processes())
        #expect(run.status == 0 && run.errors.isEmpty)
        let rows = try run.json()["processes"]?.elements ?? []
        #expect(rows.map { $0["pid"] } == [100, 999, 101])
        #expect(rows.map { $0["unavailable"] == "exited" } == [false, true, false])
        let text = try CommandRun("memory", "100", "999", "101", "--mode", mode, in: Systems.processes())
        #expect(text.output.contains("? (exited)") && text.output.contains("3 processes"))
    }

    @Test func allOfThem() throws {
        let run = try CommandRun("memory", "998", "999", in: Systems.processes())
        #expect(run.status == 1)
        #expect(run.errorLines.count == 1)
    }
}
