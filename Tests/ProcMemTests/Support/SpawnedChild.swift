import TestSupport

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// A child process that lives until its owner is deallocated, or until it is collected.
final class SpawnedChild {
    let pid: pid_t
    private var keepAlive: Int32 = -1

    /// Starts a program whose standard input stays open and empty.
    init?(_ arguments: [[UInt8]]) {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { return nil }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        defer { close(ends[0]) }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, ends[0], STDIN_FILENO)
        var vector = arguments.map { argument in
            strdup((argument + [0]).map { CChar(bitPattern: $0) })
        }
        vector.append(nil)
        defer { vector.forEach { free($0) } }
        var child: pid_t = 0
        guard let program = vector[0] else { return nil }
        var error = posix_spawn(&child, program, &actions, nil, vector, environ)
        // A process that another test forks at this moment may hold the program's file open for writing.
        _ = Waiting.until {
            if error == ETXTBSY { error = posix_spawn(&child, program, &actions, nil, vector, environ) }
            return error != ETXTBSY
        }
        guard error == 0 else {
            close(ends[1])
            return nil
        }
        pid = child
        keepAlive = ends[1]
    }

    convenience init?(_ arguments: String...) {
        self.init(arguments.map { Array($0.utf8) })
    }

    /// Starts a shell that sets its name to these bytes, as prctl(PR_SET_NAME) would, and then waits.
    static func named(_ name: [UInt8]) -> SpawnedChild? {
        let script = Array(#"printf %s "$1" > /proc/$$/comm; read line"#.utf8)
        guard let child = SpawnedChild([Array("/bin/sh".utf8), Array("-c".utf8), script, Array("sh".utf8), name])
        else { return nil }
        let isNamed = child.waits { file("/proc/\(child.pid)/comm") == name + [0x0A] }
        return isNamed ? child : nil
    }

    /// Waits until the child has exited, without collecting it.
    func becomesZombie() -> Bool {
        var info = siginfo_t()
        return waitid(P_PID, id_t(pid), &info, WEXITED | WNOWAIT) == 0
    }

    /// Whether a condition becomes true before the deadline.
    func waits(until condition: () -> Bool) -> Bool { Waiting.until(condition) }

    static func file(_ path: String) -> [UInt8]? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var part = [UInt8](repeating: 0, count: 1 << 16)
        while case let count = read(descriptor, &part, part.count), count > 0 { bytes += part[..<count] }
        return bytes
    }

    deinit {
        close(keepAlive)
        kill(pid, SIGKILL)
        var status: Int32 = 0
        while waitpid(pid, &status, 0) == -1 && errno == EINTR {}
    }
}
