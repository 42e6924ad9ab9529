import CTestSupport
import Foundation
import TestSupport
import Testing

@testable import ProcMem

@Suite struct MemoryReaderTests {
    @Test(arguments: [MemoryMode.cheap, .accurate]) func agreesWithASingleReading(_ mode: MemoryMode) throws {
        let child = try ChildProcess(state: "hold", 8 << 20)
        var reader = try MemoryReader(of: child.pid)
        for _ in 0..<3 {
            let (kept, single) = try (reader.usage(mode: mode), memoryUsage(of: child.pid, mode: mode))
            #expect(kept.rssBytes == single.rssBytes)
            #expect(kept.sharedBytes == single.sharedBytes)
            #expect(kept.source == (mode == .cheap ? .statm : .smapsRollup))
        }
    }

    @Test func followsItsProcess() throws {
        var reader = try MemoryReader()
        let before = try #require(try reader.usage(mode: .cheap).rssBytes)
        // Much more than concurrent tests free in the meantime.
        let size = 256 << 20
        let memory = try #require(malloc(size))
        memset(memory, 1, size)
        #expect(try #require(try reader.usage(mode: .cheap).rssBytes) >= before + size / 2)
        free(memory)
    }

    /// The figures are the new program's, and the reader reports the exec: neither the pid nor the start time shows it.
    @Test func aProcessThatExecutes() throws {
        let child = try ChildProcess(state: "executes", 32 << 20)
        var reader = try MemoryReader(of: child.pid)
        let start = try ProcessDirectory(.id(child.pid), in: .live).stat().startTimeTicks
        #expect(try !reader.checkForExec())
        #expect(try #require(try reader.usage(mode: .cheap).rssBytes) > 32 << 20)
        child.send(line: "now")
        #expect(child.line() == "ready")
        #expect(try reader.checkForExec())
        #expect(try !reader.checkForExec())
        for mode in [MemoryMode.cheap, .accurate] {
            let usage = try reader.usage(mode: mode)
            #expect(try #require(usage.rssBytes) < 32 << 20)
            #expect(usage.unavailable == nil)
        }
        #expect(try ProcessDirectory(.id(child.pid), in: .live).stat().startTimeTicks == start)
    }

    /// The kernel's peak or the largest figure that was read, whichever is larger; for the current program, not the one
    /// before.
    @Test func thePeakIsThatOfTheProgram() throws {
        let child = try ChildProcess(state: "executes", 32 << 20)
        var reader = try MemoryReader(of: child.pid)
        #expect(try #require(try reader.peakRSSBytes()) >= 32 << 20)
        _ = try reader.usage(mode: .cheap)
        child.send(line: "now")
        #expect(child.line() == "ready")
        #expect(try #require(try reader.peakRSSBytes()) < 32 << 20)
        #expect(try reader.checkForExec())
    }

    /// `VmHWM` is updated lazily, and may even fall.
    @Test func aPeakBelowWhatWasSeen() throws {
        let tree = try FixtureTree([
            "/proc/17/stat": ProcessStatTests.line("x", [1: "17"]), "/proc/17/statm": "900 500 0 0 0 0 0\n",
            "/proc/17/status": "VmHWM:\t     40 kB\n",
        ])
        var reader = try MemoryReader(of: 17, in: tree.root(pageSizeBytes: 4096))
        #expect(try reader.peakRSSBytes() == 40 << 10)
        _ = try reader.usage(mode: .cheap)
        #expect(try reader.peakRSSBytes() == 2000 << 10)
        try tree.write("Tgid:\t17\n", to: "/proc/17/status")
        #expect(try reader.peakRSSBytes() == nil)
    }

    /// Without permission to open `pagemap`, the reader detects an exec by the name and the addresses.
    @Test(.enabled(if: Rights.isRoot, "needs root, to drop privileges")) func aStrangersProcessThatExecutes() throws {
        let child = try ChildProcess(running: "/bin/sh", ["-c", "echo ready; read line; exec sleep 100"])
        #expect(child.line() == "ready")
        let pid = child.pid
        try Rights.asNobody {
            var reader = try MemoryReader(of: pid)
            #expect(try !reader.checkForExec())
            child.send(line: "now")
            let end = ContinuousClock.now + Waiting.deadline
            var isReported = false
            while !isReported, ContinuousClock.now < end {
                isReported = try reader.checkForExec()
                usleep(1000)
            }
            #expect(isReported)
            #expect(try !reader.checkForExec())
        }
    }

    @Test func aProcessThatEnds() throws {
        let child = try ChildProcess(state: "hold", 1 << 20)
        var reader = try MemoryReader(of: child.pid)
        _ = try reader.usage(mode: .cheap)
        child.end()
        for mode in [MemoryMode.cheap, .accurate] {
            do {
                _ = try reader.usage(mode: mode)
                Issue.record("no error")
            } catch {
                #expect(error.code == .exited)
                #expect(error.path == "/proc/\(child.pid)")
            }
        }
        do {
            _ = try reader.checkForExec()
            Issue.record("no error")
        } catch {
            #expect(error.code == .exited)
        }
    }

