import CTestSupport
import Foundation
import TestSupport
import Testing

@testable import ProcMem

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Who may look at whom: the cheap figure is told, and what may not be read is said to be forbidden, never 0.
@Suite(.enabled(if: Rights.isRoot, "needs root, to give up rights")) struct RightsTests {
    /// The same user, and a target that lets nobody trace it.
    @Test(arguments: [true, false]) func aProcessOfTheSameUser(_ isDumpable: Bool) throws {
        let child = try ChildProcess(state: "nobody", isDumpable ? 1 : 0, 4 << 20)
        let pid = child.pid
        let usage = try Rights.asNobody { try memoryUsage(of: pid, mode: .accurate) }
        #expect(try #require(usage.rssBytes) >= 4 << 20)
        #expect(usage.unavailable == (isDumpable ? nil : .permissionDenied))
        #expect(usage.source == (isDumpable ? .smapsRollup : .statm))
        #expect((usage.pssBytes == nil) == !isDumpable)
    }

    /// A process may look at itself whatever it forbids others, but not at its pagemap.
    @Test func aCallerThatLetsNobodyTraceIt() {
        let failed = test_in_fork(
            { _ in
                var nobody: UInt32 = 65534
                guard test_become(nobody, &nobody) == 0, test_set_dumpable(0) == 0 else { return 99 }
                guard let usage = try? memoryUsage(mode: .accurate), usage.unavailable == nil, usage.ussBytes != nil
                else { return 1 }
                guard open("/proc/self/pagemap", O_RDONLY) == -1, errno == EACCES else { return 2 }
                do {
                    var reader = try MemoryReader()
                    // By stat alone: the fork's first program has not changed.
                    return try reader.checkForExec() ? 3 : 0
                } catch {
                    return 4
                }
            },
            nil
        )
        #expect(failed == 0)
    }

    /// User 0 without the capabilities that the target has.
    @Test func rootWithoutRights() throws {
        let child = try ChildProcess(state: "hold", 4 << 20)
        let pid = child.pid
        let failed = inForkWithout(capabilities: ~0) {
            guard let usage = try? memoryUsage(of: pid, mode: .accurate) else { return 1 }
            guard geteuid() == 0, usage.unavailable == .permissionDenied, usage.pssBytes == nil else { return 2 }
            return usage.rssBytes ?? 0 >= 4 << 20 ? 0 : 3
        }
        #expect(failed == 0)
    }

    /// CAP_SYS_PTRACE opens the rollup of anybody's process, and not its pagemap.
    @Test func theRightToTraceAll() throws {
        let child = try ChildProcess(state: "nobody", 1, 4 << 20)
        let pid = child.pid
        let failed = inForkWithout(capabilities: ~(1 << 19)) {
            guard let usage = try? memoryUsage(of: pid, mode: .accurate) else { return 1 }
            guard usage.unavailable == nil, usage.pssBytes ?? 0 >= 4 << 20 else { return 2 }
            return open("/proc/\(pid)/pagemap", O_RDONLY) == -1 && errno == EACCES ? 0 : 3
        }
        #expect(failed == 0)
    }

    /// Some may be read and some may not: the sums are of those that may, and say of how many.
    @Test func aSumOverSome() throws {
        let own = try ChildProcess(state: "nobody", 1, 8 << 20)
        let foreign = try ChildProcess(state: "hold", 4 << 20)
        let pids = [own.pid, foreign.pid]
        let snapshot = try Rights.asNobody { try memorySnapshot(of: .processes(pids), mode: .accurate) }
        let total = snapshot.total
        #expect(total.processCount == 2 && total.unavailableCount == 1 && total.processesWithoutMemoryCount == 0)
        #expect(total.figureCounts.rss == 2)
        #expect(total.figureCounts.pss == 1 && total.figureCounts.uss == 1 && total.figureCounts.swap == 1)
        #expect(total.pssBytes == snapshot.processes[0].usage.pssBytes)
        #expect(total.unreadableRSSBytes == snapshot.processes[1].usage.rssBytes)
        #expect(total.unreadableRSSBytes >= 4 << 20)
        let (pssBytes, distinct) = try (#require(total.pssBytes), total.distinctBytes)
        let upper = try #require(distinct.upper)
        let rssBytes = try #require(total.rssBytes)
        #expect(distinct.lower >= pssBytes && upper <= rssBytes)
        #expect(try (distinct.lower...upper).contains(#require(distinct.estimate)))
        #expect(total.sources == [.smapsRollup: 1, .statm: 1])
        #expect(snapshot.isComplete)
    }

    /// What a filter of system calls or a sandbox says: as forbidden as a refusal, as missing as a missing file.
    @Test(
        arguments: [
            (EPERM, .permissionDenied), (EACCES, .permissionDenied), (ENOSYS, .unsupported), (EOPNOTSUPP, .unsupported),
            (ENOENT, .unsupported), (ESRCH, .exited), (EMFILE, nil), (ENFILE, nil), (ENOMEM, nil), (EIO, nil),
        ] as [(Int32, UnavailableReason?)]
    )
    func whatAnErrorOfTheKernelSaysOfAProcess(_ number: Int32, _ expected: UnavailableReason?) {
        let failure = FileReadError.system(Errno(rawValue: number))
        do {
            let reason = try UnavailableReason(failure)
            #expect(reason == expected)
        } catch {
            // It says nothing about the process: the caller hears of it.
            #expect(expected == nil && error == failure)
        }
    }

    /// In a fork with a group that owns nothing and without these capabilities: 0, or the number of what was wrong.
    private func inForkWithout(capabilities: UInt64, _ body: @escaping () -> Int32) -> Int32 {
        let job = Job {
            guard test_become(65534, nil) == 0, test_drop_capabilities(capabilities) == 0 else { return 99 }
            return body()
        }
        return test_in_fork(
            { context in context.map { Unmanaged<Job>.fromOpaque($0).takeUnretainedValue().body() } ?? 98 },
            Unmanaged.passUnretained(job).toOpaque()
        )
    }

    private final class Job {
        let body: () -> Int32
        init(_ body: @escaping () -> Int32) { self.body = body }
    }
}
