import CLinux

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Reads lines from standard input, while the command waits for something else.
enum StandardInput {
    /// What was read.
    enum Event: Sendable, Equatable {
        case line(InputLine)
        /// The end of the input, or an error.
        case end
    }

    // Why nonisolated(unsafe): it is set before the thread starts, and only the thread uses it afterwards.
    nonisolated(unsafe) private static var handle: (@Sendable (Event) -> Void)?

    /// Starts a thread that calls a function with each line, and once at the end. To be called once.
    ///
    /// - Parameter body: The function. The next line is read when it returns.
    /// - Returns: `false` if no thread can be created.
    static func start(_ body: @escaping @Sendable (Event) -> Void) -> Bool {
        unsafe handle = body
        let error = unsafe procmem_start_thread(
            { _ in
                StandardInput.run()
                return nil
            },
            nil,
            nil
        )
        return error == 0
    }

    private static func run() {
        guard let handle = unsafe handle else { return }
        var lines = LineSplitter()
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = unsafe buffer.withUnsafeMutableBytes { unsafe read(STDIN_FILENO, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            if count < 0, errno == EAGAIN {
                // Another process that shares the descriptor may have made it non-blocking.
                var input = pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0)
                _ = unsafe poll(&input, 1, -1)
                continue
            }
            guard count > 0 else { break }
            for line in lines.lines(in: buffer[..<count]) { handle(.line(line)) }
        }
        handle(.end)
    }
}
