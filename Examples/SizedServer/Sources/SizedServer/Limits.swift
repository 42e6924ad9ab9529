import NIOConcurrencyHelpers
import ProcMem

/// The CPU limits of the server. Each change is applied to the workers.
final class LimitsInForce: Sendable {
    private let workers: Workers
    private let latest: NIOLockedValueBox<CPULimits>

    var current: CPULimits { latest.withLockedValue { $0 } }

    init(workers: Workers) throws {
        self.workers = workers
        latest = try NIOLockedValueBox(.current())
    }

    /// Applies the current limits immediately, and the new limits after each change, until the task is cancelled.
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
        latest.withLockedValue { $0 = limits }
        let before = workers.counts.limit
        let limit = limits.effectiveCPUCount()
        guard limit != before else { return }
        workers.setLimit(limit)
        say("limit \(before) -> \(limit): \(limits.effectiveCPUs) CPUs by \(limits.limitedBy.rawValue)")
    }
}
