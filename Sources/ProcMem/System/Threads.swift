import CLinux

/// Dedicated threads for blocking work, which must not run on Swift's cooperative pool.
enum BackgroundThread {
    /// Starts a thread that runs a closure and ends when the closure returns.
    ///
    /// - Parameter name: The name of the thread in the kernel's lists, which show its first 15 bytes.
    static func start(_ name: StaticString, _ body: @escaping @Sendable () -> Void) throws(Errno) {
        try unsafe start(name, joined: nil, body)
    }

    /// Starts a thread in the same way, and returns it to a caller that joins it.
    static func startJoinable(_ name: StaticString, _ body: @escaping @Sendable () -> Void) throws(Errno) -> UInt {
        var thread: UInt = 0
        try unsafe start(name, joined: &thread, body)
        return thread
    }

    private static func start(
        _ name: StaticString,
        joined: UnsafeMutablePointer<UInt>?,
        _ body: @escaping @Sendable () -> Void
    ) throws(Errno) {
        let work = unsafe Unmanaged.passRetained(Work(name, body))
        let error = unsafe procmem_start_thread(
            { context in
                guard let context = unsafe context else { return nil }
                unsafe Unmanaged<Work>.fromOpaque(context).takeRetainedValue().run()
                return nil
            },
            work.toOpaque(),
            joined
        )
        guard error != 0 else { return }
        unsafe work.release()
        throw Errno(rawValue: error)
    }

    private final class Work: Sendable {
        private let name: StaticString
        private let body: @Sendable () -> Void

        init(_ name: StaticString, _ body: @escaping @Sendable () -> Void) {
            self.name = name
            self.body = body
        }

        func run() {
            _ = unsafe procmem_name_thread(UnsafeRawPointer(name.utf8Start).assumingMemoryBound(to: CChar.self))
            body()
        }
    }
}

/// Work on the elements of a list, which several threads share.
///
/// Each thread takes the next part of the list as soon as it has finished one. A thread that starts late or runs slowly
/// therefore delays the result by no more than one part.
struct ConcurrentWork<Element: Sendable>: Sendable {
    private let list: [Element]
    private let threadCount: Int

    /// - Parameter minimumCountPerThread: The number of elements below which another thread would cost more than it saves.
    ///
    /// The number of threads is the number of CPUs in the calling thread's affinity mask, but at most four. A quota is
    /// not considered: it limits CPU time, not the number of CPUs, and the work needs the same CPU time on one thread
    /// as on several.
    init(on list: [Element], minimumCountPerThread: Int) {
        self.list = list
        let most = minimumCountPerThread > 0 ? min(4, list.count / minimumCountPerThread) : 1
        threadCount = most > 1 ? max(1, min(most, (try? Syscalls.withAffinityMask(of: 0) { $0.setBitCount }) ?? 1)) : 1
    }

    /// Whether more than one thread does the work.
    var isDivided: Bool { threadCount > 1 }

    private var partCount: Int { isDivided ? min(list.count, 8 * threadCount) : 1 }

    private func part(_ index: Int) -> ArraySlice<Element> {
        list[list.count * index / partCount..<list.count * (index + 1) / partCount]
    }

    /// Returns the results of all parts, in the order of the list.
    ///
    /// The calling thread does a share of the work. The other threads have its rights, and have ended when the call
    /// returns, so that none of them occupies a CPU on which the next one could run. If no thread can be created, the
    /// calling thread does all of the work.
    ///
    /// - Parameter name: The name of the other threads in the kernel's lists.
    func results<Result: Sendable>(
        on name: StaticString,
        _ body: @escaping @Sendable (ArraySlice<Element>) -> Result
    ) -> [Result] {
        let progress = Monitor(Progress<Result>(results: Array(repeating: nil, count: partCount)))
        let processParts: @Sendable () -> Void = {
            while let index = progress.withLock({ $0.takeNext() }) {
                let result = body(part(index))
                progress.withLock { $0.results[index] = result }
            }
        }
        let others = (1..<threadCount).compactMap { _ in try? BackgroundThread.startJoinable(name, processParts) }
        processParts()
        for thread in others { procmem_join_thread(thread) }
        return progress.withLock { $0.results.compactMap(\.self) }
    }

    /// The parts that a thread has taken, and the results of those that are done.
    private struct Progress<Result: Sendable>: Sendable {
        var results: [Result?]
        private var taken = 0

        init(results: [Result?]) { self.results = results }

        mutating func takeNext() -> Int? {
            guard taken < results.count else { return nil }
            taken += 1
            return taken - 1
        }
    }
}