    /// The process has exited, and its pid is not free yet.
    @Test func aProcessThatBecomesAZombie() throws {
        let child = try #require(SpawnedChild("/bin/sh", "-c", "read line"))
        var reader = try MemoryReader(of: child.pid)
        kill(child.pid, SIGKILL)
        try #require(child.becomesZombie())
        for mode in [MemoryMode.cheap, .accurate] {
            #expect(try reader.usage(mode: mode).unavailable == .zombie)
        }
        do {
            _ = try reader.checkForExec()
            Issue.record("no error")
        } catch {
            #expect(error.code == .zombie)
        }
    }

    @Test func aMainThreadThatHasEnded() throws {
        let child = try ChildProcess(state: "zombie-leader", 16 << 20)
        var reader = try MemoryReader(of: child.pid)
        #expect(try #require(try reader.peakRSSBytes()) >= 16 << 20)
        #expect(try #require(try reader.usage(mode: .cheap).rssBytes) >= 16 << 20)
        #expect(try !reader.checkForExec())
    }

    /// The thread exits, but its process does not.
    @Test func aThreadThatEnds() throws {
        let child = try ChildProcess(state: "thread-ends")
        let thread = try #require(child.ids.first)
        var reader = try MemoryReader(of: thread)
        child.send(line: "now")
        #expect(child.line() == "ready")
        try #require(Waiting.until { !KernelFile.exists("/proc/\(child.pid)/task/\(thread)") })
        for mode in [MemoryMode.cheap, .accurate] {
            #expect(try reader.usage(mode: mode).rssBytes == memoryUsage(of: child.pid, mode: mode).rssBytes)
        }
        #expect(try reader.peakRSSBytes() != nil)
        #expect(try !reader.checkForExec())
    }

    @Test(arguments: [Int32.min, -1, 0]) func whatIsNoProcessID(_ pid: Int32) {
        do {
            _ = try MemoryReader(of: pid)
            Issue.record("no error")
        } catch {
            #expect(error.code == .invalidArgument)
        }
    }

    @Test func aProcessThatNeverWas() {
        do {
            _ = try MemoryReader(of: .max)
            Issue.record("no error")
        } catch {
            #expect(error.code == .noSuchProcess)
        }
    }

    @Test(.optimized, .countedAllocations) func aCheapReadingDoesNotAllocate() throws {
        var reader = try MemoryReader()
        _ = try reader.usage(mode: .cheap)
        let count = try Allocations.count { for _ in 0..<1000 { _ = try reader.usage(mode: .cheap) } }
        #expect(count == 0)
    }
}

/// Tests without `/proc`, in a forked child that unmounts it for itself.
@Suite struct WithoutProcTests {
    private static func code(_ question: @escaping () throws -> Void) -> ProcMemError.Code? {
        do {
            try question()
            return nil
        } catch {
            return (error as? ProcMemError)?.code
        }
    }

    /// A child may be in another pid namespace, where its pid can even be the same: it must not reuse its parent's
    /// check.
    @Test func aForkChecksForItself() throws {
        _ = try memoryUsage(of: getpid(), mode: .cheap)
        #expect(ProcNamespace.isConfirmed)
        let answer = test_in_fork(
            { _ in
                if ProcNamespace.isConfirmed { return 1 }
                _ = try? memoryUsage(of: getpid(), mode: .cheap)
                return ProcNamespace.isConfirmed ? 0 : 2
            },
            nil
        )
        #expect(answer == 0)
    }

    @Test(.enabled(if: Rights.isRoot, "needs root, to mount")) func everyQuestionSaysSo() {
        let failed = test_in_fork(
            { _ in
                guard test_hide_proc() == 0 else { return 99 }
                let questions: [() throws -> Void] = [
                    { _ = try memoryUsage(of: 1, mode: .cheap) }, { _ = try memoryUsage(mode: .cheap) },
                    { _ = try Statm(of: 1) }, { _ = try SmapsRollup(of: 1) },
                    { _ = try MemoryReader(of: 1) }, { _ = try MemoryReader() },
                    { _ = try memorySnapshot(of: .all, mode: .cheap) }, { _ = try processList(of: .tree(root: 1)) },
                    { _ = try processList(of: .currentTree) }, { _ = try processList(of: .cgroup(of: 1)) },
                    { _ = try CPULimits(of: 1) },
                ]
                let wrong = questions.firstIndex { WithoutProcTests.code($0) != .procUnavailable }
                return Int32((wrong ?? -1) + 1)
            },
            nil
        )
        #expect(failed == 0, "the call with this number had another result")
    }
}
