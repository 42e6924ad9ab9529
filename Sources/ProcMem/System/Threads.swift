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

/// Work that is divided into parts which run concurrently.
enum ConcurrentWork {
    /// Divides a list into parts of equal length, one for each thread. The number of parts is the number of CPUs in the
    /// calling thread's affinity mask, but at most four; no part is shorter than `minimumPartCount`.
    ///
    /// The number of threads depends on the mask alone. A quota limits CPU time, not the number of CPUs: the parts need
    /// the same CPU time on one thread as on several.
    static func parts<Element>(of list: [Element], minimumPartCount: Int) -> [ArraySlice<Element>] {
        let most = minimumPartCount > 0 ? min(4, list.count / minimumPartCount) : 1
        guard most > 1 else { return [list[...]] }
        let cpus = (try? Syscalls.withAffinityMask(of: 0) { $0.setBitCount }) ?? 1
        let threads = max(1, min(most, cpus))
        return (0..<threads).map { list[list.count * $0 / threads..<list.count * ($0 + 1) / threads] }
    }

    /// Returns the results of all parts. The calling thread processes the first part. A separate thread with the
    /// caller's rights processes each other part and ends with it. If no thread can be created, the calling thread
    /// processes the part.
    static func results<Part: Sendable, Result: Sendable>(
        of parts: [Part],
        on name: StaticString,
        _ body: @escaping @Sendable (Part) -> Result
    ) -> [Result] {
        guard parts.count > 1 else { return parts.map(body) }
        let others = parts.dropFirst().map { PendingResult(of: $0, on: name, body) }
        return [body(parts[0])] + others.map { $0.wait() }
    }

    /// A part that a separate thread processes.
    private final class PendingResult<Part: Sendable, Result: Sendable> {
        private let part: Part
        private let body: @Sendable (Part) -> Result
        private let result = JoinedResult<Result>()
        private let thread: UInt?

        init(of part: Part, on name: StaticString, _ body: @escaping @Sendable (Part) -> Result) {
            self.part = part
            self.body = body
            thread = try? BackgroundThread.startJoinable(name) { [result] in result.value = body(part) }
        }

        /// Returns the result. It must be called once.
        ///
        /// The thread has ended then, so that it does not occupy the CPU on which the next one could run.
        func wait() -> Result {
            if let thread { procmem_join_thread(thread) }
            return result.value ?? body(part)
        }
    }

    /// A result that one thread sets, and another reads after it has joined that thread.
    private final class JoinedResult<Result: Sendable>: @unchecked Sendable {
        // Why @unchecked: the value is set before the thread ends, and read after it was joined.
        var value: Result?
    }
}
