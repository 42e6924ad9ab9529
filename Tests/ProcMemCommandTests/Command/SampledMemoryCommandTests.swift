import Foundation
import TestSupport
import Testing

/// `procmem memory` in the modes sampled and within, of live processes.
@Suite struct SampledMemoryCommandTests {
    @Test func samplesAsJSON() throws {
        let child = try ChildProcess(state: "tree", 2, 8 << 20)
        let run = try CommandRun("memory", "\(child.pid)", "--tree", "--mode", "sampled", "--reads", "32", "--json")
        #expect(run.status == 0 && run.errors.isEmpty)
        let answer = try run.json()
        #expect(answer["mode"] == "sampled")
        let processes = try #require(answer["processes"]?.elements)
        #expect(processes.count == 3)
        for process in processes {
            #expect(process["source"] == "sampled" && process["pssBytes"] == .null)
            #expect((process["ussBytes"]?.number ?? -1) >= 0)
            #expect((process["ussStandardErrorBytes"]?.number ?? -1) >= 0)
            #expect(process["ageMilliseconds"] == .null && process["unavailable"] == .null)
        }
        let distinct = try #require(answer["total"]?["distinctBytes"])
        let estimate = try #require(distinct["estimate"]?.number)
        // The tree maps about 13 MiB. The estimate is 10 to 16 MiB, and the sum of RSS is 31 MiB.
        let rss = try #require(answer["total"]?["rssBytes"]?.number)
        #expect(estimate > Double(8 << 20) && estimate < rss * 2 / 3)
        #expect(try #require(distinct["lower"]?.number) <= estimate)
        #expect(try #require(distinct["upper"]?.number) >= estimate)
        #expect(answer["total"]?["sources"] == .object(["sampled": .number(3)]))
    }

    @Test func samplesAsText() throws {
        let child = try ChildProcess(state: "tree", 2, 8 << 20)
        let run = try CommandRun("memory", "\(child.pid)", "--tree", "--mode", "sampled")
        let title = try #require(run.lines.first?.split(separator: " "))
        #expect(title == ["PID", "RSS", "USS", "±", "COMMAND"])
        #expect(run.lines.last?.contains("; sampled reading in ") == true)
    }

    @Test func aBudget() throws {
        let child = try ChildProcess(state: "tree", 2, 8 << 20)
        let pid = "\(child.pid)"
        let ample = try CommandRun("memory", pid, "--tree", "--mode", "within", "--budget", "20s", "--json").json()
        #expect(ample["total"]?["sources"] == .object(["smaps_rollup": .number(3)]))
        let text = try CommandRun("memory", pid, "--tree", "--mode", "within", "--budget", "20s")
        let title = try #require(text.lines.first?.split(separator: " "))
        #expect(title == ["PID", "RSS", "PSS", "USS", "±", "AGE", "SOURCE", "COMMAND"])
        // In this budget no process can be read.
        let run = try CommandRun("memory", pid, "--tree", "--mode", "within", "--budget", "0.001us", "--json")
        #expect(run.status == 1)
        #expect(run.errors.contains("no process was read; "))
        let none = try run.json()
        let distinct = none["total"]?["distinctBytes"]
        #expect(distinct?["estimate"] == .null && distinct?["upper"] == .null)
        #expect(none["gaps"] == .array(["timeLimit"]) && none["complete"] == .bool(false))
    }

    @Test(arguments: ["0", "-1s", "5parsecs", "", "ms", "1e400s", "nan", "1000y", "99999999m"])
    func invalidDurations(_ text: String) throws {
        for option in ["--budget", "--watch"] {
            let run = try CommandRun("memory", "1", option, text)
            #expect(run.status == 64)
            #expect(run.errors.contains(option))
        }
    }

    @Test(arguments: ["0", "-1"]) func invalidReads(_ count: String) throws {
        let run = try CommandRun("memory", "1", "--mode", "sampled", "--reads=\(count)")
        #expect(run.status == 64 && run.errors.contains("--reads"))
    }

    @Test(arguments: [["--reads", "9"], ["--budget", "20s"]]) func anOptionChoosesItsMode(_ option: [String]) throws {
        let child = try ChildProcess(state: "hold", 4096)
        let mode = option[0] == "--reads" ? "sampled" : "within"
        for chosen in [[], ["--mode", mode]] {
            let run = try CommandRun(["memory", "\(child.pid)", "--json"] + option + chosen)
            #expect(try run.json()["mode"] == .string(mode))
        }
    }

