import Allocations

/// Calls `answer` in batches. For each batch it prints the last result, the nanoseconds per call, and the allocations
/// per call.
///
/// The second argument of the command is the number of batches, and the third the number of calls in each. One batch
/// more runs first and is not printed. With 0 batches, that first batch is printed: it is the first call of a new
/// process.
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

/// Calls the asynchronous `answer` in batches, and prints the same.
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
