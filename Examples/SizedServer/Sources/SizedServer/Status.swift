import ProcMem

/// The state of the server, for `GET /` and for the log.
struct Status: Sendable, CustomStringConvertible {
    let eventLoops: Int
    let workers: Workers
    let limits: LimitsInForce

    var description: String {
        let counts = workers.counts
        return "event loops: \(eventLoops), workers: \(counts.workers), limit: \(counts.limit)"
    }

    var json: String {
        let counts = workers.counts
        return """
            {"eventLoops": \(eventLoops), "poolWidth": \(counts.workers), \
            "effectiveCPUs": \(limits.current.effectiveCPUs), "limit": \(counts.limit), \
            "running": \(counts.running), "waiting": \(counts.waiting)}

            """
    }
}
