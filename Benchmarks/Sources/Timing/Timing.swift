import Allocations

/// Calls `answer` in batches and prints a line for each: what it said last, the nanoseconds that a call took, and how many
/// allocations it made.
///
/// The arguments behind the first name the number of batches and that of calls in each. The first batch is not printed, but
/// for 0 batches, which asks for the first call of a new process.
public func time(_ answer: () throws -> Int) rethrows {
    let (batches, calls) = counts
    for batch in 0...batches {
        var last = 0
        let allocations = allocation_count()
        let start = ContinuousClock.now
        for _ in 0..<calls { last = try answer() }
        report(last, since: start, allocations, batch, of: batches, calls)
    }
}

/// The same for what is waited for.
public func time(_ answer: @Sendable () async throws -> Int) async rethrows {
    let (batches, calls) = counts
    for batch in 0...batches {
        var last = 0
        let allocations = allocation_count()
        let start = ContinuousClock.now
        for _ in 0..<calls { last = try await answer() }
        report(last, since: start, allocations, batch, of: batches, calls)
    }
}

private var counts: (batches: Int, calls: Int) {
    let numbers = CommandLine.arguments.dropFirst(2).compactMap { Int($0) }
    guard numbers.count == 2, let batches = numbers.first, let calls = numbers.last, batches >= 0, calls > 0 else {
        fatalError("usage: \(CommandLine.arguments[0]) CASE BATCHES CALLS")
    }
    return (batches, calls)
}

private func report(
    _ answer: Int,
    since start: ContinuousClock.Instant,
    _ allocations: UInt64,
    _ batch: Int,
    of batches: Int,
    _ calls: Int
) {
    let (seconds, attoseconds) = (ContinuousClock.now - start).components
    let allocated = allocation_count() - allocations
    let nanoseconds = Double(seconds) * 1e9 + Double(attoseconds) / 1e9
    if batch > 0 || batches == 0 { print(answer, nanoseconds / Double(calls), Double(allocated) / Double(calls)) }
}
