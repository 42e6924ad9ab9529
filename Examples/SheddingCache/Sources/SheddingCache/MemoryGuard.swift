import ProcMem

/// Makes a cache give up memory before the kernel kills a process of its container.
struct MemoryGuard: Sendable {
    let cache: Cache
    /// The share of the limit that remains available.
    var reserve = 0.4

    /// Follows the memory of the container until the task is cancelled.
    func follow() async {
        do {
            let changes = ContainerMemoryChanges(below: [.share(reserve)], pollInterval: .milliseconds(50))
            for try await change in changes {
                switch change.cause {
                case .limitHit, .highBreached:
                    // Page cache alone reaches the limit, too, and the kernel reclaims it.
                    guard isShort(change) else { continue }
                    say("\(change.cause.name), \(available(change)): dropped \(cache.shed()) entries")
                case .availableBelow:
                    say("\(change.cause.name), \(available(change)): dropped \(cache.shed()) entries")
                case .availableAbove:
                    cache.grow()
                    say("\(change.cause.name), \(available(change)): \(cache.count) entries, may grow")
                default:
                    say("\(change.cause.name), \(available(change))")
                }
            }
        } catch {
            say("the memory is no longer followed: \(error)")
        }
    }

    /// Whether less than the reserve is available. The sequence then also reports when more is available again.
    private func isShort(_ change: ContainerMemoryChange) -> Bool {
        guard let available = change.memory.availableBytes, let limit = change.memory.effectiveMemoryBytes else {
            return false
        }
        return Double(available) < Double(limit) * reserve
    }

    private func available(_ change: ContainerMemoryChange) -> String {
        change.memory.availableBytes.map { "\($0 >> 20) MiB available" } ?? "available memory unknown"
    }
}
