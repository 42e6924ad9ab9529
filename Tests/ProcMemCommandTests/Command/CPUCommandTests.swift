import Foundation
import TestSupport
import Testing

@Suite struct CPUCommandTests {
    @Test func aQuotaAsJSON() throws {
        let tree = try Systems.cpus(quota: "150000 100000")
        let run = try CommandRun("cpu", "--json", in: tree)
        #expect(run.status == 0)
        #expect(run.errors.isEmpty)
        let folder = tree.directory.path + "/sys/fs/cgroup"
        let none = #""quotaMicroseconds": null, "periodMicroseconds": null, "cpus": null, "known": true"#
        let expected = """
            {"effectiveCPUCount": 2, "effectiveCPUs": 1.5, "limitedBy": "quota",
             "affinity": {"count": 4, "cpus": "0-3"}, "onlineCount": 8,
             "isolatedCPUs": null, "hiddenAncestors": false,
             "quota": {"cpus": 1.5, "quotaMicroseconds": 150000, "periodMicroseconds": 100000,
                       "cgroup": "/kubepods/pod1", "cgroupVersion": 2, "enforced": true},
             "levels": [{"cgroup": "/kubepods/pod1", "path": "\(folder)/kubepods/pod1/cpu.max", "cpus": 1.5,
                         "quotaMicroseconds": 150000, "periodMicroseconds": 100000, "known": true},
                        {"cgroup": "/kubepods", "path": "\(folder)/kubepods/cpu.max", \(none)},
                        {"cgroup": "/", "path": "\(folder)/cpu.max", \(none)}],
             "swiftPoolWidth": 4, "throttling": null, "complete": true, "warnings": []}
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
        let path = tree.directory.path + "/sys/fs/cgroup/kubepods/pod1/cpu.max"
        #expect(warning == "\(path): expected \"QUOTA PERIOD\" or \"max PERIOD\" in microseconds, found \"none\\n\"")
        #expect(answer["levels"]?.elements.map { $0["known"] } == [.bool(false), .bool(true), .bool(true)])
        let text = try CommandRun("cpu", in: tree).lines
        #expect(text.contains("cgroups       unknown   /kubepods/pod1"))
        #expect(text.last == "warning       \(warning)")
        #expect(answer["effectiveCPUCount"] == 4)
    }

    @Test(arguments: [("up", 2), ("down", 1), ("nearest", 2)])
    func rounding(_ option: String, _ count: Int) throws {
        let tree = try Systems.cpus(quota: "150000 100000")
        let answer = try CommandRun("cpu", "--rounding", option, "--json", in: tree).json()
        #expect(answer["effectiveCPUCount"] == .number(Double(count)))
        #expect(answer["effectiveCPUs"] == 1.5)
    }

    @Test func aQuotaAsText() throws {
        let run = try CommandRun("cpu", in: Systems.cpus(quota: "150000 100000"))
        #expect(
            run.lines == [
                "2 CPUs: a quota of 1.5, rounded up, cgroup /kubepods/pod1",
                "",
                "not rounded   1.5",
                "limited by    quota, 150000 µs per 100000 µs, cgroup /kubepods/pod1",
                "affinity      4 (0-3)",
                "cgroups       1.5 (150000 µs per 100000 µs)  /kubepods/pod1",
                "              no quota                       /kubepods",
                "              no quota                       /",
                "online        8",
                "Swift's pool  4 threads, from the affinity mask; too many for 2 CPUs",
            ]
        )
    }

    /// The text says "too many" only if the pool has more threads than there are CPUs.
    @Test func aThreadPoolThatIsNotTooLarge() throws {
        let run = try CommandRun("cpu", in: Systems.cpus(quota: "350000 100000"))
        #expect(run.lines.last == "Swift's pool  4 threads, from the affinity mask")
        let allowed = try CommandRun("cpu", in: Systems.cpus(quota: "900000 100000"))
        #expect(allowed.lines.first == "4 CPUs: the affinity mask; the quota allows more")
        #expect(allowed.lines.contains("limited by    affinity, CPUs 0-3"))
        let equal = try CommandRun("cpu", in: Systems.cpus(quota: "400000 100000"))
        #expect(equal.lines.first == "4 CPUs: the affinity mask; the quota allows as many")
        let down = try CommandRun("cpu", "--rounding", "down", in: Systems.cpus(quota: "350000 100000"))
        #expect(down.lines.last == "Swift's pool  4 threads, from the affinity mask; too many for 3 CPUs")
    }

    @Test func aQuotaThatCannotBeParsed() throws {
        let tree = try Systems.cpus(quota: "junk")
        #expect(try CommandRun("cpu", in: tree).lines.first == "4 CPUs: the affinity mask; no quota is known")
    }

    @Test func aRealTimeProcess() throws {
        let tree = try Systems.cpus(quota: "150000 100000")
        let stat = "42 (worker) S 1 1 1 0 -1 4194304 0 0 0 0 0 0 0 0 20 0 1 0 55" + String(repeating: " 0", count: 18)
        try tree.write(stat + " 1 0\n", to: "/proc/self/stat")
        let lines = try CommandRun("cpu", in: tree).lines
        #expect(lines.first == "4 CPUs: the affinity mask; the quota does not apply")
        #expect(lines.contains("policy        real-time: CPU quotas do not apply"))
        #expect(lines.last == "Swift's pool  4 threads, from the affinity mask")
    }

    @Test func aCgroupThatIsNotVisible() throws {
        let tree = try Systems.cpus(quota: "150000 100000")
        try tree.write("0::/elsewhere\n", to: "/proc/self/cgroup")
        try FileManager.default.removeItem(at: tree.directory.appending(path: "sys/devices"))
        let lines = try CommandRun("cpu", in: tree).lines
        #expect(lines.contains("not visible   the process's own cgroup, or one above it"))
        #expect(lines.contains("online        unknown"))
        #expect(lines.last?.hasSuffix("/sys/fs/cgroup/elsewhere/cpu.max: no such cgroup is visible") == true)
    }

    /// A hidden cgroup may have a quota, and the throttled time shows whether it does.
    @Test func cgroupsAboveTheMountedOne() throws {
        let tree = try Systems.cpus(quota: "max 100000")
        try tree.write("populated 1\n", to: "/sys/fs/cgroup/cgroup.events")
        let lines = try CommandRun("cpu", in: tree).lines
        #expect(lines.first == "4 CPUs: the affinity mask; no quota is visible")
        let hidden = "not visible   the cgroups above the mounted one; a quota of theirs applies too"
        #expect(lines.contains { $0 == "\(hidden); --throttling 10 measures whether one does" })
        #expect(try CommandRun("cpu", "--throttling", "0.01", in: tree).lines.contains { $0 == hidden })
        #expect(try CommandRun("cpu", "--json", in: tree).json()["hiddenAncestors"] == .bool(true))
        #expect(
            try !CommandRun("cpu", in: Systems.cpus(quota: "max 100000")).lines.contains { $0.contains("throttling") }
        )
    }

    /// lxcfs shows fewer CPUs than the mask has.
    @Test func aListOfCPUsThatIsCovered() throws {
        let tree = try Systems.cpus(quota: "max 100000")
        try tree.write("0-1\n", to: "/sys/devices/system/cpu/online")
        try tree.write("populated 1\n", to: "/sys/fs/cgroup/cgroup.events")
        let path = tree.directory.path + "/sys/devices/system/cpu/online"
        let warning =
            "\(path): lists 2 CPUs (0-1), but the affinity mask has 4 (0-3); a file system such as lxcfs covers "
        let line = try CommandRun("cpu", in: tree).lines.last
        #expect(line?.hasPrefix("warning       \(warning)") == true, "\(line ?? "")")
    }

    @Test func isolatedCPUs() throws {
        let tree = try Systems.cpus(quota: "max 100000")
        #expect(try !CommandRun("cpu", in: tree).lines.contains { $0.hasPrefix("isolated") })
        try tree.write("2-5\n", to: "/sys/devices/system/cpu/isolated")
        let text = "isolated      2-3: the scheduler does not balance threads on these CPUs"
        #expect(try CommandRun("cpu", in: tree).lines.contains { $0 == text })
        #expect(try CommandRun("cpu", "--json", in: tree).json()["isolatedCPUs"] == "2-3")
    }

    @Test func theMaskOfTheMainThreadAlone() throws {
        let tree = try Systems.cpus(quota: "max 100000")
        try tree.write("Cpus_allowed:\tff\n", to: "/proc/self/task/43/status")
        let text = "affinity      4 (0-3), mask of the main thread; other threads may use 0-7"
        #expect(try CommandRun("cpu", in: tree).lines.contains { $0 == text })
        try tree.write("Cpus_allowed:\t03\n", to: "/proc/self/task/43/status")
        #expect(try CommandRun("cpu", in: tree).lines.contains("affinity      4 (0-3)"))
    }

    /// The list of CPUs that are online is covered by one that has no more CPUs than the main thread's mask.
    @Test(
        .enabled(if: ProcMount.unavailableReason == nil, "\(ProcMount.unavailableReason ?? "")"),
        .enabled(if: sysconf(Int32(_SC_NPROCESSORS_ONLN)) > 1, "needs two CPUs")
    )
    func theMaskOfTheMainThreadWithACoveredList() throws {
        let process = try ChildProcess(state: "thread")
        let first = "0"
        let pinned = try ChildProcess.output(of: "/usr/bin/env", ["taskset", "-p", "-c", first, "\(process.pid)"])
        try #require(pinned.status == 0)
        let list = try FixtureTree(["/online": first + "\n"])
        let run = try ProcMount.output(
            "mount --bind \(list.directory.path)/online /sys/devices/system/cpu/online",
            privileges: [],
            of: [BuiltProduct.url(of: "procmem").path, "cpu", "--pid", "\(process.pid)"]
        )
        #expect(run.status == 0)
        #expect(run.text.contains("\naffinity      1 (0), mask of the main thread; other threads may use "))
    }

    @Test func theRunningSystemAsJSON() throws {
        let run = try CommandRun("cpu", "--json")
        #expect(run.status == 0)
        let shape = try run.json().shape
        var expected: [String: JSON.Shape] = [
            "effectiveCPUCount": .number, "effectiveCPUs": .number, "limitedBy": .string,
            "affinity": .object(["count": .number, "cpus": .string]),
            "complete": .bool, "swiftPoolWidth": .number, "throttling": .null,
        ]
        // These depend on the machine.
        guard case .object(let members) = shape else { throw CocoaError(.coderInvalidValue) }
        #expect(members["onlineCount"] == .number || members["onlineCount"] == .null)
        #expect(members["warnings"] == .array([]) || members["warnings"] == .array([.string]))
        let quota = JSON.Shape.object([
            "cpus": .number, "quotaMicroseconds": .number, "periodMicroseconds": .number, "cgroup": .string,
            "cgroupVersion": .number, "enforced": .bool,
        ])
        #expect(members["quota"] == quota || members["quota"] == .null)
        guard case .array(let levels) = members["levels"] else { throw CocoaError(.coderInvalidValue) }
        let mounts = try KernelFile.text("/proc/self/mountinfo")
        #expect(levels.isEmpty == !mounts.contains(" - cgroup"))
        for level in levels {
            guard case .object(let level) = level else { throw CocoaError(.coderInvalidValue) }
            #expect(
                level.keys.sorted() == ["cgroup", "cpus", "known", "path", "periodMicroseconds", "quotaMicroseconds"]
            )
        }
        #expect(members["hiddenAncestors"] == .bool)
        for name in ["onlineCount", "warnings", "quota", "levels", "hiddenAncestors", "isolatedCPUs"] {
            expected[name] = members[name]
        }
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
