#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// A value that threads share under a lock, and that one of them waits for: a monitor, of `pthread_mutex_t` and
/// `pthread_cond_t`.
///
/// Unlike an event that is polled it takes no descriptor, and it wakes up at an instant of nanoseconds.
@safe
final class Monitor<Value: Sendable>: @unchecked Sendable {
    // Why @unchecked and @safe: the value is reached under the lock alone; the two pointers are made in init and freed in
    // deinit, when nobody waits any more, as who waits holds the monitor.
    private var value: Value
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

    init(_ value: Value) {
        self.value = value
        unsafe mutex.initialize(to: pthread_mutex_t())
        unsafe condition.initialize(to: pthread_cond_t())
        unsafe pthread_mutex_init(mutex, nil)
        var attributes = pthread_condattr_t()
        unsafe pthread_condattr_init(&attributes)
        // Instants are of this clock, which nobody sets.
        unsafe pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        unsafe pthread_cond_init(condition, &attributes)
        unsafe pthread_condattr_destroy(&attributes)
    }

    deinit {
        unsafe pthread_cond_destroy(condition)
        unsafe pthread_mutex_destroy(mutex)
        unsafe condition.deallocate()
        unsafe mutex.deallocate()
    }

    /// Looks at the value or changes it, and has the one that waits look at it again.
    func withLock<Result, Failure: Error>(
        _ body: (inout Value) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        unsafe pthread_mutex_lock(mutex)
        defer {
            unsafe pthread_mutex_unlock(mutex)
            unsafe pthread_cond_signal(condition)
        }
        return try body(&value)
    }

    /// Waits until a closure finds what it looks for in the value, or until an instant.
    ///
    /// - Parameters:
    ///   - instant: Until when to wait, by ``Syscalls/monotonicNanoseconds``; for ever where it is `nil`.
    ///   - found: What was looked for; it is called at once, after every change, and for no reason at all.
    func wait<Result>(until instant: Int?, for found: (inout Value) -> Result?) -> Result? {
        unsafe pthread_mutex_lock(mutex)
        defer { unsafe pthread_mutex_unlock(mutex) }
        while true {
            if let result = found(&value) { return result }
            guard let instant else {
                unsafe pthread_cond_wait(condition, mutex)
                continue
            }
            if instant <= Syscalls.monotonicNanoseconds { return nil }
            var time = timespec(tv_sec: instant / 1_000_000_000, tv_nsec: instant % 1_000_000_000)
            unsafe pthread_cond_timedwait(condition, mutex, &time)
        }
    }
}
