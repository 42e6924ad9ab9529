import CTestSupport
package import Foundation

/// A program that a test starts, and that is killed when the test ends.
///
/// Foundation's Process waits until every descriptor that the program inherited is closed, which never happens if the
/// program has forked. This child has its three standard files, and no other file of the tests.
package final class ChildProcess {
    package let pid: Int32
    /// The pids that a ``ProcessState`` printed.
    package private(set) var ids: [Int32] = []

    private var input: Descriptor?
    private var output: Descriptor?
    private var isRunning = true
    private var kept: [AnyObject] = []

    /// Starts a process in a state, and waits until it is in this state.
    package convenience init(state: String, _ arguments: any CustomStringConvertible...) throws {
        try self.init(running: BuiltProduct.url(of: "ProcessStates").path, [state] + arguments.map(\.description))
        try waitUntilReady(in: state)
    }

    /// Waits until the process has printed that it is in its state, and is idle.
    package func waitUntilReady(in state: String) throws {
        let line = self.line()
        guard line.hasPrefix("ready") else { throw Failure.notReady(state: state, said: line) }
        ids = line.split(separator: " ").dropFirst().compactMap { Int32($0) }
        try Self.waitUntilStill([pid] + ids)
    }

    /// Waits until processes that have printed their output sleep, or are zombies or gone: only then do they stop
    /// faulting in pages.
    package static func waitUntilStill(_ pids: [Int32]) throws {
        for pid in pids {
            let isStill = Waiting.until {
                guard let stat = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .isoLatin1),
                    let state = stat.split(separator: ")").last?.split(separator: " ").first
                else { return true }
                return ["S", "Z"].contains(state)
            }
            guard isStill else { throw Failure.notStill(pid) }
        }
    }

    /// Starts any program, which must keep running.
    package init(running path: String, _ arguments: [String]) throws {
        let (childInput, input) = try Descriptor.pipe()
        let (output, childOutput) = try Descriptor.pipe()
        pid = try Self.spawn(path, arguments, files: [childInput.number, childOutput.number, STDERR_FILENO])
        self.input = input
        self.output = output
    }

    /// The next line that the program writes.
    package func line() -> String { output?.line() ?? "" }

    /// Writes a line to the program's input.
    package func send(line: String) {
        send(bytes: Array((line + "\n").utf8))
    }

    /// Writes bytes to the program's input.
    package func send(bytes: [UInt8]) {
        guard let input else { return }
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { write(input.number, $0.baseAddress, $0.count) }
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
    }

    /// Closes the program's input.
    package func closeInput() { input = nil }

    /// Closes the end of the pipe from which the program's output is read.
    package func closeOutput() { output = nil }

    /// Returns the exit status of a program that exits by itself, or 128 plus the number of the signal that killed it;
    /// `nil` if it still runs after that time.
    package func status(within limit: Duration) -> Int32? {
        let end = ContinuousClock.now + limit
        var status: Int32 = 0
        while isRunning {
            if waitpid(pid, &status, WNOHANG) == pid {
                isRunning = false
                return Self.exitStatus(status)
            }
            guard ContinuousClock.now < end else { break }
            usleep(10_000)
        }
        return nil
    }

    /// The output that has not been read yet; does not wait for more.
    package func rest() -> String { output?.rest() ?? "" }

    /// Kills the process, and collects it.
    package func end() {
        guard isRunning else { return }
        isRunning = false
        kill(pid, SIGKILL)
        _ = Self.wait(for: pid)
    }

    deinit { end() }

    /// Keeps an object until the process has been collected, for example the cgroup that it is in.
    package func keep(_ object: AnyObject) { kept.append(object) }

    /// Returns the output of a program that exits by itself.
    ///
    /// - Parameter environment: Variables to set in addition to those of the tests.
    package static func output(
        of path: String,
        _ arguments: [String],
        environment: [String: String] = [:]
    ) throws -> Output {
        let output = try Descriptor.temporaryFile()
        let errors = try Descriptor.temporaryFile()
        let null = Descriptor(open("/dev/null", O_RDWR | O_CLOEXEC))
        let files = [null.number, output.number, errors.number]
        let pid = try spawn(path, arguments, environment, files: files)
        let status = wait(for: pid)
        return Output(text: output.text(), errorText: errors.text(), status: status)
    }

    package struct Output: Sendable {
        package let text: String
        package let errorText: String
        /// The exit status, or 128 plus the number of the signal that killed the program.
        package let status: Int32
    }

    package enum Failure: Error {
        case notReady(state: String, said: String)
        case notStill(Int32)
        case notBuilt(String)
        case system(Int32)
    }

    private static func spawn(
        _ path: String,
        _ arguments: [String],
        _ environment: [String: String] = [:],
        files: [Int32]
    ) throws -> Int32 {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        for (number, file) in files.enumerated() {
            posix_spawn_file_actions_adddup2(&actions, file, Int32(number))
        }
        let variables = ProcessInfo.processInfo.environment.merging(environment) { _, new in new }
        let argumentPointers = ([path] + arguments).map { strdup($0) } + [nil]
        let environmentPointers = variables.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { (argumentPointers + environmentPointers).forEach { free($0) } }
        var pid: pid_t = 0
        let error = posix_spawn(&pid, path, &actions, nil, argumentPointers, environmentPointers)
        guard error == 0 else { throw Failure.system(error) }
        return pid
    }

    private static func wait(for pid: Int32) -> Int32 {
        var status: Int32 = 0
        while waitpid(pid, &status, 0) == -1, errno == EINTR {}
        return exitStatus(status)
    }

    private static func exitStatus(_ status: Int32) -> Int32 {
        let signal = status & 0x7F
        return signal == 0 ? (status >> 8) & 0xFF : 128 + signal
    }
}

/// A program that the package builds with the tests.
package enum BuiltProduct {
    package static func url(of name: String) throws -> URL {
        // Not from /proc/self/exe, which is the loader if the tests run with another C library than the system's.
        let url = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent().appending(path: name)
        guard FileManager.default.isExecutableFile(atPath: url.path) else {
            throw ChildProcess.Failure.notBuilt(url.path)
        }
        return url
    }
}

/// An open file that no program started later inherits.
private final class Descriptor {
    let number: Int32

    init(_ number: Int32) { self.number = number }

    deinit { close(number) }

    static func pipe() throws -> (read: Descriptor, write: Descriptor) {
        var numbers: [Int32] = [0, 0]
        guard test_pipe(&numbers) == 0 else { throw ChildProcess.Failure.system(errno) }
        return (Descriptor(numbers[0]), Descriptor(numbers[1]))
    }

    static func temporaryFile() throws -> Descriptor {
        let number = test_temporary_file()
        guard number >= 0 else { throw ChildProcess.Failure.system(errno) }
        return Descriptor(number)
    }

    /// The bytes up to the next newline or the end.
    func line() -> String {
        var bytes: [UInt8] = []
        var byte: UInt8 = 0
        while read(number, &byte, 1) == 1, byte != 0x0A { bytes.append(byte) }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The bytes that can be read without waiting.
    func rest() -> String {
        _ = fcntl(number, F_SETFL, O_NONBLOCK)
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65536)
        while case let count = read(number, &buffer, buffer.count), count > 0 { bytes += buffer[..<count] }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The whole file.
    func text() -> String {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65536)
        while case let count = pread(number, &buffer, buffer.count, off_t(bytes.count)), count > 0 {
            bytes += buffer[..<count]
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
