import Foundation
import TestSupport
import Testing

@Suite struct SummaryCommandTests {
    private func system() throws -> FixtureTree {
        let tree = try Systems.cpus(quota: "150000 100000")
        let files = ["statm": "5000 2000 500 1 0 100 0\n", "task/42/children": ""]
        for (file, contents) in files { try tree.write(Data(contents.utf8), to: "/proc/self/\(file)") }
        let rollup = Systems.rollup(rss: 8000, pss: 6000, privateDirty: 5000, swap: 0)
        try tree.write(Data(rollup.utf8), to: "/proc/self/smaps_rollup")
        return tree
    }

    @Test func text() throws {
        let run = try CommandRun(in: system())
        #expect(run.status == 0)
        #expect(run.errors.isEmpty)
        let rss = (2000 * Systems.pageSizeBytes) >> 10
        #expect(
            run.lines.prefix(4) == [
                "CPUs       2 CPUs: a quota of 1.5, rounded up, cgroup /kubepods/pod1",
                "           8 online on the machine, 4 in the affinity mask",
                "memory     1.00 GiB, limit of cgroup /kubepods; the machine has 8.00 GiB",
                "tree       1 process, root worker (42); distinct memory:",
            ]
        )
        if rss == 8000 {
            #expect(run.lines[4].hasPrefix("  cheap    7.81 MiB (5.86–7.81) in "))
            let proof = "not proven: statm is not exact before Linux 6.16"
            #expect(run.lines[4].hasSuffix("s, from counters; \(proof); sum of RSS 7.81 MiB"))
        }
        // The file tree has no pagemap.
        #expect(run.lines[5].hasPrefix("  sampled  "))
        #expect(run.lines[5].hasSuffix("; 1 process not fully readable"))
        #expect(run.lines[6].hasPrefix("  accurate 7.81 MiB (5.86–7.81) in "))
        #expect(run.lines[6].hasSuffix("s, from page tables; not proven: PSS may be an average; sum of PSS 5.86 MiB"))
        #expect(run.lines.count == 7)
    }

    @Test func json() throws {
        let tree = try system()
        let answer = try CommandRun("--json", in: tree).json()
        #expect(try answer["cpu"] == CommandRun("cpu", "--json", in: tree).json())
        #expect(try answer["container"] == CommandRun("container", "--json", in: tree).json())
        #expect(answer["container"]?["limitBytes"] == 1_073_741_824)
        #expect(answer["memory"]?.elements.map { $0["mode"] } == ["cheap", "sampled", "accurate"])
    }

    @Test func theRunningSystem() throws {
        let run = try CommandRun()
        #expect(run.status == 0)
        #expect(run.errors.isEmpty)
        #expect(run.lines.first?.hasPrefix("CPUs ") == true)
        #expect(run.lines.contains { $0.hasPrefix("  cheap    ") && $0.contains("sum of RSS") })
        #expect(run.lines.contains { $0.hasPrefix("  accurate ") && $0.contains("sum of PSS") })
    }
}
