import CTestSupport
import Foundation
import TestSupport
import Testing

@testable import ProcMem

/// Results in a forked child that cannot open a file.
@Suite struct NoDescriptorLeftTests {
    /// The result of a closure, 0 to 255, in a forked child; -1 if the child did not exit normally.
    private static func inFork(_ body: @escaping () -> Int32) -> Int32 {
        final class Job {
            let body: () -> Int32
            init(_ body: @escaping () -> Int32) { self.body = body }
        }
        let job = Job(body)
        return withExtendedLifetime(job) {
            test_in_fork(
                { context in
                    guard let context else { return 99 }
                    return Unmanaged<Job>.fromOpaque(context).takeUnretainedValue().body()
                },
                Unmanaged.passUnretained(job).toOpaque()
            )
        }
    }

    /// Allows this process no further descriptor. Open files stay open.
    private static func limitDescriptors(to count: rlim_t = 0) -> Bool {
        var limit = rlimit(rlim_cur: count, rlim_max: count)
        return setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0
    }

    /// The result of a closure in a forked child in which no file can be opened.
    private static func withoutDescriptors(_ body: @escaping () -> Int32) -> Int32 {
        inFork { limitDescriptors() ? body() : 98 }
    }

    @Test func listsSayThatThereWasNoDescriptor() {
        let answer = Self.withoutDescriptors {
            let scopes: [ProcessScope] = [.all, .cgroup("/sys/fs/cgroup"), .process(1), .tree(root: 1), .currentTree]
            for (number, scope) in scopes.enumerated() {
                do throws(ProcMemError) {
                    _ = try processList(of: scope)
                    return Int32(10 + number)
                } catch {
                    if error.code != .outOfResources { return Int32(20 + number) }
                }
            }
            return 42
        }
        #expect(answer == 42)
    }

    @Test func nothingIsKnownOfHugePages() throws {
        let tree = try HugePageHistoryTests.system()
        let answer = Self.withoutDescriptors {
            let history = HugePageHistory(in: tree.root())
            return history.mayHaveSmallerHugePages() && history.mayHaveHugePages() ? 42 : 43
        }
        #expect(answer == 42)
    }

    @Test func theCountComesFromTheMaskAlone() throws {
        let mask = try CPULimits.current().affinity.count
        #expect(Self.withoutDescriptors { Int32(ProcMem.effectiveCPUCount()) } == Int32(mask))
    }

    @Test func theExplanationSaysWhatCouldNotBeRead() {
        let answer = Self.withoutDescriptors {
            guard let limits = try? CPULimits.current() else { return 1 }
            if limits.isComplete || limits.onlineCount != nil || limits.binding != nil { return 2 }
            return limits.warnings.contains { $0.contains("/proc/self/cgroup") && $0.contains("errno 24") } ? 42 : 3
        }
        #expect(answer == 42)
    }

    @Test func aReaderAnswersAllTheSame() {
        let answer = Self.withoutDescriptors {
            guard var reader = try? CPULimitReader(), let reading = try? reader.read() else { return 1 }
            return !reading.isComplete && reading.effectiveCPUCount() >= 1 ? 42 : 2
        }
        #expect(answer == 42)
    }

    /// A reading after the last descriptor is used must not report more than the reading before it.
    @Test(.cpuCgroups) func aReaderKeepsTheQuota() throws {
        let cgroup = try Cgroup.make(.cpu)
        try cgroup.set(quota: 20_000)
        let child = try cgroup.child(state: "hold", 4096)
        final class Job {
            var reader: CPULimitReader
            init(_ reader: consuming CPULimitReader) { self.reader = reader }
        }
        let job = try Job(CPULimitReader(of: child.pid))
        #expect(try job.reader.read().quota?.cpus == 0.2)
        // The fork makes the reader open its files again.
        let answer = Self.withoutDescriptors {
            guard let reading = try? job.reader.read() else { return 1 }
            return reading.quota?.quotaMicroseconds == 20_000 && !reading.isComplete ? 42 : 2
        }
        #expect(answer == 42)
    }

    @Test(.memoryCgroups) func aReaderKeepsTheMemoryLimit() throws {
        let cgroup = try Cgroup.make(.memory)
        try cgroup.set(memoryLimit: 64 << 20)
        let child = try cgroup.child(state: "hold", 4096)
        final class Job {
            var reader: ContainerMemoryReader
            init(_ reader: consuming ContainerMemoryReader) { self.reader = reader }
        }
        let job = try Job(ContainerMemoryReader(of: child.pid))
        #expect(try job.reader.read().limitBytes == 64 << 20)
        let answer = Self.withoutDescriptors {
            guard let reading = try? job.reader.read() else { return 1 }
            return reading.limitBytes == 64 << 20 && !reading.isComplete ? 42 : 2
        }
        #expect(answer == 42)
    }

