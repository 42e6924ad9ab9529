import Foundation
import TestSupport
import Testing

@testable import ProcMem

/// One test at a time: they count the threads and descriptors of this process.
@Suite(.serialized, .timeLimit(.minutes(1))) struct CPULimitChangesTests {
    /// So rarely looked at that only a notification can have told.
    static let never = Duration.seconds(3600)
    /// So soon that a machine with other work does not fail a test; the changes themselves take milliseconds.
    static let soon = Duration.seconds(10)

    private let clock = ContinuousClock()

    @Test(.enabled(if: ScratchCPUCgroup.isAvailable)) func tellsOfAWriteToTheOwnCgroup() async throws {
        let cgroup = try ScratchCPUCgroup()
        let child = try ChildProcess(state: "hold", 4096)
        try cgroup.adopt(child.pid)
        var changes = CPULimitChanges(of: child.pid, pollInterval: Self.never).makeAsyncIterator()
        #expect(try await changes.next() == CPULimits(of: child.pid))
        for quota in [50_000, 70_000] {
            let start = clock.now
            try cgroup.write("\(quota)", to: "cpu.cfs_quota_us")
            let limits = try await changes.next()
            let elapsed = clock.now - start
            #expect(limits?.binding?.quota.quotaMicroseconds == quota)
            #expect(limits?.binding?.cgroup == cgroup.name)
            #expect(elapsed < Self.soon)
        }
    }

    @Test(.enabled(if: ScratchCPUCgroup.isAvailable)) func tellsOfAWriteToALevelAbove() async throws {
        let parent = try ScratchCPUCgroup()
        let cgroup = try ScratchCPUCgroup(below: parent)
        let child = try ChildProcess(state: "hold", 4096)
        try cgroup.adopt(child.pid)
        var changes = CPULimitChanges(of: child.pid, pollInterval: Self.never).makeAsyncIterator()
        #expect(try await changes.next()?.binding == nil)
        let start = clock.now
        try parent.write("60000", to: "cpu.cfs_quota_us")
        let limits = try await changes.next()
        let elapsed = clock.now - start
        #expect(limits?.binding?.quota.quotaMicroseconds == 60_000)
        #expect(limits?.binding?.cgroup == parent.name)
        #expect(elapsed < Self.soon)
    }

    @Test(.enabled(if: ScratchCPUCgroup.isAvailable)) func aLimitInTwoFilesIsOneChange() async throws {
        let cgroup = try ScratchCPUCgroup()
        let child = try ChildProcess(state: "hold", 4096)
        try cgroup.adopt(child.pid)
        var changes = CPULimitChanges(of: child.pid, pollInterval: Self.never, debounce: .milliseconds(500))
            .makeAsyncIterator()
        _ = try await changes.next()
        try cgroup.write("30000", to: "cpu.cfs_quota_us")
        try cgroup.write("60000", to: "cpu.cfs_period_us")
        let expected = CPUQuota(quotaMicroseconds: 30_000, periodMicroseconds: 60_000)
        #expect(try await changes.next()?.binding?.quota == expected)
    }

    @Test(.enabled(if: ScratchCPUCgroup.isAvailable)) func tellsEveryoneWhoWatches() async throws {
        let cgroup = try ScratchCPUCgroup()
        let child = try ChildProcess(state: "hold", 4096)
        try cgroup.adopt(child.pid)
        let changes = CPULimitChanges(of: child.pid, pollInterval: Self.never)
        var first = changes.makeAsyncIterator()
        var second = changes.makeAsyncIterator()
        _ = try await (first.next(), second.next())
        try cgroup.write("50000", to: "cpu.cfs_quota_us")
        #expect(try await first.next()?.binding?.quota.quotaMicroseconds == 50_000)
        #expect(try await second.next()?.binding?.quota.quotaMicroseconds == 50_000)
    }

    @Test(.enabled(if: ScratchCPUCgroup.isAvailable)) func findsByPollingWhatNobodyTells() async throws {
        let cgroup = try ScratchCPUCgroup()
        let child = try ChildProcess(state: "hold", 4096)
        try cgroup.adopt(child.pid)
        var changes = CPULimitChanges(of: child.pid, pollInterval: .milliseconds(20), usesNotification: false)
            .makeAsyncIterator()
        _ = try await changes.next()
        #expect(try await LeftBehind.settles { $0.notifications == 0 })
        try cgroup.write("50000", to: "cpu.cfs_quota_us")
        #expect(try await changes.next()?.binding?.quota.quotaMicroseconds == 50_000)
    }

    @Test(.enabled(if: (try? CPULimits.current().affinity.count > 1) == true, "needs two CPUs"))
    func findsANarrowerMask() async throws {
        let child = try ChildProcess(state: "hold", 4096)
        var changes = CPULimitChanges(of: child.pid, pollInterval: .milliseconds(20)).makeAsyncIterator()
        let first = try #require(try await changes.next()?.affinity.ranges.first?.lowerBound)
        let output = try ChildProcess.output(of: "/usr/bin/taskset", ["-cp", "\(first)", "\(child.pid)"])
        #expect(output.status == 0, "\(output.errorText)")
        #expect(try await changes.next()?.affinity == CPUSet([first...first]))
    }

    @Test(.enabled(if: ScratchCPUCgroup.isAvailable)) func followsToAnotherCgroup() async throws {
        let parent = try ScratchCPUCgroup()
        let old = try ScratchCPUCgroup(below: parent)
        let new = try ScratchCPUCgroup(below: parent)
        let child = try ChildProcess(state: "hold", 4096)
        try old.adopt(child.pid)
        var polled = CPULimitChanges(of: child.pid, pollInterval: .milliseconds(20)).makeAsyncIterator()
        var told = CPULimitChanges(of: child.pid, pollInterval: Self.never).makeAsyncIterator()
        _ = try await (polled.next(), told.next())

        try new.adopt(child.pid)
        #expect(try await polled.next()?.levels.first?.cgroup == new.name)
        // Whatever wakes it up makes it see where the process is.
        try parent.write("90000", to: "cpu.cfs_quota_us")
        #expect(try await told.next()?.levels.first?.cgroup == new.name)
        try new.write("50000", to: "cpu.cfs_quota_us")
        #expect(try await told.next()?.binding?.cgroup == new.name)
    }

    @Test(.enabled(if: ScratchCPUCgroup.isAvailable)) func outlivesARemovedCgroup() async throws {
        let parent = try ScratchCPUCgroup()
        let child = try ChildProcess(state: "hold", 4096)
        let cgroup = try ScratchCPUCgroup(below: parent)
        try cgroup.adopt(child.pid)
        var changes = CPULimitChanges(of: child.pid, pollInterval: Self.never).makeAsyncIterator()
        _ = try await changes.next()

        try parent.adopt(child.pid)
        try cgroup.remove()
        #expect(try await LeftBehind.settles { $0.threads == 1 })
        let switches = try #require(LeftBehind.contextSwitches)
        try await Task.sleep(for: .milliseconds(300))
        let after = try #require(LeftBehind.contextSwitches)
        #expect(after - switches <= 4, "the thread woke up \(after - switches) times")

        try parent.write("90000", to: "cpu.cfs_quota_us")
        #expect(try await changes.next()?.levels.first?.cgroup == parent.name)
        // Another cgroup under the old one's name.
        let successor = try ScratchCPUCgroup(name: cgroup.name)
        try successor.adopt(child.pid)
        try parent.write("80000", to: "cpu.cfs_quota_us")
        #expect(try await changes.next()?.levels.first?.cgroup == successor.name)
        try successor.write("50000", to: "cpu.cfs_quota_us")
        #expect(try await changes.next()?.binding?.cgroup == successor.name)
    }
}

