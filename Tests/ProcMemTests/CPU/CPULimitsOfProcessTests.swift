import Foundation
import TestSupport
import Testing

@testable import ProcMem

/// The limits of another process: all figures are of one process, or the call fails.
@Suite struct CPULimitsOfProcessTests {
    @Test func aChild() throws {
        let child = try ChildProcess(state: "hold", 4096)
        let limits = try CPULimits(of: child.pid)
        let own = try CPULimits.current()
        #expect(limits.affinity == own.affinity)
        #expect(limits.levels == own.levels)
        #expect(try CPUThrottling(of: child.pid).cgroup == CPUThrottling.current().cgroup)
    }

    @Test(arguments: [Int32.min, -1, 0]) func whatIsNoProcessID(_ pid: Int32) {
        #expect(#expect(throws: ProcMemError.self) { try CPULimits(of: pid) }?.code == .invalidArgument)
        #expect(#expect(throws: ProcMemError.self) { try CPUThrottling(of: pid) }?.code == .invalidArgument)
    }

    @Test func aProcessThatHasExited() throws {
        let child = try ChildProcess(state: "hold", 4096)
        let pid = child.pid
        child.end()
        let error = #expect(throws: ProcMemError.self) { try CPULimits(of: pid) }
        #expect(
            error?.description == "/proc/\(pid): no such process (errno 2, No such file or directory)"
        )
        #expect(#expect(throws: ProcMemError.self) { try CPUThrottling(of: pid) }?.code == .noSuchProcess)
    }

    /// The kernel keeps the mask and the cgroup until the parent has collected the zombie.
    @Test func aZombie() throws {
        let child = try ChildProcess(state: "zombie")
        let limits = try CPULimits(of: #require(child.ids.first))
        #expect(try limits.affinity == CPULimits.current().affinity)
    }

    @Test func aThread() throws {
        let child = try ChildProcess(state: "thread")
        let limits = try CPULimits(of: #require(child.ids.first))
        #expect(try limits.affinity == CPULimits(of: child.pid).affinity)
    }

    @Test func aProcessThatExitsWhileItIsRead() throws {
        let child = try ChildProcess(state: "hold", 4096)
        let error = #expect(throws: ProcMemError.self) {
            try ProcessIdentity.withStableIdentity(.id(child.pid), in: .live) { child.end() }
        }
        #expect(error?.code == .exited)
        #expect(error?.path == "/proc/\(child.pid)")
    }

    /// If the process exits during a read, that is the error, not the failure that it caused.
    @Test func aFailureBecauseItExits() throws {
        let child = try ChildProcess(state: "hold", 4096)
        let error = #expect(throws: ProcMemError.self) {
            try ProcessIdentity.withStableIdentity(.id(child.pid), in: .live) { () throws(ProcMemError) in
                child.end()
                throw ProcMemError(.inputOutput, path: "x")
            }
        }
        #expect(error?.code == .exited)
    }

    @Test func anotherFailureStays() {
        let error = #expect(throws: ProcMemError.self) {
            try ProcessIdentity.withStableIdentity(.id(getpid()), in: .live) { () throws(ProcMemError) in
                throw ProcMemError(.inputOutput, path: "x")
            }
        }
        #expect(error?.path == "x")
    }

    private func stat(startTime: Int) -> String {
        "17 (a) S 1 1 1 0 -1 4194304 0 0 0 0 0 0 0 0 20 0 1 0 \(startTime) 0 0\n"
    }

    private func system(stat: String?) throws -> FixtureTree {
        let tree = try FixtureTree(
            MountTable.files(
                in: "/a",
                of: "17",
                [
                    "/proc/17/status": "Cpus_allowed:\tff\n",
                    "/sys/fs/cgroup/a/cpu.max": "200000 100000\n",
                ]
            )
        )
        if let stat { try tree.write(stat, to: "/proc/17/stat") }
        return tree
    }

    @Test func anIDThatPassesToAnotherProcess() throws {
        let tree = try system(stat: stat(startTime: 55))
        let error = #expect(throws: ProcMemError.self) {
            try ProcessIdentity.withStableIdentity(.id(17), in: tree.root()) {
                try? tree.write(stat(startTime: 56), to: "/proc/17/stat")
            }
        }
        #expect(error?.code == .exited)
    }

    /// A reader opens the files of the pid again, once a second: those of another process must not be read.
    @Test func aReaderOfAnIDThatPassesToAnotherProcess() throws {
        let tree = try system(stat: stat(startTime: 55))
        try tree.write("MemTotal: 16777216 kB\n", to: "/proc/meminfo")
        var limits = try CPULimitReader(of: 17, in: tree.root())
        var memory = try ContainerMemoryReader(of: 17, in: tree.root())
        for _ in 0..<2 {
            #expect(try limits.read().effectiveCPUCount() == 2)
            _ = try memory.read()
        }
        try tree.write(stat(startTime: 56), to: "/proc/17/stat")
        #expect(#expect(throws: ProcMemError.self) { try limits.read() }?.code == .noSuchProcess)
        #expect(#expect(throws: ProcMemError.self) { try memory.read() }?.code == .noSuchProcess)
    }

    @Test func aSequenceOfAnIDThatPassesToAnotherProcess() async throws {
        let tree = try system(stat: stat(startTime: 55))
        try tree.write("MemTotal: 16777216 kB\n", to: "/proc/meminfo")
        let poll = Duration.milliseconds(10)
        var limits = CPULimitChanges(of: 17, pollInterval: poll, in: tree.root()).makeAsyncIterator()
        var memory = ContainerMemoryChanges(of: 17, pollInterval: poll, in: tree.root()).makeAsyncIterator()
        #expect(try await limits.next()?.effectiveCPUCount() == 2)
        #expect(try await memory.next()?.cause == .start)
        // The other process has other limits, too. In this order: a poll may fall between the two.
        try tree.write(stat(startTime: 56), to: "/proc/17/stat")
        try tree.write("0::/\n", to: "/proc/17/cgroup")
        #expect(try await limits.next() == nil)
        #expect(try await memory.next() == nil)
    }

    /// If the start time cannot be read for another reason than exit, nothing would show later that the pid has passed to
    /// another process.
    @Test func anIDWithoutAReadableStat() throws {
        let tree = try system(stat: nil)
        let file = tree.directory.appending(path: "proc/17/stat")
        try FileManager.default.createSymbolicLink(atPath: file.path, withDestinationPath: "stat")
        func open() throws { _ = try CPULimitReader(of: 17, in: tree.root()) }
        let error = #expect(throws: ProcMemError.self) { try open() }
        #expect(error?.errno == ELOOP)
    }

    /// The kernel returns ESRCH for the open `stat`, whatever the pid refers to by then. If the program closes the
    /// descriptor, the start time decides.
    @Test(arguments: [false, true]) func aLiveProcessThatExits(_ isClosed: Bool) throws {
        let child = try ChildProcess(state: "hold", 4096)
        let lifetime = try ProcessLifetime(of: .id(child.pid), in: .live)
        try lifetime.validate()
        let link = "/proc/\(child.pid)/stat"
        let names = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")
        let descriptor = try #require(
            names.first { (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\($0)")) == link }
                .flatMap { Int32($0) }
        )
        if isClosed {
            let other = open("/dev/null", O_RDONLY | O_CLOEXEC)
            try #require(dup2(other, descriptor) == descriptor)
            close(other)
        }
        try lifetime.validate()
        try lifetime.check()
        child.end()
        let error = #expect(throws: ProcMemError.self) { try lifetime.validate() }
        #expect(error?.code == .noSuchProcess)
        if isClosed { close(descriptor) }
    }

    @Test func belowADirectory() throws {
        let whole = try system(stat: stat(startTime: 55))
        #expect(try CPULimits(of: 17, in: whole.root()).effectiveCPUCount() == 2)
        let tree = try system(stat: nil)
        #expect(try CPULimits(of: 17, in: tree.root()).effectiveCPUCount() == 2)
        let error = #expect(throws: ProcMemError.self) { try CPULimits(of: 18, in: tree.root()) }
        #expect(error?.code == .noSuchProcess)
        #expect(error?.path == tree.directory.path + "/proc/18")
    }
}
