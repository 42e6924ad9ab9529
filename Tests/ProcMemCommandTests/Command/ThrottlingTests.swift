import Foundation
import ProcMem
import TestSupport
import Testing

@testable import ProcMemCommand

/// `procmem cpu --throttling`.
@Suite(.timeLimit(.minutes(5))) struct ThrottlingTests {
    /// Shell commands that run the command given as arguments beside a busy loop.
    private static let busily = "(while :; do :; done) & busy=$!; \"$@\"; status=$?; kill -9 $busy; exit $status"

    @Test(.enabled(if: HiddenLimit.cpuUnavailable == nil, Comment(rawValue: HiddenLimit.cpuUnavailable ?? "")))
    func aParentsQuotaThatIsNotVisible() throws {
        let procmem = try BuiltProduct.url(of: "procmem").path
        let hidden = try HiddenLimit(.cpu)
        try hidden.parent.set(quota: 20_000)
        let run = try hidden.output(of: Self.busily, procmem, "cpu", "--throttling", "1", "--json")
        try #require(run.status == 0, "\(run.errorText)")
        let answer = try JSON(parsing: run.text)

        // The quota is not visible: the only visible level has none, and every visible level could be read.
        #expect(answer["quota"] == .null)
        #expect(answer["levels"]?.elements.map { $0["cgroup"] } == ["/"])
        #expect(answer["complete"] == .bool(true))
        #expect(answer["warnings"] == .array([]))
        let throttling = try #require(answer["throttling"])
        #expect(throttling["cgroup"] == "/")
        #expect(throttling["throttledMicroseconds"] == 0)
        #expect(throttling["throttledPeriods"] == 0)
        // The busy loop needs a whole CPU, and the quota is a fifth of a CPU. Other processes may leave it less.
        #expect(try #require(throttling["localThrottledMicroseconds"]?.number) > 0)
        #expect(throttling["hiddenLimit"] == .bool(true))
    }

    @Test(.enabled(if: HiddenLimit.cpuUnavailable == nil, Comment(rawValue: HiddenLimit.cpuUnavailable ?? "")))
    func aParentWithoutAQuota() throws {
        let procmem = try BuiltProduct.url(of: "procmem").path
        let hidden = try HiddenLimit(.cpu)
        let run = try hidden.output(of: Self.busily, procmem, "cpu", "--throttling", "0.3", "--json")
        try #require(run.status == 0, "\(run.errorText)")
        let throttling = try JSON(parsing: run.text)["throttling"]
        #expect(throttling?["localThrottledMicroseconds"] == 0)
        #expect(throttling?["hiddenLimit"] == .bool(false))
    }

    @Test func constantCountersAsJSON() throws {
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

    @Test func text() throws {
        let tree = try Systems.cpus(quota: "max 100000")
        let folder = "/sys/fs/cgroup/kubepods/pod1/"
        try tree.write("nr_periods 12\nnr_throttled 7\nthrottled_usec 345\n", to: folder + "cpu.stat")
        let old = try CommandRun("cpu", "--throttling", "0.01", in: tree).lines
        #expect(old.last == "hidden limit  unknown: cpu.stat.local (Linux 6.6) could not be read")
        try tree.write("throttled_usec 678\n", to: folder + "cpu.stat.local")
        let lines = try CommandRun("cpu", "--throttling", "0.01", in: tree).lines
        #expect(lines.count == 11)
        let throttled = try #require(lines.last)
        #expect(
            throttled.wholeMatch(of: /throttled {5}0 µs in [0-9.]+ ms, 0 µs of it by the cgroup's own quota/) != nil
        )
    }

    /// `cpu.stat.local` counts the throttling by any quota, and `cpu.stat` that by the cgroup's own.
    @Test(
        arguments: [
            ("max 100000", "345", "yes: throttled, although no visible cgroup has a quota"),
            ("150000 100000", "345", "yes: throttled, and not by the visible quota"),
            ("150000 100000", "400", nil),
        ] as [(String, String, String?)]
    )
    func aHiddenLimit(_ quota: String, _ own: String, _ text: String?) throws {
        let tree = try Systems.cpus(quota: quota)
        let folder = "/sys/fs/cgroup/kubepods/pod1/"
        try tree.write("nr_periods 12\nnr_throttled 7\nthrottled_usec 345\n", to: folder + "cpu.stat")
        try tree.write("throttled_usec 678\n", to: folder + "cpu.stat.local")
        let observation = try ThrottlingObservation(of: nil, in: tree.root()) {
            try? tree.write("nr_periods 13\nnr_throttled 7\nthrottled_usec \(own)\n", to: folder + "cpu.stat")
            try? tree.write("throttled_usec 5678\n", to: folder + "cpu.stat.local")
        }
        let rows = try ThrottlingText(observation: observation, limits: .current(in: tree.root())).rows
        #expect(rows.first { $0.title == "hidden limit" }?.text == text)
    }

    @Test func anotherProcess() throws {
        let process = try ChildProcess(state: "hold", 4096)
        let run = try CommandRun("cpu", "--throttling", "0.01", "--pid", "\(process.pid)", "--json")
        #expect(run.status == 0)
        #expect(try run.json()["throttling"]?["elapsedMicroseconds"] != nil)
    }
}
