import CTestSupport
import Foundation
import TestSupport
import Testing

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

@testable import ProcMem

/// Descriptors that another part of the program closes, or that a forked child shares, while ProcMem keeps them.
@Suite(.serialized) struct DescriptorIdentityTests {
    /// Closes a descriptor and opens another file under its number, as a program does that closes all descriptors.
    private func replace(_ descriptor: Int32, by file: Int32) throws {
        try #require(dup2(file, descriptor) == descriptor)
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        close(file)
    }

    private func isReadable(_ descriptor: Int32) -> Bool {
        var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return poll(&entry, 1, 0) == 1
    }

    private func isOpen(_ descriptor: Int32) -> Bool { fcntl(descriptor, F_GETFD) != -1 }

    enum Replacement: CaseIterable {
        case event, queue, file, datagrams, closed

        func make() -> Int32 {
            switch self {
            case .event: return (try? Syscalls.event().relinquish()) ?? -1
            case .queue: return inotify_init1(O_CLOEXEC | O_NONBLOCK)
            case .file: return open("/dev/null", O_RDWR | O_CLOEXEC)
            case .datagrams: return socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
            case .closed: return -1
            }
        }
    }

    @Test(arguments: Replacement.allCases) func aSignalWritesOnlyToItsOwnDescriptor(_ kind: Replacement) throws {
        var stop: StopSignal? = try StopSignal()
        let number = try #require(stop?.descriptor)
        #expect(number >= 0)
        if kind == .closed {
            close(number)
        } else {
            try replace(number, by: kind.make())
        }
        #expect(stop?.descriptor == -1)
        stop?.signal()
        #expect(stop?.isSignalled == true)
        stop = nil
        guard kind != .closed else { return }
        defer { close(number) }
        #expect(isOpen(number))
        if kind == .event { #expect(!isReadable(number)) }
    }

    /// Under a filter that refuses fcntl(2), the kernel does not keep the owner, and all event counters have one inode: a
    /// counter that has the number by now would be taken for the signal's own.
    @Test(arguments: [true, false]) func withoutAnIdentityNothingIsWrittenOrClosed(_ isRefusedFromTheStart: Bool) {
        let body: @convention(c) (UnsafeMutableRawPointer?) -> Int32 = { context in
            let isRefusedFromTheStart = context != nil
            func refuse() -> Bool { test_refuse_call("fcntl", EPERM) == 0 }
            if isRefusedFromTheStart, !refuse() { return 2 }
            guard var stop = (try? StopSignal()) as StopSignal? else { return 3 }
            // The number that the event has, or had.
            let number = stop.descriptor >= 0 ? stop.descriptor : dup(0)
            if !isRefusedFromTheStart, stop.descriptor < 0 || !refuse() { return 4 }
            guard let event = try? Syscalls.event().relinquish(), dup2(event, number) == number else { return 5 }
            guard stop.descriptor == -1 else { return 6 }
            stop.signal()
            guard stop.isSignalled else { return 7 }
            let other: StopSignal? = try? StopSignal()
            guard let other else { return 8 }
            stop = other
            var entry = pollfd(fd: number, events: Int16(POLLIN), revents: 0)
            // Neither written to nor closed.
            return poll(&entry, 1, 0) == 0 ? 42 : 9
        }
        #expect(test_in_fork(body, isRefusedFromTheStart ? UnsafeMutableRawPointer(bitPattern: 1) : nil) == 42)
    }

    /// A signal that has lost its descriptor to another signal ends neither the other one nor waits for it.
    @Test func twoSignalsWithOneNumber() throws {
        let first = try StopSignal()
        let other = try StopSignal()
        // The event of the other signal, under both numbers.
        let number = first.descriptor
        try #require(dup2(other.descriptor, number) == number)
        other.signal()
        let files = FileWatches()
        let result = try files.wait(until: first, milliseconds: 0, debounceMilliseconds: 0)
        #expect(result?.urgency == Syscalls.Urgency.none)
        #expect(first.descriptor == -1 && !first.isSignalled)
    }

    @Test func aQueueIsReadOnlyUnderItsOwnDescriptor() throws {
        let tree = try FixtureTree(["/a": "1", "/b": "1"])
        let file = open(tree.directory.path + "/a", O_RDONLY | O_CLOEXEC)
        defer { close(file) }
        var files = FileWatches()
        files.watch([file])
        let number = files.descriptor
        #expect(number >= 0)
        let foreign = inotify_init1(O_CLOEXEC | O_NONBLOCK)
        try #require(inotify_add_watch(foreign, tree.directory.path + "/b", UInt32(IN_MODIFY)) >= 0)
        try replace(number, by: foreign)
        defer { close(number) }
        try Data("2".utf8).write(to: tree.directory.appending(path: "b"))
        #expect(isReadable(number))
        let lost = files.descriptor
        #expect(lost == -1)
        files.drain()
        #expect(isReadable(number))
        // A new queue takes its place, with a watch of its own.
        files.watch([file])
        let new = files.descriptor
        #expect(new >= 0 && new != number)
        try Data("2".utf8).write(to: tree.directory.appending(path: "a"))
        #expect(isReadable(new))
        files = FileWatches()
        #expect(isOpen(number) && isReadable(number))
    }

    @Test func aReaderClosesOnlyItsOwnFiles() throws {
        let tree = try FixtureTree(["/a": "1"])
        var number: Int32 = -1
        do {
            var files = OpenFiles()
            let index = files.keep(try tree.root().open(ProcPath(file: "/a")))
            number = files.descriptor(of: index)
            let isIntact = files.areIntact
            #expect(isIntact)
            try replace(number, by: open("/dev/null", O_RDWR | O_CLOEXEC))
            let isStillIntact = files.areIntact
            #expect(!isStillIntact)
        }
        #expect(isOpen(number))
        close(number)
    }

    @Test(.cpuCgroups) func aReaderOpensItsFilesAgain() throws {
        let cgroup = try Cgroup.make(.cpu)
        try cgroup.set(quota: 20_000)
        let child = try cgroup.child(state: "hold", 4096)
        let before = Set(openDescriptors)
        var reader = try CPULimitReader(of: child.pid)
        #expect(try reader.read().quota?.cpus == 0.2)
        // Other tests open files of their own at the same time.
        let opened = Set(openDescriptors).subtracting(before).filter { link($0).hasPrefix(cgroup.directory) }
        #expect(opened.contains { link($0).contains("cpu.") })
        for number in opened where link(number).contains("cpu.") {
            try replace(number, by: open("/dev/null", O_RDWR | O_CLOEXEC))
        }
        usleep(200_000)
        #expect(try reader.read().quota?.cpus == 0.2)
        for number in opened where link(number) == "/dev/null" { close(number) }
    }

    private var openDescriptors: [Int32] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")) ?? []
        return names.compactMap { Int32($0) }
    }

