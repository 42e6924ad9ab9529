import Foundation
import TestSupport
import Testing

@Suite struct TerminalTests {
    @Test(arguments: [20, 40, 79]) func linesFitTheTerminal(_ width: Int) throws {
        let tree = try Systems.cpus(quota: "150000 100000")
        let lines = try Pseudoterminal.lines(of: "cpu", in: tree, width: width)
        #expect(lines.count == 10)
        #expect(lines.allSatisfy { $0.count <= width })
        #expect(lines.map(\.count).max() == min(width, 68))
        #expect(lines.first?.hasSuffix("…") == (width < 57))
    }

    @Test(arguments: [20, 40, 79]) func linesOfContainerFitTheTerminal(_ width: Int) throws {
        let lines = try Pseudoterminal.lines(of: "container", in: Systems.container(), width: width)
        #expect(lines.count == 17)
        #expect(lines.map(\.count).max() == min(width, 76))
    }

    @Test func aWidthInTheEnvironmentTakesPrecedence() throws {
        let tree = try Systems.processes(serverName: "a-longer-name-x")
        let narrow = try Pseudoterminal.lines(of: "memory", "100", in: tree, width: 80, environment: ["COLUMNS": "24"])
        #expect(narrow.map(\.count).max() == 24)
        for invalid in ["", "0", "-5", "wide"] {
            let lines = try Pseudoterminal.lines(
                of: "memory",
                "100",
                in: tree,
                width: 30,
                environment: ["COLUMNS": invalid]
            )
            #expect(lines.map(\.count).max() == 30)
        }
    }

    @Test func withoutATerminalNoLineIsCut() throws {
        let run = try CommandRun("cpu", in: Systems.cpus(quota: "150000 100000"))
        #expect(run.lines.map(\.count).max() == 68)
    }

    @Test func jsonIsNotCut() throws {
        let tree = try Systems.cpus(quota: "150000 100000")
        let lines = try Pseudoterminal.lines(of: "cpu", "--json", in: tree, width: 20)
        let answer = try JSON(parsing: lines.joined())
        #expect(answer["effectiveCPUCount"] == 2)
    }

    /// A process with a name that contains escape sequences, which would clear the screen.
    @Test func aNameWithEscapeSequences() throws {
        let name = "\u{1B}[2J\u{1B}[31m\nred"
        let process = try ChildProcess(state: "name", name)
        let lines = try Pseudoterminal.lines(of: "memory", "\(process.pid)", width: 80)
        #expect(lines.count == 4)
        #expect(lines[1].hasSuffix("  ?[2J?[31m?red"))
        let piped = try CommandRun("memory", "\(process.pid)")
        #expect(piped.output.utf8.allSatisfy { $0 >= 0x20 || $0 == 0x0A })
        let json = try CommandRun("memory", "\(process.pid)", "--json")
        #expect(json.output.utf8.allSatisfy { $0 >= 0x20 || $0 == 0x0A })
        #expect(try json.json()["processes"]?.elements.first?["command"] == .string(name))
    }

    /// Paths of cgroups may contain escape sequences too, because a container may choose them.
    @Test func aCgroupWithEscapeSequences() throws {
        let tree = try FixtureTree(
            MountTable.files(
                in: "/\u{1B}[31mred",
                [
                    "/proc/self/status": "Cpus_allowed:\t0f\n",
                    "/sys/fs/cgroup/\u{1B}[31mred/cpu.max": "100000 100000\n",
                ]
            )
        )
        let run = try CommandRun("cpu", in: tree)
        #expect(run.status == 0)
        #expect(run.lines.first == "1 CPU: a quota of 1, cgroup /?[31mred")
        #expect(run.output.utf8.allSatisfy { $0 >= 0x20 || $0 == 0x0A })
        try tree.write("4096\n", to: "/sys/fs/cgroup/\u{1B}[31mred/memory.max")
        let container = try CommandRun("container", in: tree)
        #expect(container.lines.first?.hasPrefix("4.00 KiB: limit of cgroup /?[31mred; ") == true)
        #expect(container.output.utf8.allSatisfy { $0 >= 0x20 || $0 == 0x0A })
    }
}
