import Foundation
import TestSupport
import Testing

@Suite struct CPUCommandTests {
    @Test func aQuotaAsJSON() throws {
        let run = try CommandRun("cpu", "--json", in: Systems.cpus(quota: "150000 100000"))
        #expect(run.status == 0)
        #expect(run.errors.isEmpty)
        let expected = """
            {"effectiveCPUCount": 2, "effectiveCPUs": 1.5, "limitedBy": "quota",
             "affinity": {"count": 4, "cpus": "0-3"}, "onlineCount": 8,
             "quota": {"cpus": 1.5, "quotaMicroseconds": 150000, "periodMicroseconds": 100000,
                       "cgroup": "/kubepods/pod1", "cgroupVersion": 2, "enforced": true},
             "complete": true, "warnings": []}
            """
        #expect(try run.json() == JSON(parsing: expected))
    }

    @Test func noQuotaAsJSON() throws {
        let answer = try CommandRun("cpu", "--json", in: Systems.cpus(quota: "max 100000")).json()
        #expect(answer["quota"] == .null)
        #expect(answer["limitedBy"] == "affinity")
        #expect(answer["effectiveCPUCount"] == 4)
        #expect(answer["effectiveCPUs"] == 4)
    }

    @Test func warningsAsJSON() throws {
        let tree = try Systems.cpus(quota: "none")
        let answer = try CommandRun("cpu", "--json", in: tree).json()
        let warnings = try #require(answer["warnings"]?.elements)
        guard case .string(let warning) = warnings.first else { throw CocoaError(.coderInvalidValue) }
        #expect(warning.hasPrefix(tree.directory.path + "/sys/fs/cgroup/kubepods/pod1/cpu.max: "))
        #expect(answer["effectiveCPUCount"] == 4)
    }

    @Test(arguments: [("up", 2), ("down", 1), ("nearest", 2)])
    func rounding(_ option: String, _ count: Int) throws {
        let tree = try Systems.cpus(quota: "150000 100000")
        let answer = try CommandRun("cpu", "--rounding", option, "--json", in: tree).json()
        #expect(answer["effectiveCPUCount"] == .number(Double(count)))
        #expect(answer["effectiveCPUs"] == 1.5)
    }

    @Test func textForPeople() throws {
        let run = try CommandRun("cpu", in: Systems.cpus(quota: "150000 100000"))
        #expect(
            run.lines == [
                "2 CPUs: a quota of 1.5, rounded up, cgroup /kubepods/pod1",
                "",
                "affinity  4 (0-3)",
                "online    8",
                "cgroups   /kubepods/pod1  1.5 (150000 of 100000 µs)",
                "          /kubepods  no quota",
                "          /  no quota",
            ]
        )
    }

    @Test func theRunningSystemAsJSON() throws {
        let run = try CommandRun("cpu", "--json")
        #expect(run.status == 0)
        let shape = try run.json().shape
        var expected: [String: JSON.Shape] = [
            "effectiveCPUCount": .number, "effectiveCPUs": .number, "limitedBy": .string,
            "affinity": .object(["count": .number, "cpus": .string]),
            "complete": .bool,
        ]
        // What this machine may lack, or have.
        guard case .object(let members) = shape else { throw CocoaError(.coderInvalidValue) }
        #expect(members["onlineCount"] == .number || members["onlineCount"] == .null)
        #expect(members["warnings"] == .array([]) || members["warnings"] == .array([.string]))
        let quota = JSON.Shape.object([
            "cpus": .number, "quotaMicroseconds": .number, "periodMicroseconds": .number, "cgroup": .string,
            "cgroupVersion": .number, "enforced": .bool,
        ])
        #expect(members["quota"] == quota || members["quota"] == .null)
        for name in ["onlineCount", "warnings", "quota"] { expected[name] = members[name] }
        #expect(shape == .object(expected))
    }

    @Test func anotherProcess() throws {
        let process = try ChildProcess(state: "hold", 4096)
        let answer = try CommandRun("cpu", "--pid", "\(process.pid)", "--json").json()
        #expect(try answer["affinity"] == CommandRun("cpu", "--json").json()["affinity"])
    }

    @Test func theAffinityThatTasksetSets() throws {
        let procmem = try BuiltProduct.url(of: "procmem").path
        let mask = try CommandRun("cpu", "--json").json()["affinity"]?["cpus"]
        guard case .string(let cpus) = mask, let first = cpus.split(whereSeparator: { !$0.isNumber }).first else {
            throw CocoaError(.coderInvalidValue)
        }
        let run = try ChildProcess.output(
            of: "/usr/bin/env",
            ["taskset", "--cpu-list", String(first), procmem, "cpu", "--json"]
        )
        let answer = try JSON(parsing: run.text)
        #expect(try answer["affinity"] == JSON(parsing: #"{"count": 1, "cpus": "\#(first)"}"#))
        #expect(answer["effectiveCPUCount"] == 1)
    }
}
