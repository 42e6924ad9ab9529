import CTerminal
import ProcMem

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// The terminal of a full-screen program.
///
/// The terminal is restored on every way out: at ``leave()``, at a signal that ends or stops the program, and at a fatal
/// signal of the calling thread. Only `SIGKILL` and `SIGSTOP` do not allow that. The signal handlers are in C.
enum FullScreen {
    /// Why the terminal cannot be used.
    struct Failure: Error {
        let description: String
    }

    /// The variables of the environment that change the output.
    struct Environment {
        /// Whether the terminal has no addressable cursor.
        let isDumb: Bool
        /// Whether colours are permitted: see no-color.org.
        let hasColors: Bool

        static var current: Environment {
            let terminal = unsafe getenv("TERM").map { unsafe String(cString: $0) } ?? ""
            let noColor = unsafe getenv("NO_COLOR").map { unsafe String(cString: $0) } ?? ""
            return Environment(isDumb: terminal.isEmpty || terminal == "dumb", hasColors: noColor.isEmpty)
        }
    }

    static var isTerminal: Bool { isatty(STDIN_FILENO) == 1 && isatty(STDOUT_FILENO) == 1 }

    /// The number of columns and rows of the terminal.
    static var size: (width: Int, height: Int) {
        var size = winsize()
        guard unsafe ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0, size.ws_row > 0 else {
            return (80, 24)
        }
        return (Int(size.ws_col), Int(size.ws_row))
    }

    static func enter() throws {
        let error = procmem_terminal_enter()
        guard error == 0 else { throw Failure(description: "terminal: cannot be set up (errno \(error))") }
    }

    static func leave() { procmem_terminal_leave() }

    /// Ends the program as at a hang-up of its terminal, which is not always the terminal that sends `SIGHUP`.
    static func hangUp() -> Never {
        procmem_terminal_hang_up()
        _exit(128 + SIGHUP)
    }

    /// The id of the calling process.
    static var ownPID: Int32 { getpid() }

    /// The CPU time of this process so far.
    static var ownCPUTime: Duration? {
        let microseconds = procmem_own_cpu_microseconds()
        return microseconds < 0 ? nil : .microseconds(microseconds)
    }
}

/// Runs asynchronous code on the calling thread, which waits for keys and signals in between: see ``CallingThread``.
final class TerminalLoop: TaskExecutor {
    /// What has happened while the loop waited.
    struct Events {
        var input: [UInt8] = []
        var isResized = false
        var isResumed = false
        /// The terminal has gone away.
        var isHungUp = false
    }

    private let jobs = Monitor<[UnownedJob]>([])
    private let wakeDescriptor: Int32

    init() throws {
        wakeDescriptor = procmem_terminal_prepare(STDIN_FILENO, STDOUT_FILENO)
        guard wakeDescriptor >= 0 else {
            throw FullScreen.Failure(description: "no descriptor is left (errno \(errno))")
        }
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        jobs.withLock { $0.append(job) }
        procmem_terminal_wake()
    }

    /// Waits for a key, a signal or a task, runs the tasks, and returns what has happened.
    ///
    /// - Parameter milliseconds: The longest wait; `nil` waits without a timeout.
    func wait(atMost milliseconds: Int32? = nil) -> Events {
        var events = Events()
        var files = [
            pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0),
            pollfd(fd: wakeDescriptor, events: Int16(POLLIN), revents: 0),
        ]
        let count = unsafe poll(&files, 2, milliseconds ?? -1)
        if count > 0, files[0].revents != 0 { read(&events) }
        let signals = procmem_terminal_events()
        events.isResized = Int(signals) & PROCMEM_TERMINAL_RESIZED != 0
        events.isResumed = Int(signals) & PROCMEM_TERMINAL_RESUMED != 0
        runJobs()
        return events
    }

    private func runJobs() {
        while true {
            let ready = jobs.withLock { jobs in
                defer { jobs = [] }
                return jobs
            }
            guard !ready.isEmpty else { return }
            for job in ready { unsafe job.runSynchronously(on: asUnownedTaskExecutor()) }
        }
    }

    private func read(_ events: inout Events) {
        var buffer = [UInt8](repeating: 0, count: 1024)
        let count = unsafe readInput(&buffer, buffer.count)
        if count > 0 {
            events.input = Array(buffer[..<count])
        } else if count == 0 || ![EINTR, EAGAIN].contains(errno) {
            events.isHungUp = true
        }
    }
}

/// read(2), whose name the method of the loop shadows.
private func readInput(_ buffer: UnsafeMutableRawPointer, _ count: Int) -> Int {
    unsafe read(STDIN_FILENO, buffer, count)
}
