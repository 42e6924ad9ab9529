import Synchronization

/// Values by key. If the cache may not grow, a new value replaces the least recently used one.
final class Cache: Sendable {
    private struct Entry {
        let value: Answer
        var lastUse: Int
    }

    private struct State {
        var entries: [Int: Entry] = [:]
        var useCount = 0
        var mayGrow = true
    }

    private let state = Mutex(State())

    var count: Int { state.withLock { $0.entries.count } }

    /// Returns a cached value, or computes and caches it.
    func value(for key: Int, compute: () -> Answer) -> Answer {
        let known = state.withLock { state -> Answer? in
            state.useCount += 1
            state.entries[key]?.lastUse = state.useCount
            return state.entries[key]?.value
        }
        if let known { return known }
        let value = compute()
        state.withLock { state in
            if !state.mayGrow, let oldest = state.entries.min(by: { $0.value.lastUse < $1.value.lastUse }) {
                state.entries[oldest.key] = nil
            }
            state.entries[key] = Entry(value: value, lastUse: state.useCount)
        }
        return value
    }

    /// Drops the least recently used half, and stops growing. Returns the number of entries that were dropped.
    func shed() -> Int {
        state.withLock { state in
            state.mayGrow = false
            let byUse = state.entries.sorted { $0.value.lastUse < $1.value.lastUse }
            let dropped = byUse.prefix((byUse.count + 1) / 2)
            for (key, _) in dropped { state.entries[key] = nil }
            return dropped.count
        }
    }

    func grow() {
        state.withLock { $0.mayGrow = true }
    }
}
