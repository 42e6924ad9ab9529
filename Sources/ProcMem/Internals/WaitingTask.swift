/// A task that waits for an answer, which somebody gives it, once.
///
/// `CheckedContinuation` would count on the heap for each wait what ``PassRequests`` makes sure of: who is answered is taken
/// out of the book first, under a lock.
@safe
struct WaitingTask<Answer: Sendable>: Sendable {
    // Why @safe: of two answers the second would be a trap at best. See above.
    private let continuation: UnsafeContinuation<Answer, Never>

    /// Suspends the task until it has been answered.
    ///
    /// - Parameter entrust: Gives the task to whoever answers it. It runs before the task is suspended.
    static func answer(entrusted entrust: (WaitingTask) -> Void) async -> Answer {
        await unsafe withUnsafeContinuation { continuation in
            entrust(unsafe WaitingTask(continuation: continuation))
        }
    }

    func resume(returning answer: Answer) {
        unsafe continuation.resume(returning: answer)
    }
}
