import CLinux

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// A monitor: a value that threads share under a lock, and on which one thread can wait for a change. It consists of a
/// `pthread_mutex_t` and a `pthread_cond_t`.
///
/// Unlike a polled event, a monitor needs no file descriptor, and its timeout has a resolution of nanoseconds.
///
/// It is the only lock of the library, in place of `Synchronization.Mutex`: ThreadSanitizer intercepts these calls of
/// libc. It does not know the futex of a `Mutex`, and reports races of every program in which threads share one.
@safe
package final class Monitor<Value: Sendable>: @unchecked Sendable {
    // Why @unchecked and @safe: the value is accessed only under the lock. The two pointers are allocated in init and
    // freed in deinit. No thread is waiting then, because a waiting thread retains the monitor.
    private var value: Value
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

    /// Creates a monitor with the initial value.
    package init(_ value: Value) {
        self.value = value
        unsafe mutex.initialize(to: pthread_mutex_t())
        unsafe condition.initialize(to: pthread_cond_t())
        unsafe pthread_mutex_init(mutex, nil)
        var attributes = pthread_condattr_t()
        unsafe pthread_condattr_init(&attributes)
        // Timeouts refer to this clock, which cannot be set.
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

    /// Accesses the value under the lock, and then wakes the waiting thread, which examines the value again.
    package func withLock<Result, Failure: Error>(
        _ body: (inout Value) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        unsafe pthread_mutex_lock(mutex)
        defer {
            // Before the lock is released: then another thread may take the value, and release the monitor.
            unsafe pthread_cond_signal(condition)
            unsafe pthread_mutex_unlock(mutex)
        }
        return try body(&value)
    }

    /// Waits until a closure returns a result for the value, or until an instant.
    ///
    /// - Parameters:
    ///   - instant: The end of the wait, on the clock `CLOCK_MONOTONIC`; `nil` waits without a timeout.
    ///   - found: Returns the result, or `nil` to continue waiting. It is called immediately, after every change, and
    ///     on spurious wake-ups.
    package func wait<Result>(until instant: Int?, for found: (inout Value) -> Result?) -> Result? {
        unsafe pthread_mutex_lock(mutex)
        defer { unsafe pthread_mutex_unlock(mutex) }
        while true {
            if let result = found(&value) { return result }
            guard let instant else {
                unsafe pthread_cond_wait(condition, mutex)
                continue
            }
            if instant <= Syscalls.monotonicNanoseconds { return nil }
            unsafe procmem_wait_until(condition, mutex, Int64(instant))
        }
    }
}

/// The lock of a C library that is not thread-safe. There is one for the whole program.
///
/// It has no state in Swift: ThreadSanitizer does not know the once-initialisation of a global variable, and would report a race
/// for a global ``Monitor``.
struct LibraryLock: Sendable {
    /// Calls a closure under the lock.
    func withLock<Result, Failure: Error>(_ body: () throws(Failure) -> Result) throws(Failure) -> Result {
        procmem_lock_library()
        defer { procmem_unlock_library() }
        return try body()
    }
}
