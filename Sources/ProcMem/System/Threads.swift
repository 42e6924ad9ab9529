import CLinux
import Synchronization

/// Threads for work that waits, which Swift's own few threads must not.
enum BackgroundThread {
    /// Starts a thread that runs a closure and ends with it.
    ///
    /// - Parameter name: What the kernel's lists call the thread; it shows 15 bytes of it.
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

/// Work in several parts at once.
enum ConcurrentWork {
    /// Divides a list into parts of equal length, one for each thread: as many as the CPUs of the calling thread's affinity
    /// mask, at most four, and none shorter than `minimumPartCount`.
    ///
    /// The number of threads depends on the mask alone. A quota limits CPU time, not CPUs: the parts need the same CPU time
    /// on one thread as on several.
    static func parts<Element>(of list: [Element], minimumPartCount: Int) -> [ArraySlice<Element>] {
        let most = minimumPartCount > 0 ? min(4, list.count / minimumPartCount) : 1
        guard most > 1 else { return [list[...]] }
        let cpus = (try? Syscalls.withAffinityMask(of: 0) { $0.setBitCount }) ?? 1
        let threads = max(1, min(most, cpus))
        return (0..<threads).map { list[list.count * $0 / threads..<list.count * ($0 + 1) / threads] }
    }

    /// What comes out of each part: the first is done by the caller's thread, each other by a thread of its own, which has
    /// the caller's rights and ends with its part. Where no thread can be had the caller's does it all.
    static func results<Part: Sendable, Result: Sendable>(
        of parts: [Part],
        on name: StaticString,
        _ body: @escaping @Sendable (Part) -> Result
    ) -> [Result] {
        guard parts.count > 1 else { return parts.map(body) }
        let others = parts.dropFirst().map { PendingResult(of: $0, on: name, body) }
        return [body(parts[0])] + others.map { $0.wait() }
    }

    /// A part that another thread works on.
    private final class PendingResult<Part: Sendable, Result: Sendable>: Sendable {
        private let part: Part
        private let body: @Sendable (Part) -> Result
        private let result = Mutex<Result?>(nil)
        /// `nil` where it could not be had.
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
                while let ready = try? Syscalls.wait(for: isDone.descriptor, -1, milliseconds: -1), !ready.first {}
            }
            return result.withLock { $0 } ?? body(part)
        }
    }
}
