import Foundation

/// Waits for a condition, with a deadline that a busy machine does not reach.
package enum Waiting {
    package static let deadline = Duration.seconds(60)

    /// Returns whether the condition became true before the deadline. It is checked about every millisecond.
    package static func until(within limit: Duration = deadline, _ condition: () throws -> Bool) rethrows -> Bool {
        let end = ContinuousClock.now + limit
        while try !condition() {
            guard ContinuousClock.now < end else { return false }
            usleep(1000)
        }
        return true
    }

    /// Does the same without blocking the thread.
    package static func suspending(
        within limit: Duration = deadline,
        until condition: () async throws -> Bool
    ) async throws -> Bool {
        let end = ContinuousClock.now + limit
        while try await !condition() {
            guard ContinuousClock.now < end else { return false }
            try await Task.sleep(for: .milliseconds(1))
        }
        return true
    }
}