    /// The open files cannot be read any more, and no descriptor is left to open them again: the last figures remain.
    @Test func readersKeepTheirLastFigures() throws {
        let tree = try FixtureTree(
            MountTable.files(
                in: "/a",
                [
                    "/proc/self/status": "Cpus_allowed:\tff\n",
                    "/proc/meminfo": "MemTotal: 16777216 kB\n",
                    "/sys/fs/cgroup/a/cpu.max": "150000 100000\n",
                    "/sys/fs/cgroup/a/memory.max": "67108864\n",
                    "/sys/fs/cgroup/a/memory.current": "4096\n",
                    "/sys/fs/cgroup/a/memory.stat": "anon 4096\n",
                ]
            )
        )
        final class Job {
            var limits: CPULimitReader
            var memory: ContainerMemoryReader
            init(_ limits: consuming CPULimitReader, _ memory: consuming ContainerMemoryReader) {
                self.limits = limits
                self.memory = memory
            }
        }
        let root = tree.root()
        let job = try Job(CPULimitReader(in: root), ContainerMemoryReader(in: root))
        let before = (limits: try job.limits.read(), memory: try job.memory.read())
        try #require(before.limits.effectiveCPUs == 1.5 && before.memory.limitBytes == 64 << 20)
        let answer = Self.withoutDescriptors {
            for descriptor in Int32(3)..<1024 { close(descriptor) }
            for _ in 0..<2 {
                guard let limits = try? job.limits.read(), let memory = try? job.memory.read() else { return 1 }
                guard limits.quota == before.limits.quota, limits.affinityCount == 8 else { return 2 }
                guard memory.limitBytes == before.memory.limitBytes, memory.usageBytes == 4096 else { return 3 }
                guard !limits.isComplete, !memory.isComplete else { return 4 }
            }
            return 42
        }
        #expect(answer == 42)
    }

    /// A forked child shares the descriptor of the signal with its parent, and releases its copy of the iterator.
    @Test func aForkedChildDoesNotStopItsParent() throws {
        let stop = try StopSignal()
        func isSignalled() throws -> Bool {
            var entry = pollfd(fd: stop.descriptor, events: Int16(POLLIN), revents: 0)
            return poll(&entry, 1, 0) == 1
        }
        let answer = Self.inFork {
            stop.signal()
            return 42
        }
        #expect(answer == 42)
        #expect(try !isSignalled())
        stop.signal()
        #expect(try isSignalled())
    }

    private static func watch(_ child: ChildProcess) -> CPULimitWatch {
        CPULimitWatch(
            process: .id(child.pid),
            root: .live,
            pollMilliseconds: 10,
            debounceMilliseconds: 10,
            usesNotification: true
        )
    }

    /// The sequence reports neither a change nor an error.
    @Test(.cpuCgroups) func aQuotaThatCannotBeReadHasNotChanged() throws {
        let cgroup = try Cgroup.make(.cpu)
        try cgroup.set(quota: 20_000)
        let child = try cgroup.child(state: "hold", 4096)
        let watch = Self.watch(child)
        let answer = Self.inFork {
            guard let stop = try? StopSignal() else { return 3 }
            var quotas: [Int?] = []
            do {
                try watch.run(until: stop) { limits in
                    quotas.append(limits.binding?.quota.quotaMicroseconds)
                    // poll(2) accepts as many entries as the limit.
                    guard quotas.count == 1, Self.limitDescriptors(to: 2) else { return }
                    try? BackgroundThread.start("stop") {
                        usleep(300_000)
                        stop.signal()
                    }
                }
            } catch {
                return 2
            }
            return quotas == [20_000] ? 42 : Int32(10 + quotas.count)
        }
        #expect(answer == 42)
    }

    /// The sequence reports neither a change nor an error.
    @Test(.memoryCgroups) func aMemoryLimitThatCannotBeReadHasNotChanged() throws {
        let cgroup = try Cgroup.make(.memory)
        try cgroup.set(memoryLimit: 64 << 20)
        let child = try cgroup.child(state: "hold", 4096)
        let watch = Self.memoryWatch(.id(child.pid))
        let answer = Self.inFork {
            guard let stop = try? StopSignal() else { return 3 }
            var changes: [ContainerMemoryChange] = []
            do {
                try watch.run(until: stop) { change in
                    changes.append(change)
                    guard changes.count == 1, Self.limitDescriptors(to: 2) else { return }
                    try? BackgroundThread.start("stop") {
                        // Long enough that the files are opened again, which fails.
                        usleep(1_500_000)
                        stop.signal()
                    }
                }
            } catch {
                return 2
            }
            guard changes.first?.memory.limitBytes == 64 << 20 else { return 3 }
            return changes.map(\.cause) == [.start] ? 42 : Int32(10 + changes.count)
        }
        #expect(answer == 42)
    }

