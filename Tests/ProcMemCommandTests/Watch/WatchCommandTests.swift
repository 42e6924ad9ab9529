import Foundation
import TestSupport
import Testing

/// `procmem watch`, as a program uses it.
@Suite(.timeLimit(.minutes(5))) struct WatchCommandTests {
    /// A shell with two children that wait for a signal.
    private func shell() throws -> (shell: ChildProcess, children: [Int32]) {
        let shell = try ChildProcess(
            running: "/bin/sh",
            ["-c", "sleep 600 & a=$!; sleep 600 & echo $a $!; wait"]
        )
        let children = shell.line().split(separator: " ").compactMap { Int32($0) }
        try #require(children.count == 2)
        return (shell, children)
    }

    @Test func followsSeveralScopes() throws {
        let (first, second) = (try ChildProcess(state: "hold", 1 << 20), try ChildProcess(state: "tree", 2, 1 << 20))
        let watch = try WatchRun("one=process:\(first.pid)", "two=tree:\(second.pid)")
        #expect(watch.start["protocol"] == "procmem-watch" && watch.start["version"] == 1)
        #expect(
            watch.start["scopes"]
                == .object(["one": .string("process:\(first.pid)"), "two": .string("tree:\(second.pid)")])
        )
        let one = try watch.sample(of: "one")
        let two = try watch.sample(of: "two")
        #expect(one["total"]?["processCount"] == 1 && two["total"]?["processCount"] == 3)
        #expect(one["processes"] == nil && one["cpu"]?["utilization"] == .null)
        let later = try watch.sample(of: "two")
        #expect(later["cpu"]?["intervalSeconds"]?.number ?? 0 > 0 && later["cpu"]?["lowerBound"] == .bool(false))
        // One thread measures all scopes, one waits for the end of the output, and one prints.
        let threads = try FileManager.default.contentsOfDirectory(atPath: "/proc/\(watch.process.pid)/task")
        let names = threads.compactMap { id in
            try? String(contentsOfFile: "/proc/\(watch.process.pid)/task/\(id)/comm", encoding: .utf8)
        }
        #expect(names.count { $0 == "procmem-sampler\n" } == 1 && names.count <= 3)
    }

    /// The kernel gives the children of an exited process another parent: they are followed by their identity.
    @Test func theRootExits() throws {
        let (shell, children) = try shell()
        defer { for pid in children { kill(pid, SIGKILL) } }
        let other = try ChildProcess(state: "hold", 4096)
        let watch = try WatchRun("t=tree:\(shell.pid)", "other=process:\(other.pid)", "--rows", "--sort", "pid")
        _ = try watch.sample(of: "t") { $0["total"]?["processCount"] == 3 }
        shell.end()
        let exit = try watch.event()
        #expect(exit["event"] == "rootExited" && exit["pid"] == .number(Double(shell.pid)))
        #expect(exit["scope"] == "t" && exit["definition"] == .string("tree:\(shell.pid)"))
        let left = try watch.sample(of: "t")
        #expect(
            Set(left["processes"]?.elements.compactMap { $0["pid"]?.number } ?? []) == Set(children.map(Double.init))
        )
        kill(children[0], SIGKILL)
        _ = try watch.sample(of: "t") { sample in
            sample["processes"]?.elements.contains {
                $0["pid"] == .number(Double(children[1])) && $0["unavailable"] == .null
            } ?? false
        }
        _ = try watch.sample(of: "other")
        kill(children[1], SIGKILL)
        let end = try watch.event()
        #expect(end["event"] == "ended" && end["scope"] == "t" && end["code"] == .null)
        // The other scope goes on, and the command with it.
        _ = try watch.sample(of: "other")
        other.end()
        #expect(try watch.event()["event"] == "ended")
        #expect(watch.process.status(within: .seconds(20)) == 0)
    }

    /// A pid that does not exist: the others go on.
    @Test func aScopeThatDoesNotExist() throws {
        let child = try ChildProcess(state: "hold", 4096)
        let watch = try WatchRun("gone=tree:\(1 << 30)", "none=cgroup:/no/such/cgroup", "here=process:\(child.pid)")
        let events = [try watch.event(), try watch.event()]
        #expect(events.map { $0["event"] } == ["ended", "ended"])
        #expect(events.map { $0["code"] } == ["noSuchProcess", "invalidArgument"])
        _ = try watch.sample(of: "here")
        child.end()
        #expect(try watch.event()["scope"] == "here")
        #expect(watch.process.status(within: .seconds(20)) == 0)
    }

    @Test func noScopeCouldBeRead() throws {
        let run = try CommandRun("watch", "gone=tree:\(1 << 30)")
        #expect(run.status == 1)
        #expect(run.errorLines.last == "procmem: no scope could be read")
    }

    @Test(.enabled(if: Cgroup.unavailableReason(.memory) == nil, "needs a cgroup with the memory controller"))
    func aCgroupIsRemoved() throws {
        let cgroup = try Cgroup.make(.memory)
        let child = try cgroup.child(state: "hold", 1 << 20)
        try cgroup.set(memoryLimit: 64 << 20)
        let watch = try WatchRun(
            "c=cgroup:\(cgroup.path)",
            "of=cgroup-of:\(child.pid)",
            "p=process:\(ProcessInfo.processInfo.processIdentifier)"
        )
        for scope in ["c", "of"] {
            let sample = try watch.sample(of: scope)
            #expect(sample["total"]?["processCount"] == 1)
            #expect(sample["container"]?["limitBytes"] == .number(Double(64 << 20)))
            #expect(sample["cgroup"]?["chargedBytes"]?.number ?? 0 >= Double(1 << 20))
        }
        _ = try watch.sample(of: "of")
        // The cgroup of an exited process is followed until it is removed: another process may be put into it.
        child.end()
        _ = try watch.sample(of: "of") { $0["total"]?["processCount"] == 0 }
        try cgroup.remove()
        let events = [try watch.event(), try watch.event()]
        #expect(events.allSatisfy { $0["event"] == "ended" && $0["code"] == "invalidArgument" })
        #expect(Set(events.compactMap { $0["scope"]?.text }) == ["c", "of"])
        _ = try watch.sample(of: "p")
    }

    @Test func belowADirectory() throws {
        let tree = try Systems.container()
        let stat = "17 (a) S 1 17 17 0 -1 4194304 0 0 0 0 %d 0 0 0 20 0 1 0 50 0 0"
        func write(ticks: Int) throws {
            let text = stat.replacingOccurrences(of: "%d", with: "\(ticks)") + String(repeating: " 0", count: 28) + "\n"
            try tree.write(text, to: "/proc/17/stat")
        }
        try write(ticks: 100)
        try tree.write("300 200 100 1 0 4 0\n", to: "/proc/17/statm")
        try tree.write("", to: "/proc/17/task/17/children")
        try tree.write("0::/kubepods/pod1\n", to: "/proc/17/cgroup")
        let watch = try WatchRun("x=tree:17", in: tree)
        let first = try watch.sample(of: "x")
        #expect(first["total"]?["rssBytes"] == .number(Double(200 * Systems.pageSizeBytes)))
        #expect(first["container"]?["limitBytes"] == 4_294_967_296)
        try write(ticks: 130)
        let later = try watch.sample(of: "x") { $0["cpu"]?["totalSeconds"] != 0 }
        #expect(later["cpu"]?["totalSeconds"] == 0.3)
        try FileManager.default.removeItem(at: tree.directory.appending(path: "proc/17"))
        #expect(try watch.event()["event"] == "rootExited")
        #expect(try watch.event()["event"] == "ended")
        #expect(watch.process.status(within: .seconds(20)) == 0)
    }

    @Test func aClosedOutputEndsIt() throws {
        let child = try ChildProcess(state: "hold", 4096)
        let watch = try WatchRun("x=process:\(child.pid)", "--every", "1000s", "--control")
        _ = try watch.sample(of: "x")
        watch.process.closeOutput()
        let status = watch.process.status(within: .seconds(20))
        #expect(status == 128 + SIGPIPE || status == 1)
    }

    /// The rows have the options of `procmem memory`.
    @Test func rowsOfCommands() throws {
        let child = try ChildProcess(state: "tree", 2, 1 << 20)
        let watch = try WatchRun(
            "x=tree:\(child.pid)",
            "--rows",
            "--by-command",
            "--columns",
            "count,cpu,rss,peak,command"
        )
        let sample = try watch.sample(of: "x")
        let groups = try #require(sample["groups"]?.elements)
        #expect(groups.count == 1 && groups[0]["processCount"] == 3)
        #expect(groups[0]["peakRSSBytes"]?.number ?? 0 > 0 && groups[0]["cpuUtilization"] == .null)
        #expect(try watch.sample(of: "x")["groups"]?.elements.first?["cpuUtilization"]?.number != nil)
        #expect(sample["processes"]?.elements.count == 3)
    }

    @Test(arguments: [
        [], ["x"], ["x=tree:0"], ["x=tree:1", "x=all"], ["=all"], ["a b =all"], ["x=cgroup:"], ["x=everything"],
        ["x=all", "--json", "--textfile", "f"], ["x=all", "--sort", "rss"], ["x=all", "--every", "1ms"],
        ["x=all", "--textfile", ""], ["x=all", "--rows", "--textfile", "f"], ["x=all", "--rows", "--sort", "count"],
    ])
    func wrongUsage(_ arguments: [String]) throws {
        let run = try CommandRun(["watch"] + arguments)
        #expect(run.status == 64 && run.output == "")
    }

    /// Lines fit into the terminal, and are aligned.
    @Test func textForPeople() throws {
        let child = try ChildProcess(state: "tree", 2, 1 << 20)
        let end = try ChildProcess(running: "/bin/sh", ["-c", "sleep 0.3"])
        for width in [40, 80, 120] {
            let lines = try Pseudoterminal.lines(
                of: "watch",
                "a name that is longer than most=tree:\(child.pid)",
                "short=process:\(end.pid)",
                "--every",
                "50ms",
                "--control",
                width: width
            )
            #expect(lines.count >= 1)
            #expect(lines.allSatisfy { $0.unicodeScalars.count <= width }, "\(lines)")
            #expect(lines[0].hasSuffix(width == 40 ? "CPU %" : "LIMIT"))
        }
    }
}
