import CLinux

/// Threads for work that waits, which Swift's own few threads must not.
enum BackgroundThread {
    /// Starts a thread that runs a closure and ends with it.
    ///
    /// - Parameter name: What the kernel's lists call the thread; it shows 15 bytes of it.
    static func start(_ name: StaticString, _ body: @escaping @Sendable () -> Void) throws(Errno) {
        let work = unsafe Unmanaged.passRetained(Work(name, body))
        let error = unsafe procmem_start_thread(
            { context in
                guard let context = unsafe context else { return nil }
                unsafe Unmanaged<Work>.fromOpaque(context).takeRetainedValue().run()
                return nil
            },
            work.toOpaque()
        )
        guard error != 0 else { return }
        unsafe work.release()
        throw Errno(rawValue: error)
    }

    private final class Work: Sendable {
        private let name: StaticString
        private let body: @Sendable () -> Void

        init(_ name: StaticString, _ body: @escaping @Sendable () -> Void) {
            self.name = name
            self.body = body
        }

        func run() {
            _ = unsafe procmem_name_thread(UnsafeRawPointer(name.utf8Start).assumingMemoryBound(to: CChar.self))
            body()
        }
    }
}