    /// With too few descriptors at the start, the sequence ends with an error. It never begins without a limit, which would
    /// appear as a change later.
    @Test(.cpuCgroups) func aSequenceDoesNotBeginWithoutAQuota() throws {
        let cgroup = try Cgroup.make(.cpu)
        try cgroup.set(quota: 20_000)
        let child = try cgroup.child(state: "hold", 4096)
        let watch = Self.watch(child)
        var counts = (begun: 0, refused: 0)
        for free in 0..<12 {
            let answer = Self.inFork {
                guard let stop = try? StopSignal(), Self.limitDescriptors(to: 256) else { return 98 }
                var taken: [Int32] = []
                while case let descriptor = dup(0), descriptor >= 0 { taken.append(descriptor) }
                for descriptor in taken.suffix(free) { close(descriptor) }
                var quotas: [Int?] = []
                do throws(ProcMemError) {
                    try watch.run(until: stop) { limits in
                        quotas.append(limits.binding?.quota.quotaMicroseconds)
                        stop.signal()
                    }
                } catch {
                    return error.code == .outOfResources ? 43 : 2
                }
                return quotas == [20_000] ? 42 : 3
            }
            #expect(answer == 42 || answer == 43, "\(answer) with \(free) descriptors")
            if answer == 42 { counts.begun += 1 } else { counts.refused += 1 }
        }
        #expect(counts.begun > 0 && counts.refused > 0, "\(counts)")
    }

    @Test(.memoryCgroups) func aSequenceDoesNotBeginWithoutALimit() throws {
        let cgroup = try Cgroup.make(.memory)
        try cgroup.set(memoryLimit: 64 << 20)
        let child = try cgroup.child(state: "hold", 4096)
        let watch = Self.memoryWatch(.id(child.pid))
        var counts = (begun: 0, refused: 0)
        for free in 0..<60 {
            let answer = Self.inFork {
                guard let stop = try? StopSignal() else { return 3 }
                // Every free descriptor is used, and a few of them are given back.
                guard Self.limitDescriptors(to: 256) else { return 98 }
                var taken: [Int32] = []
                while case let descriptor = dup(0), descriptor >= 0 { taken.append(descriptor) }
                for descriptor in taken.suffix(free) { close(descriptor) }
                var limits: [Int?] = []
                do throws(ProcMemError) {
                    try watch.run(until: stop) { change in
                        limits.append(change.memory.limitBytes)
                        stop.signal()
                    }
                } catch {
                    return error.code == .outOfResources ? 43 : 2
                }
                return limits == [64 << 20] ? 42 : 3
            }
            #expect(answer == 42 || answer == 43, "\(answer) with \(free) descriptors")
            if answer == 42 { counts.begun += 1 } else { counts.refused += 1 }
        }
        #expect(counts.begun > 0 && counts.refused > 0, "\(counts)")
    }

    private static func memoryWatch(_ process: ProcessSelector) -> ContainerMemoryWatch {
        ContainerMemoryWatch(
            process: process,
            root: .live,
            thresholds: [.share(0.1)],
            pressure: nil,
            pollMilliseconds: 10,
            debounceMilliseconds: 10,
            usesNotification: true
        )
    }

    @Test func theContainersMemoryIsNotCalledMissing() {
        let answer = Self.withoutDescriptors {
            do throws(ProcMemError) {
                _ = try ContainerMemory.current()
                return 1
            } catch {
                guard ProcMem.effectiveMemoryBytes() == nil else { return 2 }
                return error.code == .outOfResources && error.errno == EMFILE ? 42 : 3
            }
        }
        #expect(answer == 42)
    }

    @Test(arguments: [MemoryMode.cheap, .accurate, .sampled(reads: 64)]) func memoryIsNotCalledGone(_ mode: MemoryMode)
    {
        let answer = Self.withoutDescriptors {
            do throws(ProcMemError) {
                _ = try memoryUsage(of: getpid(), mode: mode)
                return 1
            } catch {
                return error.code == .outOfResources && error.errno == EMFILE ? 42 : 2
            }
        }
        #expect(answer == 42)
        #expect(
            Self.withoutDescriptors {
                do throws(ProcMemError) {
                    _ = try memorySnapshot(of: .tree(root: getppid()), mode: mode)
                    return 1
                } catch {
                    return error.code == .outOfResources ? 42 : 2
                }
            } == 42
        )
    }
}
