import Foundation
import ProcMem
import TestSupport
import Testing

/// The programs that the answers are compared with, and the command.
enum CPUPrograms {
    static let taskset = "/usr/bin/taskset"
    static let nproc = "/usr/bin/nproc"
    static let chrt = "/usr/bin/chrt"
    /// The command `procmem`; `nil` if it was built without ArgumentParser or cannot run with this system's C library.
    static let command: String? = {
        guard let path = try? BuiltProduct.url(of: "procmem").path,
            (try? ChildProcess.output(of: path, ["cpu", "--json"]))?.status == 0
        else { return nil }
        return path
    }()

    static func have(_ paths: String?...) -> Bool {
        paths.allSatisfy { $0.map { FileManager.default.isExecutableFile(atPath: $0) } == true }
    }
}

/// The running system, compared with sources that do not use ProcMem.
@Suite(.timeLimit(.minutes(5))) struct CPULiveTests {
    private func nproc(onCPUs cpus: String? = nil) throws -> Int {
        let output =
            try cpus.map { try ChildProcess.output(of: CPUPrograms.taskset, ["-c", $0, CPUPrograms.nproc]) }
            ?? ChildProcess.output(of: CPUPrograms.nproc, [])
        return try #require(Int(output.text.trimmingCharacters(in: .whitespacesAndNewlines)))
    }

    @Test(.enabled(if: CPUPrograms.have(CPUPrograms.taskset, CPUPrograms.nproc), "taskset or nproc is missing"))
    func theMaskIsTheOneThatNprocSees() throws {
        let limits = try CPULimits.current()
        #expect(limits.affinity.count == (try nproc()))
        #expect(limits.affinity.count <= limits.onlineCount ?? .max)
        #expect(limits.effectiveCPUCount() == effectiveCPUCount())
        #expect(try CPULimits(of: getpid()).affinity == limits.affinity)
    }

    @Test(
        .enabled(if: CPUPrograms.have(CPUPrograms.taskset, CPUPrograms.nproc), "taskset or nproc is missing"),
        .enabled(
            if: CPUPrograms.have(CPUPrograms.command),
            "the command is not built, or with another C library than this system's"
        )
    )
    func underTasksetTheCommandAgreesWithNproc() throws {
        let command = try #require(CPUPrograms.command)
        let allowed = try CPULimits.current().affinity
        let first = try #require(allowed.ranges.first?.lowerBound)
        for cpus in ["\(first)", allowed.description] {
            let output = try ChildProcess.output(of: CPUPrograms.taskset, ["-c", cpus, command, "cpu", "--json"])
            let report = try CPUReport(output)
            #expect(report.affinity.cpus == cpus)
            #expect(report.affinity.count == (try nproc(onCPUs: cpus)))
            #expect(report.effectiveCPUCount <= report.affinity.count)
        }
    }

    @Test(.enabled(if: CPUPrograms.have(CPUPrograms.taskset, CPUPrograms.nproc), "taskset or nproc is missing"))
    func anotherProcessHasAMaskOfItsOwn() throws {
        let child = try ChildProcess(state: "hold", 4096)
        let last = try #require(try CPULimits.current().affinity.ranges.last?.upperBound)
        let output = try ChildProcess.output(of: CPUPrograms.taskset, ["-cp", "\(last)", "\(child.pid)"])
        try #require(output.status == 0)
        let limits = try CPULimits(of: child.pid)
        #expect(limits.affinity.description == "\(last)")
        #expect(limits.effectiveCPUCount() == 1)
        #expect(limits.limitedBy == .affinity)
    }

    @Test(
        .enabled(if: CPUPrograms.have(CPUPrograms.chrt), "chrt is missing"),
        arguments: [("--batch", SchedulingPolicy.batch), ("--idle", .idle), ("--other", .other)]
    )
    func thePolicyIsTheProcesssOwn(_ option: String, _ policy: SchedulingPolicy) throws {
        let child = try ChildProcess(running: CPUPrograms.chrt, [option, "0", "/bin/sleep", "60"])
        // chrt sets the policy before it executes the program.
        #expect(try Waiting.until { try CPULimits(of: child.pid).policy == policy })
    }

    @Test func aFolderThatIsTheSystemGivesTheSameAnswer() throws {
        let child = try ChildProcess(state: "hold", 4096)
        let live = try CPULimits(of: child.pid)
        let below = try CPULimits(of: child.pid, in: SystemRoot(directory: "/"))
        #expect(below.affinity == live.affinity)
        #expect(below.onlineCount == live.onlineCount)
        #expect(below.policy == live.policy)
        #expect(below.binding == live.binding)
        #expect(below.levels.map(\.cgroup) == live.levels.map(\.cgroup))
        #expect(below.isComplete == live.isComplete)
    }
}

/// The JSON of `procmem cpu`.
struct CPUReport: Decodable {
    struct Affinity: Decodable {
        let count: Int
        let cpus: String
    }

    struct Quota: Decodable {
        let cpus: Double
        let cgroup: String
        let cgroupVersion: Int
        let enforced: Bool
    }

    let effectiveCPUCount: Int
    let effectiveCPUs: Double
    let limitedBy: String
    let affinity: Affinity
    let quota: Quota?
    let complete: Bool

    init(_ output: ChildProcess.Output) throws {
        self = try JSONDecoder().decode(CPUReport.self, from: Data(output.text.utf8))
    }
}
