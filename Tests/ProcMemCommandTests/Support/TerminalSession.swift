import CTestSupport
import Foundation
import TestSupport

/// A program in a terminal of its own, with a model of its screen.
final class TerminalSession {
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    private(set) var screen: ScreenModel
    /// The number of bytes that the program has written.
    private(set) var byteCount = 0
    let pid: Int32
    /// The modes of the terminal before the program started.
    let modesBefore: TerminalModes
    private var outside: Int32
    /// Kept open, so that the terminal can still be examined after the program has ended.
    private let inside: Int32
    private var status: Int32?

    /// Starts the built `procmem`.
    convenience init(
        procmem arguments: [String],
        width: Int = 100,
        height: Int = 30,
        environment: [String: String] = [:]
    ) throws {
        try self.init(BuiltProduct.url(of: "procmem").path, arguments, width: width, height: height, environment)
    }

    /// Starts a program as the leader of a session whose terminal is a new one.
    init(
        _ path: String,
        _ arguments: [String],
        width: Int = 100,
        height: Int = 30,
        _ environment: [String: String] = [:]
    ) throws {
        screen = ScreenModel(width: width, height: height)
        var files: (outside: Int32, inside: Int32) = (-1, -1)
        var name = [CChar](repeating: 0, count: 64)
        guard test_open_terminal(&files.outside, &files.inside, &name, Int32(name.count)) == 0 else {
            throw Failure(description: "no terminal")
        }
        (outside, inside) = files
        let terminal = String(decoding: name.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
        var size = winsize(ws_row: UInt16(height), ws_col: UInt16(width), ws_xpixel: 0, ws_ypixel: 0)
        _ = ioctl(outside, UInt(TIOCSWINSZ), &size)
        modesBefore = TerminalModes(of: inside)

        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        // A session leader without a terminal gets the one that it opens.
        posix_spawn_file_actions_addopen(&actions, 0, terminal, O_RDWR, 0)
        for number in [Int32(1), 2] { posix_spawn_file_actions_adddup2(&actions, 0, number) }
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // POSIX_SPAWN_SETSID, which Glibc does not declare.
        posix_spawnattr_setflags(&attributes, 0x80)
        var variables = ProcessInfo.processInfo.environment
        variables["TERM"] = "xterm-256color"
        variables["NO_COLOR"] = nil
        variables["COLUMNS"] = nil
        // In a terminal, Swift's runtime asks the user at a fatal signal what to do.
        variables["SWIFT_BACKTRACE"] = "enable=no"
        variables.merge(environment) { $1 }
        let argumentPointers = ([path] + arguments).map { strdup($0) } + [nil]
        let environmentPointers = variables.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { (argumentPointers + environmentPointers).forEach { free($0) } }
        var pid: pid_t = 0
        let error = posix_spawn(&pid, path, &actions, &attributes, argumentPointers, environmentPointers)
        guard error == 0 else { throw Failure(description: "not started: \(error)") }
        self.pid = pid
    }

    deinit {
        if status == nil {
            kill(pid, SIGKILL)
            kill(pid, SIGCONT)
            waitpid(pid, nil, 0)
        }
        close(inside)
        if outside >= 0 { close(outside) }
    }

    var modes: TerminalModes { TerminalModes(of: inside) }

    func send(_ keys: String) {
        let bytes = Array(keys.utf8)
        _ = write(outside, bytes, bytes.count)
    }

    func resize(width: Int, height: Int) {
        readAvailable(milliseconds: 0)
        screen.resize(width: width, height: height)
        var size = winsize(ws_row: UInt16(height), ws_col: UInt16(width), ws_xpixel: 0, ws_ypixel: 0)
        _ = ioctl(outside, UInt(TIOCSWINSZ), &size)
    }

    /// Closes the terminal: the kernel sends `SIGHUP` to the session leader.
    func hangUp() {
        close(outside)
        outside = -1
    }

    /// Reads what the program writes until the screen meets a condition.
    func wait(for description: String, _ condition: (ScreenModel) -> Bool) throws {
        let end = ContinuousClock.now + Waiting.deadline
        while !condition(screen) {
            guard ContinuousClock.now < end else {
                throw Failure(description: "\(description) was not shown:\n\(screen.text)\n\(screen.mainOutput)")
            }
            readAvailable(milliseconds: 20)
        }
    }

    /// Waits until the screen contains a text.
    func wait(for text: String) throws { try wait(for: text) { $0.text.contains(text) } }

    /// Reads until nothing has been written for a moment.
    func drain() { while readAvailable(milliseconds: 20) {} }

    /// Returns the exit status, or 128 plus the number of the signal that ended the program.
    func exitStatus() throws -> Int32 {
        let end = ContinuousClock.now + Waiting.deadline
        while status == nil {
            if outside >= 0 { readAvailable(milliseconds: 5) } else { usleep(5000) }
            var result: Int32 = 0
            if waitpid(pid, &result, WNOHANG) == pid {
                let signal = result & 0x7F
                status = signal == 0 ? (result >> 8) & 0xFF : 128 + signal
            } else if ContinuousClock.now > end {
                throw Failure(description: "the program did not end:\n\(screen.text)")
            }
        }
        if outside >= 0 { drain() }
        return status ?? -1
    }

    @discardableResult private func readAvailable(milliseconds: Int32) -> Bool {
        var file = pollfd(fd: outside, events: Int16(POLLIN), revents: 0)
        guard poll(&file, 1, milliseconds) > 0, file.revents & Int16(POLLIN) != 0 else { return false }
        var buffer = [UInt8](repeating: 0, count: 65536)
        let count = read(outside, &buffer, buffer.count)
        guard count > 0 else { return false }
        byteCount += count
        screen.feed(Array(buffer[..<count]))
        return true
    }
}

/// The modes of a terminal, which a program must restore.
struct TerminalModes: Equatable {
    let input: UInt32
    let output: UInt32
    let control: UInt32
    let local: UInt32

    init(of terminal: Int32) {
        var modes = termios()
        tcgetattr(terminal, &modes)
        (input, output, control, local) = (modes.c_iflag, modes.c_oflag, modes.c_cflag, modes.c_lflag)
    }

    var isCanonical: Bool { local & UInt32(ICANON) != 0 }
}