    @Test(arguments: [
        ["--mode", "cheap", "--reads", "9"], ["--mode", "within", "--reads", "9"],
        ["--mode", "accurate", "--budget", "5ms"], ["--reads", "9", "--budget", "5ms"],
    ])
    func anOptionOfAnotherMode(_ options: [String]) throws {
        let run = try CommandRun(["memory", "1"] + options)
        #expect(run.status == 64 && run.errors.contains("requires --mode"))
    }

    /// The command prints one line for each pass: the time and the figures.
    @Test func watching() throws {
        let child = try ChildProcess(state: "tree", 2, 8 << 20)
        let procmem = try BuiltProduct.url(of: "procmem").path
        let watch = try ChildProcess(
            running: procmem,
            ["memory", "\(child.pid)", "--tree", "--mode", "within", "--budget", "5s", "--watch", "10ms"]
        )
        let lines = (0..<5).map { _ in watch.line() }
        for line in lines {
            #expect(line.contains("Z  ") && line.contains(", 3 processes, in "))
        }
        #expect(lines.last?.contains("3 smaps_rollup, up to ") == true)
    }

    @Test func watchingAsJSON() throws {
        let child = try ChildProcess(state: "hold", 1 << 20)
        let procmem = try BuiltProduct.url(of: "procmem").path
        let watch = try ChildProcess(
            running: procmem,
            ["memory", "\(child.pid)", "--watch", "10ms", "--json"]
        )
        for _ in 0..<3 {
            let answer = try JSON(parsing: watch.line())
            #expect(answer["mode"] == "cheap" && answer["processes"]?.elements.count == 1)
        }
    }

    /// The memory of the command does not grow from pass to pass.
    @Test(.enabled(if: !BuildMode.isSanitized, "a sanitizer keeps freed memory for a while"))
    func watchingForLongTakesNoMoreMemory() throws {
        let child = try ChildProcess(state: "tree", 4, 1 << 20)
        let procmem = try BuiltProduct.url(of: "procmem").path
        let watch = try ChildProcess(
            running: procmem,
            ["memory", "\(child.pid)", "--tree", "--mode", "within", "--budget", "1s", "--watch", "1ms"]
        )
        func rssPages() throws -> Int {
            let text = try String(contentsOfFile: "/proc/\(watch.pid)/statm", encoding: .utf8)
            return try #require(Int(text.split(separator: " ")[1]))
        }
        for _ in 0..<300 { _ = watch.line() }
        let before = try rssPages()
        for _ in 0..<1500 { _ = watch.line() }
        #expect(try rssPages() < before + 64)
    }

    /// A sampler compares the newest pid of the system to detect new processes. If its own passes started threads, they
    /// would change the newest pid, and every pass would search for processes. In a new pid namespace nothing else
    /// forks.
    @Test(.enabled(if: ProcMount.unavailableReason == nil, "needs permission to mount /proc"))
    func aWatcherStartsNoThreadForAPass() throws {
        let states = try BuiltProduct.url(of: "ProcessStates").path
        let procmem = try BuiltProduct.url(of: "procmem").path
        let script = """
            sleep 60 | "$1" tree 100 4096 >ready &
            until [ -s ready ]; do sleep 0.1; done
            "$2" memory 1 --tree --watch 10ms | {
                for pass in 1 2 3 4 5; do read -r line; done
                read -r _ _ _ _ before </proc/loadavg
                for pass in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do read -r line; done
                read -r _ _ _ _ after </proc/loadavg
                echo "$before $after $line"
            }
            """
        let directory = try FixtureTree()
        let namespaces = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc"]
        let shell = ["sh", "-c", "cd '\(directory.directory.path)'\n\(script)", "sh", states, procmem]
        let run = try ChildProcess.output(of: "/usr/bin/env", namespaces + shell)
        let words = run.text.split(separator: " ")
        #expect(words.count > 2 && words[0] == words[1], "\(run)")
        // Without a sampler, a snapshot of so many processes would be read by several threads.
        let count = words.firstIndex(of: "processes,").flatMap { Int(words[$0 - 1]) }
        #expect(count ?? 0 > 100, "\(run)")
    }
}
