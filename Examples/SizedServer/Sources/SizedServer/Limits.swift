import NIOConcurrencyHelpers
import ProcMem

/// The limits that the server works under, and the workers that are kept to them.
final class LimitsInForce: Sendable {
    private let workers: Workers
    private let seen: NIOLockedValueBox<CPULimits>

    var current: CPULimits { seen.withLockedValue { $0 } }

    init(workers: Workers) throws {
        self.workers = workers
        seen = try NIOLockedValueBox(.current())
    }

    /// Applies the limits as they are now, then after each change, until the task is cancelled.
    func follow() async {
        do {
            // This line decides how changes are learnt of: any AsyncSequence of CPULimits will do.
            for try await limits in PolledCPULimits() {
                apply(limits)
            }
        } catch is CancellationError {
        } catch {
            say("limits are no longer followed: \(error)")
        }
    }

    private func apply(_ limits: CPULimits) {
        seen.withLockedValue { $0 = limits }
        let before = workers.counts.limit
        let limit = limits.effectiveCPUCount()
        guard limit != before else { return }
        workers.setLimit(limit)
        say("limit \(before) -> \(limit): \(limits.effectiveCPUs) CPUs by \(limits.limitedBy.rawValue)")
    }
}

/// The limits of this process: as they are, and again whenever a look each second finds them changed.
struct PolledCPULimits: AsyncSequence {
    struct AsyncIterator: AsyncIteratorProtocol {
        private var last: CPULimits?

        mutating func next() async throws -> CPULimits? {
            while true {
                if last != nil { try await Task.sleep(for: .seconds(1)) }
                let limits = try CPULimits.current()
                if limits == last { continue }
                last = limits
                return limits
            }
        }
    }

    func makeAsyncIterator() -> AsyncIterator { AsyncIterator() }
}