    private func link(_ descriptor: Int32) -> String {
        (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\(descriptor)")) ?? ""
    }
}

/// What a forked child does with its copies.
extension DescriptorIdentityTests {
    /// Runs jobs where they are enqueued: a forked child has no other thread.
    private final class InlineExecutor: TaskExecutor {
        func enqueue(_ job: consuming ExecutorJob) { job.runSynchronously(on: asUnownedTaskExecutor()) }
    }

    private final class Job: @unchecked Sendable {
        var files = FileWatches()
        var limits: CPULimitChanges.AsyncIterator?
        var memory: ContainerMemoryChanges.AsyncIterator?
        let sampler = MemorySampler(SamplerPass())
        /// The number of requests that ended at once in the child.
        private var ended = 0

        /// Returns 42, or the number of the step that failed.
        func runInChild() -> Int32 {
            files.drain()
            if files.descriptor != -1 { return 1 }
            if (try? sampler.thread.beginSeries(every: 1)) != nil { return 2 }
            sampler.thread.endSeries(1)
            Task(executorPreference: InlineExecutor()) { [self] in
                if try await limits?.next(isolation: nil) == nil { ended += 1 }
                if try await memory?.next(isolation: nil) == nil { ended += 1 }
                do throws(ProcMemError) { _ = try await sampler.snapshot() } catch { ended += 1 }
            }
            if ended != 3 { return 3 }
            (limits, memory) = (nil, nil)
            return 42
        }
    }

    /// Another thread holds the lock of a C library at the moment of the fork.
    @Test func aForkedChildCanLockALibrary() async {
        let lock = LibraryLock()
        let isOver = Monitor(false)
        let holder = Thread {
            while !isOver.withLock({ $0 }) { lock.withLock { _ = usleep(50_000) } }
        }
        holder.start()
        usleep(10_000)
        #expect(test_in_fork({ _ in LibraryLock().withLock { 42 } }, nil) == 42)
        isOver.withLock { $0 = true }
    }

    @Test func aForkedChildDoesNothingToItsParent() async throws {
        let tree = try FixtureTree(
            MountTable.files(
                in: "/a",
                [
                    "/proc/self/status": "Cpus_allowed:\tf\n",
                    "/proc/meminfo": "MemTotal: 1000 kB\nMemAvailable: 500 kB\n",
                    "/sys/fs/cgroup/a/cpu.max": "150000 100000\n", "/sys/fs/cgroup/a/memory.max": "500000\n",
                ]
            )
        )
        let job = Job()
        job.limits = CPULimitChanges(pollInterval: .seconds(60), in: tree.root()).makeAsyncIterator()
        job.memory = ContainerMemoryChanges(pollInterval: .seconds(60), in: tree.root()).makeAsyncIterator()
        #expect(try await job.limits?.next()?.effectiveCPUCount() == 2)
        #expect(try await job.memory?.next()?.cause == .start)
        _ = try await job.sampler.snapshot()
        let file = open(tree.directory.path + "/proc/meminfo", O_RDONLY | O_CLOEXEC)
        defer { close(file) }
        job.files.watch([file])
        let queue = job.files.descriptor
        try tree.write("MemTotal: 1000 kB\nMemAvailable: 400 kB\n", to: "/proc/meminfo")
        #expect(isReadable(queue))
        let answer = test_in_fork(
            { context in
                guard let context else { return 99 }
                return Unmanaged<Job>.fromOpaque(context).takeUnretainedValue().runInChild()
            },
            Unmanaged.passUnretained(job).toOpaque()
        )
        #expect(answer == 42)
        // The parent still has its events, and its sequences go on.
        #expect(isReadable(queue))
        try tree.write("50000 100000\n", to: "/sys/fs/cgroup/a/cpu.max")
        #expect(try await job.limits?.next()?.effectiveCPUCount() == 1)
        try tree.write("400000\n", to: "/sys/fs/cgroup/a/memory.max")
        #expect(try await job.memory?.next()?.memory.limitBytes == 400_000)
        _ = try await job.sampler.snapshot()
    }
}
