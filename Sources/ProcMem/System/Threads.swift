import CLinux
import Synchronization

/// Dedicated threads for blocking work, which must not run on Swift's cooperative pool.
enum BackgroundThread {
    /// Starts a thread that runs a closure and ends when the closure returns.
    ///
    /// - Parameter name: The name of the thread in the kernel's lists, which show its first 15 bytes.
    static func start(_ name: StaticString, _ body: @escaping @Sendable () -> Void) throws(Errno) {
        let work = unsafe Unmanaged.passRetained(Work(name, body))
        let error = unsafe procmem_start_thread(
            { context in
                guard let context = unsafe context else { return nil }
                unsafe Unmanaged<Work>.fromOpaque(context).takeRetainedValue().run()
                return nil
            },
            work.toOpaque()
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
    private final class PendingResult<Part: Sendable, Result: Sendable>: Sendable {
        private let part: Part
        private let body: @Sendable (Part) -> Result
        private let result = Mutex<Result?>(nil)
        /// `nil` if no descriptor was available.
        private let isDone = try? StopSignal()

        init(of part: Part, on name: StaticString, _ body: @escaping @Sendable (Part) -> Result) {
            self.part = part
            self.body = body
            guard let isDone else { return }
            do {
                try BackgroundThread.start(name) { [self] in
                    let value = body(part)
                    result.withLock { $0 = value }
                    isDone.signal()
                }
            } catch {
                isDone.signal()
            }
        }

        func wait() -> Result {
            if let isDone {
                while !isDone.isSignalled,
                    (try? Syscalls.wait(for: isDone.descriptor, -1, milliseconds: 1000)) != nil
                {}
            }
            return result.withLock { $0 } ?? body(part)
        }
    }
}