/// A cgroup of the tests' own in the v1 hierarchy of the `cpu` controller, removed when the test lets go of it.
final class ScratchCPUCgroup {
    /// As `/proc/PID/cgroup` names it.
    let name: String
    private var isThere = true
    private static let mountPoint = "/sys/fs/cgroup/cpu"

    /// Whether the tests may make some: the hierarchy is v1, mounted whole and writable.
    static var isAvailable: Bool {
        guard Rights.isRoot, access(mountPoint, W_OK) == 0,
            let hierarchy = CgroupHierarchy.find(.cpu, of: .current, in: .live).hierarchy
        else { return false }
        return hierarchy.version == .v1 && hierarchy.mount.root == [0x2F]
            && hierarchy.mount.mountPoint == Array(mountPoint.utf8)
            && access(mountPoint + "/cpu.cfs_quota_us", F_OK) == 0
    }

    init(name: String) throws {
        self.name = name
        try FileManager.default.createDirectory(atPath: Self.mountPoint + name, withIntermediateDirectories: false)
    }

    convenience init(below parent: ScratchCPUCgroup? = nil) throws {
        try self.init(name: (parent?.name ?? "") + "/procmem-test-\(UUID().uuidString)")
    }

    deinit { try? remove() }

    /// Writes as somebody else would: from another process.
    func write(_ text: String, to file: String) throws {
        let path = Self.mountPoint + name + "/" + file
        let output = try ChildProcess.output(of: "/bin/sh", ["-c", "echo \"$1\" > \"$2\"", "sh", text, path])
        try #require(output.status == 0, "\(output.errorText)")
    }

    /// Moves a process here: only one that the test has started itself.
    func adopt(_ pid: Int32) throws {
        try write("\(pid)", to: "cgroup.procs")
    }

    func remove() throws {
        guard isThere else { return }
        let processes = try String(contentsOfFile: Self.mountPoint + name + "/cgroup.procs", encoding: .utf8)
        for pid in processes.split(separator: "\n") {
            try Data(pid.utf8).write(to: URL(filePath: Self.mountPoint + "/cgroup.procs"))
        }
        guard rmdir(Self.mountPoint + name) == 0 else { throw ChildProcess.Failure.system(errno) }
        isThere = false
    }
}
