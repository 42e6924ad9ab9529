import Synchronization

/// Work in several parts at once.
enum ConcurrentWork {
    /// The pieces of a list for as many threads as there are CPUs, four at most, each of them long enough to be worth one.
    static func parts<Element>(of list: [Element], worthAThread least: Int) -> [ArraySlice<Element>] {
        let most = least > 0 ? min(4, list.count / least) : 1
        guard most > 1 else { return [list[...]] }
        let threads = min(most, effectiveCPUCount(rounding: .down))
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
                    isDone.give()
                }
            } catch {
                isDone.give()
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
