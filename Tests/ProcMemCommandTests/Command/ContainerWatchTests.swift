import Foundation
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(5))) struct ContainerWatchTests {
    private static let own = "/sys/fs/cgroup/kubepods/pod1"

    private func watch(_ arguments: String..., in tree: FixtureTree) throws -> WatchTests.Watch {
        switch arguments.count {
        case 0: try .init(of: "container", in: tree)
        case 1: try .init(arguments[0], of: "container", in: tree)
        case 2: try .init(arguments[0], arguments[1], of: "container", in: tree)
        default: try .init(arguments[0], arguments[1], arguments[2], of: "container", in: tree)
        }
    }

    @Test func oneLineForEachChange() throws {
        let tree = try Systems.container()
        let watch = try watch("--below", "1GiB", in: tree)
        let first = watch.line()
        #expect(first.prefixMatch(of: #/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ  /#) != nil)
        #expect(first.hasSuffix("Z  start: limit 4.00 GiB, soft limit 3.00 GiB; 1.20 GiB used, 2.10 GiB available"))

        try tree.write("max\n", to: "\(Self.own)/memory.high")
        #expect(watch.line().contains("Z  soft limit none, was 3.00 GiB, cgroup /kubepods/pod1; 1.20 GiB used"))
        try tree.write("low 0\nhigh 12\nmax 2\noom 0\noom_kill 3\noom_group_kill 0\n", to: "\(Self.own)/memory.events")
        #expect(watch.line().contains("Z  2 OOM kills, 3 in total; "))
        #expect(watch.line().contains("Z  2 times at the limit, 2 in total; "))
        try tree.write("2147483648\n", to: "\(Self.own)/memory.max")
        #expect(watch.line().contains("Z  limit 2.00 GiB, was 4.00 GiB, cgroup /kubepods/pod1; "))
        try tree.write("2000000000\n", to: "\(Self.own)/memory.current")
        #expect(watch.line().contains("Z  available memory below 1.00 GiB; 1.86 GiB used, 448 MiB available"))
        try tree.write("1000\n", to: "\(Self.own)/memory.current")
        #expect(watch.line().contains("Z  available memory above 1.00 GiB again; "))
        watch.interrupt()
        #expect(watch.line() == "")
        #expect(watch.status() == SIGINT)
    }

    /// The kernel does not report the limits of hidden cgroups, and a limit above the machine's memory does not bind.
    @Test(arguments: ["max\n", "107374182400\n"]) func withoutALimitThatBinds(_ limit: String) throws {
        let tree = try Systems.container()
        try tree.write(limit, to: "\(Self.own)/memory.max")
        try tree.write("max\n", to: "\(Self.own)/memory.high")
        try tree.write("populated 1\n", to: "/sys/fs/cgroup/cgroup.events")
        let line = try watch(in: tree).line()
        #expect(line.contains("Z  start: no visible limit below the machine's memory; 1.20 GiB used, "), "\(line)")
    }

    @Test func oneLineOfJSONForEachChange() throws {
        let tree = try Systems.container()
        let watch = try watch("--json", "--below", "50%", in: tree)
        let text = watch.line()
        let start = try JSON(parsing: text)
        #expect(start["cause"] == "start" && start["limitBytes"] == 4_294_967_296 && start["aboveHigh"] == .bool(false))
        #expect(text.contains("\"thresholdBytes\":null") && text.contains("\"cgroup\":null"), "\(text)")
        #expect(text.contains(/"time":"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"/))
        try tree.write("max\n", to: "\(Self.own)/memory.max")
        let limit = try JSON(parsing: watch.line())
        #expect(limit["cause"] == "limit" && limit["cgroup"] == "/kubepods/pod1")
        #expect(limit["earlierBytes"] == 4_294_967_296 && limit["laterBytes"] == .null)
        try tree.write("3000000000\n", to: "\(Self.own)/memory.current")
        let below = try JSON(parsing: watch.line())
        #expect(below["cause"] == "availableBelow" && below["thresholdBytes"] == 1_610_612_736)
    }

    @Test func pressureIsPolledWhereTheFileIsNotTheKernels() throws {
        let tree = try Systems.container()
        let watch = try watch("--pressure", "10%", in: tree)
        #expect(watch.line().contains("start:"))
        let stalls =
            "some avg10=34.50 avg60=0.50 avg300=0.10 total=904000\nfull avg10=0.25 avg60=0.00 avg300=0.00 total=1000\n"
        try tree.write(stalls, to: "\(Self.own)/memory.pressure")
        #expect(watch.line().contains("Z  memory pressure above 10.00 %, 34.50 % of the last 10 s; "))
    }

    @Test func pressureThatTheKernelDoesNotCount() throws {
        let tree = try Systems.container()
        try FileManager.default.removeItem(at: tree.directory.appending(path: "\(Self.own)/memory.pressure"))
        let watch = try watch("--pressure", "10%", in: tree)
        let warning = watch.line()
        #expect(warning.hasPrefix("procmem: ") && warning.contains("memory.pressure: does not exist"), "\(warning)")
        #expect(watch.line().contains("start:"))
    }

    @Test func endsWhenTheProcessExits() throws {
        let tree = try Systems.container()
        for file in ["cgroup", "mountinfo"] {
            let contents = try Data(contentsOf: tree.directory.appending(path: "proc/self/\(file)"))
            try tree.write(contents, to: "/proc/42/\(file)")
        }
        try tree.write(Systems.stat(42, "worker", parent: 1), to: "/proc/42/stat")
        let watch = try watch("--pid", "42", in: tree)
        #expect(watch.line().contains("start:"))
        try FileManager.default.removeItem(at: tree.directory.appending(path: "proc/42"))
        #expect(watch.line() == "procmem: process 42 has exited")
        #expect(watch.status() == 1)
    }

    @Test(
        arguments: [
            ["--below", "200MiB"], ["--pressure", "10%"], ["--watch", "--below", "0"], ["--watch", "--below", "120%"],
            ["--watch", "--below", "-5%"], ["--watch", "--below", "lots"], ["--watch", "--pressure", "10"],
            ["--watch", "--pressure", "0%"], ["--watch", "--pressure", "nan%"],
        ]
    )
    func usageErrors(_ arguments: [String]) throws {
        let run = try CommandRun(["container"] + arguments)
        #expect(run.status == 64 && run.output.isEmpty, "\(arguments): \(run.errors)")
    }
}
