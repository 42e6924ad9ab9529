import CTestSupport
import Foundation
import ProcMem
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(5))) struct CPULimitReaderTests {
    /// Whether a reading agrees with limits that were read separately.
    private static func agrees(_ reading: CPULimitReader.Reading, _ limits: CPULimits) -> Bool {
        reading.affinityCount == limits.affinity.count && reading.quota == limits.binding?.quota
            && reading.isQuotaEnforced == limits.binding?.isEnforced ?? reading.isQuotaEnforced
            // A reading has no warnings: what it could not parse makes it incomplete.
            && reading.isComplete == (limits.isComplete && limits.warnings.isEmpty)
            && reading.limitedBy == limits.limitedBy
            && reading.effectiveCPUs == limits.effectiveCPUs
            && CPULimits.Rounding.allCases.allSatisfy {
                reading.effectiveCPUCount(rounding: $0) == limits.effectiveCPUCount(rounding: $0)
            }
    }

    /// Reads until the answer is as expected. Limit files are read in each call, the membership every 100 ms.
    private static func waits(
        _ reader: inout CPULimitReader,
        until isWanted: (CPULimitReader.Reading) -> Bool
    ) throws -> Bool {
        let end = ContinuousClock.now + Waiting.deadline
        while !isWanted(try reader.read()) {
            guard ContinuousClock.now < end else { return false }
            usleep(1000)
        }
        return true
    }

    @Test func theCallersLimits() throws {
        var reader = try CPULimitReader()
        #expect(try Self.agrees(reader.read(), CPULimits.current()))
    }

    @Test(arguments: CPUConformanceTests.corpus + CPUConformanceTests.more)
    func capturedSystems(_ system: CPUConformanceTests.Case) throws {
        let tree = try FixtureTree(system.files, links: system.links ?? [:])
        var reader = try CPULimitReader(in: tree.root())
        #expect(try Self.agrees(reader.read(), CPULimits.current(in: tree.root())))
        #expect(try reader.read().effectiveCPUCount() == system.expect.count)
    }

    @Test func aFileThatChanges() throws {
        let tree = try FixtureTree(
            MountTable.files(
                in: "/a/b",
                [
                    "proc/self/status": "Cpus_allowed:\tff\n",
                    "sys/fs/cgroup/a/b/cpu.max": "max 100000\n",
                    "sys/fs/cgroup/a/cpu.max": "300000 100000\n",
                ]
            )
        )
        func rewrite(_ text: String, _ path: String) throws {
            let file = try FileHandle(forWritingTo: tree.directory.appending(path: path))
            try file.truncate(atOffset: 0)
            try file.write(contentsOf: Data(text.utf8))
        }
        var reader = try CPULimitReader(in: tree.root())
        #expect(try reader.read().effectiveCPUCount() == 3)
        try rewrite("150000 100000\n", "sys/fs/cgroup/a/b/cpu.max")
        #expect(try reader.read().effectiveCPUs == 1.5)
        try rewrite("junk\n", "sys/fs/cgroup/a/b/cpu.max")
        #expect(try reader.read().effectiveCPUCount() == 3)
        try rewrite("", "sys/fs/cgroup/a/cpu.max")
        #expect(try reader.read().effectiveCPUCount() == 8)
        try rewrite("0::/\n", "proc/self/cgroup")
        try rewrite("100000 100000\n", "sys/fs/cgroup/a/cpu.max")
        #expect(try Self.waits(&reader) { $0.effectiveCPUCount() == 8 })
    }

    @Test func aProcessThatIsNotThere() {
        func open(_ pid: Int32) throws { _ = try CPULimitReader(of: pid) }
        #expect(#expect(throws: ProcMemError.self) { try open(0) }?.code == .invalidArgument)
        #expect(#expect(throws: ProcMemError.self) { try open(.max) }?.code == .noSuchProcess)
    }

    @Test func aProcessThatEnds() throws {
        let child = try ChildProcess(state: "hold", 4096)
        var reader = try CPULimitReader(of: child.pid)
        _ = try reader.read()
        child.end()
        let error = #expect(throws: ProcMemError.self) { try reader.read() }
        #expect(error?.code == .noSuchProcess)
    }

    @Test func theMaskOfAnotherProcess() throws {
        let child = try ChildProcess(state: "hold", 4096)
        var reader = try CPULimitReader(of: child.pid)
        let before = try reader.read().affinityCount
        try #require(before > 1, "one CPU cannot become fewer")
        let first = try #require(CPULimits(of: child.pid).affinity.ranges.first?.lowerBound)
        _ = try ChildProcess.output(of: "/usr/bin/taskset", ["-pc", "\(first)", "\(child.pid)"])
        #expect(try reader.read().affinityCount == 1)
    }

    @Test(.optimized, .countedAllocations) func aReadingDoesNotAllocate() throws {
        var reader = try CPULimitReader()
        _ = try reader.read()
        let count = try Allocations.count { for _ in 0..<1000 { _ = try reader.read() } }
        // Once a second the reader finds the files again, which allocates.
        #expect(count < 100)
    }

    /// Limits of live cgroups.
    @Suite(.cpuCgroups) struct Live {
        @Test func aQuotaThatChangesIsSeenAtOnce() throws {
            let parent = try Cgroup.make(.cpu)
            let own = try parent.make()
            let child = try ChildProcess(state: "hold", 4096)
            try own.take(child)
            var reader = try CPULimitReader(of: child.pid)
            #expect(try reader.read().quota == nil)
            try parent.set(quota: 150_000)
            #expect(try reader.read().effectiveCPUs == min(1.5, Double(reader.read().affinityCount)))
            try own.set(quota: 50_000)
            #expect(try reader.read().effectiveCPUs == 0.5)
            try own.set(quota: nil)
            #expect(try reader.read().quota?.cpus == 1.5)
        }

        @Test func aMoveToAnotherCgroupIsNoticed() throws {
            let first = try Cgroup.make(.cpu)
            let second = try Cgroup.make(.cpu)
            try second.set(quota: 20_000)
            let child = try ChildProcess(state: "hold", 4096)
            try first.take(child)
            var reader = try CPULimitReader(of: child.pid)
            #expect(try reader.read().quota == nil)
            try second.take(child)
            let start = ContinuousClock.now
            #expect(try CPULimitReaderTests.waits(&reader) { $0.quota?.cpus == 0.2 })
            #expect(start.duration(to: .now) < .seconds(10))
        }

        /// The state that a forked child inherits describes its parent.
        @Test func aForkedChildReadsItsOwnLimits() throws {
            final class Job {
                var reader: CPULimitReader
                let processes: Int32
                init(_ reader: consuming CPULimitReader, _ processes: Int32) {
                    self.reader = reader
                    self.processes = processes
                }
            }
            let cgroup = try Cgroup.make(.cpu)
            try cgroup.set(quota: 20_000)
            let processes = open(cgroup.directory + "/cgroup.procs", O_WRONLY | O_CLOEXEC)
            defer { close(processes) }
            let job = try Job(CPULimitReader(), processes)
            #expect(try job.reader.read().quota?.cpus != 0.2)
            let answer = test_in_fork(
                { context in
                    guard let context else { return 1 }
                    let job = Unmanaged<Job>.fromOpaque(context).takeUnretainedValue()
                    // Writing 0 moves the process that writes.
                    guard write(job.processes, "0", 1) == 1 else { return 2 }
                    return (try? job.reader.read())?.quota?.quotaMicroseconds == 20_000 ? 42 : 3
                },
                Unmanaged.passUnretained(job).toOpaque()
            )
            #expect(answer == 42)
        }

        @Test func aCgroupThatIsRemovedIsNoticed() throws {
            let parent = try Cgroup.make(.cpu)
            try parent.set(quota: 30_000)
            let child = try ChildProcess(state: "hold", 4096)
            let own = try parent.make()
            let other = try parent.make("other")
            try own.set(quota: 20_000)
            try own.take(child)
            var reader = try CPULimitReader(of: child.pid)
            #expect(try reader.read().quota?.cpus == 0.2)
            try other.take(child)
            try own.remove()
            let reading = try reader.read()
            #expect(reading.quota?.cpus == 0.3)
            #expect(reading.isComplete)
        }
    }
}
