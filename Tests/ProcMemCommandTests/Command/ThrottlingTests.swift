import Foundation
import TestSupport
import Testing

/// `procmem cpu --throttling`.
@Suite(.timeLimit(.minutes(5))) struct ThrottlingTests {
    /// Something to run beside the command, until it has ended.
    private static let busily = "(while :; do :; done) & busy=$!; \"$@\"; status=$?; kill -9 $busy; exit $status"

    @Test(.enabled(if: HiddenLimit.cpuObstacle == nil, Comment(rawValue: HiddenLimit.cpuObstacle ?? "")))
    func aParentsQuotaThatCannotBeSeen() throws {
        let procmem = try BuiltProduct.url(of: "procmem").path
        let hidden = try HiddenLimit(.cpu)
        try hidden.parent.set(quota: 20_000)
        let run = try hidden.output(of: Self.busily, procmem, "cpu", "--throttling", "0.5", "--json")
        try #require(run.status == 0, "\(run.errorText)")
        let answer = try JSON(parsing: run.text)

        // Nothing of it is visible: one level, without a quota, whole as far as anybody can tell.
        #expect(answer["quota"] == .null)
        #expect(answer["levels"]?.elements.map { $0["cgroup"] } == ["/"])
        #expect(answer["complete"] == .bool(true))
        #expect(answer["warnings"] == .array([]))
        let throttling = try #require(answer["throttling"])
        #expect(throttling["cgroup"] == "/")
        #expect(throttling["throttledMicroseconds"] == 0)
        #expect(throttling["throttledPeriods"] == 0)
        // A fifth of a CPU was had by what wanted a whole one.
        #expect(try #require(throttling["localThrottledMicroseconds"]?.number) > 100_000)
        #expect(throttling["hiddenLimit"] == .bool(true))
    }

    @Test(.enabled(if: HiddenLimit.cpuObstacle == nil, Comment(rawValue: HiddenLimit.cpuObstacle ?? "")))
    func aParentWithoutAQuota() throws {
        let procmem = try BuiltProduct.url(of: "procmem").path
        let hidden = try HiddenLimit(.cpu)
        let run = try hidden.output(of: Self.busily, procmem, "cpu", "--throttling", "0.3", "--json")
        try #require(run.status == 0, "\(run.errorText)")
        let throttling = try JSON(parsing: run.text)["throttling"]
        #expect(throttling?["localThrottledMicroseconds"] == 0)
        #expect(throttling?["hiddenLimit"] == .bool(false))
    }

    @Test func aSystemThatStandsStillAsJSON() throws {
        let tree = try Systems.cpus(quota: "150000 100000")
        let folder = "/sys/fs/cgroup/kubepods/pod1/"
        try tree.write("nr_periods 12\nnr_throttled 7\nthrottled_usec 345\n", to: folder + "cpu.stat")
        try tree.write("throttled_usec 678\n", to: folder + "cpu.stat.local")
        let run = try CommandRun("cpu", "--throttling", "0.01", "--json", in: tree)
        let throttling = try #require(try run.json()["throttling"])
        let elapsed = try #require(throttling["elapsedMicroseconds"]?.number)
        #expect(elapsed >= 10_000)
        let expected = """
            {"elapsedMicroseconds": \(Int(elapsed)), "cgroup": "/kubepods/pod1", "periods": 0, "throttledPeriods": 0,
             "throttledMicroseconds": 0, "localThrottledMicroseconds": 0, "hiddenLimit": false, "warnings": []}
            """
        #expect(try throttling == JSON(parsing: expected))
    }

    @Test func textForPeople() throws {
        let tree = try Systems.cpus(quota: "max 100000")
        let folder = "/sys/fs/cgroup/kubepods/pod1/"
        try tree.write("nr_periods 12\nnr_throttled 7\nthrottled_usec 345\n", to: folder + "cpu.stat")
        let old = try CommandRun("cpu", "--throttling", "0.01", in: tree).lines
        #expect(old.last == "hidden limit  unknown: cpu.stat.local is not there (since Linux 6.6)")
        try tree.write("throttled_usec 678\n", to: folder + "cpu.stat.local")
        let lines = try CommandRun("cpu", "--throttling", "0.01", in: tree).lines
        #expect(lines.count == 11)
        let throttled = try #require(lines.last)
        #expect(
            throttled.wholeMatch(of: /throttled {5}0 µs in [0-9.]+ ms, 0 µs of it by the cgroup's own quota/) != nil
        )
    }

    @Test func anotherProcess() throws {
        let process = try ChildProcess(state: "hold", 4096)
        let run = try CommandRun("cpu", "--throttling", "0.01", "--pid", "\(process.pid)", "--json")
        #expect(run.status == 0)
        #expect(try run.json()["throttling"]?["elapsedMicroseconds"] != nil)
    }
}
