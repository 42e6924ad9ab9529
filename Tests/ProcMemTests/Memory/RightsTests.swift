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

/// Permissions: the cheap figure is always readable, and a refused figure is reported as `permissionDenied`, never as
/// 0.
@Suite(.enabled(if: Rights.isRoot, "needs root, to drop privileges")) struct RightsTests {
    /// The same user, and a target that is not dumpable.
    @Test(arguments: [true, false]) func aProcessOfTheSameUser(_ isDumpable: Bool) throws {
        let child = try ChildProcess(state: "nobody", isDumpable ? 1 : 0, 4 << 20)
        let pid = child.pid
        let usage = try Rights.asNobody { try memoryUsage(of: pid, mode: .accurate) }
        #expect(try #require(usage.rssBytes) >= 4 << 20)
        #expect(usage.unavailable == (isDumpable ? nil : .permissionDenied))
        #expect(usage.source == (isDumpable ? .smapsRollup : .statm))
        #expect((usage.pssBytes == nil) == !isDumpable)
    }

    /// A process that is not dumpable may still read its own files, except for its pagemap.
    @Test func aCallerThatIsNotDumpable() {
        let failed = test_in_fork(
            { _ in
                var nobody: UInt32 = 65534
                guard test_become(nobody, &nobody) == 0, test_set_dumpable(0) == 0 else { return 99 }
                guard let usage = try? memoryUsage(mode: .accurate), usage.unavailable == nil, usage.ussBytes != nil
                else { return 1 }
                guard open("/proc/self/pagemap", O_RDONLY) == -1, errno == EACCES else { return 2 }
                do {
                    var reader = try MemoryReader()
                    // From stat alone: the fork still runs its first program.
                    return try reader.checkForExec() ? 3 : 0
                } catch {
                    return 4
                }
            },
            nil
        )
        #expect(failed == 0)
    }

    /// User 0 without the capabilities of the target.
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

    /// CAP_SYS_PTRACE opens the rollup of every process, but not its pagemap.
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

    /// Some processes are readable and some are not: the sums are those of the readable ones, with their number.
    @Test func aSumOverSome() throws {
        let own = try ChildProcess(state: "nobody", 1, 8 << 20)
        let foreign = try ChildProcess(state: "hold", 4 << 20)
        let pids = [own.pid, foreign.pid]
        let snapshot = try Rights.asNobody { try memorySnapshot(of: .processes(pids), mode: .accurate) }
        let total = snapshot.total
        #expect(total.processCount == 2 && total.unavailableCount == 1 && total.processesWithoutMemoryCount == 0)
        #expect(total.figureCounts?.rss == 2)
        #expect(total.figureCounts?.pss == 1 && total.figureCounts?.uss == 1 && total.figureCounts?.swap == 1)
        #expect(total.pssBytes == snapshot.processes[0].usage.pssBytes)
        #expect(total.unreadableRSSBytes == snapshot.processes[1].usage.rssBytes)
        #expect(total.unreadableRSSBytes ?? 0 >= 4 << 20)
        let (pssBytes, distinct) = try (#require(total.pssBytes), total.distinctBytes)
        let upper = try #require(distinct.upper)
        let rssBytes = try #require(total.rssBytes)
        #expect(distinct.lower >= pssBytes && upper <= rssBytes)
        #expect(try (distinct.lower...upper).contains(#require(distinct.estimate)))
        #expect(total.sources == [.smapsRollup: 1, .statm: 1])
        #expect(snapshot.isComplete)
    }

    /// Errors that a seccomp filter or a sandbox causes: EPERM counts as a refusal, ENOENT as a missing file.
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
            // The error says nothing about the process: the caller receives it.
            #expect(expected == nil && error == failure)
        }
    }

    /// Runs in a forked child without these capabilities, and with a group that owns no file. Returns 0, or the number
    /// of the failed check.
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
