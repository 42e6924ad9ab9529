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
            for try await limits in CPULimitChanges() {
                apply(limits)
            }
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
