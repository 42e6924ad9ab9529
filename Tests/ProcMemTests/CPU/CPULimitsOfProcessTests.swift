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
