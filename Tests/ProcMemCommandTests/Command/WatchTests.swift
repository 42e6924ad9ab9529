import Foundation
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(5))) struct WatchTests {
    /// `procmem cpu --watch`, or another subcommand, with its output in a pipe.
    final class Watch {
        private let process = Process()
        private let output = Pipe()
        /// Kept until the command has exited.
        private let tree: FixtureTree

        /// - Parameter wrapper: A command that executes the one given as its further arguments.
        init(
            _ arguments: String...,
            of subcommand: String = "cpu",
            in tree: FixtureTree,
            wrappedBy wrapper: [String] = []
        ) throws {
            self.tree = tree
            let procmem = try BuiltProduct.url(of: "procmem").path
            let command = wrapper + [procmem, subcommand, "--watch", "--sysroot", tree.directory.path] + arguments
            process.executableURL = URL(filePath: command[0])
            process.arguments = Array(command.dropFirst())
            process.standardInput = FileHandle.nullDevice
            process.standardOutput = output
            process.standardError = output
            try process.run()
        }

        deinit {
            kill(process.processIdentifier, SIGKILL)
            process.waitUntilExit()
        }

        func line() -> String {
            var bytes: [UInt8] = []
            while let byte = try? output.fileHandleForReading.read(upToCount: 1)?.first, byte != 0x0A {
                bytes.append(byte)
            }
            return String(decoding: bytes, as: UTF8.self)
        }

        /// The targets of the links in `/proc/PID/fd`.
        var descriptors: [String] {
            let directory = "/proc/\(process.processIdentifier)/fd"
            let names = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
            return names.compactMap {
                try? FileManager.default.destinationOfSymbolicLink(atPath: "\(directory)/\($0)")
            }
        }

        func interrupt() { kill(process.processIdentifier, SIGINT) }

        func status() -> Int32 {
            process.waitUntilExit()
            return process.terminationStatus
        }
    }

    @Test func printsImmediatelyAndAfterEachChange() throws {
        let tree = try Systems.cpus(quota: "150000 100000")
        let watch = try Watch(in: tree)
        let first = watch.line()
        let parts = first.split(separator: " ", maxSplits: 1)
        #expect(parts.first?.wholeMatch(of: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/) != nil)
        #expect(parts.last == " 2 CPUs: a quota of 1.5, rounded up, cgroup /kubepods/pod1")

        try tree.write(Data("350000 100000\n".utf8), to: "/sys/fs/cgroup/kubepods/pod1/cpu.max")
        #expect(watch.line().hasSuffix("  4 CPUs: a quota of 3.5, rounded up, cgroup /kubepods/pod1"))
    }

    @Test func anInterruptEndsIt() throws {
        let watch = try Watch(in: Systems.cpus(quota: "150000 100000"))
        _ = watch.line()
        watch.interrupt()
        #expect(watch.line() == "")
        #expect(watch.status() == SIGINT)
    }

    @Test(arguments: ["cpu", "container", "memory"]) func aClosedOutputEndsIt(_ subcommand: String) throws {
        let tree = subcommand == "container" ? try Systems.container() : try Systems.cpus(quota: "150000 100000")
        // The first line of `memory` is followed by another one only after 1,000 seconds.
        let arguments = subcommand == "memory" ? ["memory", "--watch", "1000s"] : [subcommand, "--watch"]
        let root = subcommand == "memory" ? [] : ["--sysroot", tree.directory.path]
        var ends: [Int32] = [0, 0]
        for isSocket in [false, true] {
            try #require((isSocket ? socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends) : pipe(&ends)) == 0)
            for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
            let reader = FileHandle(fileDescriptor: ends[0], closeOnDealloc: true)
            let process = Process()
            process.executableURL = try BuiltProduct.url(of: "procmem")
            process.arguments = arguments + root
            process.standardInput = FileHandle.nullDevice
            let writer = FileHandle(fileDescriptor: ends[1], closeOnDealloc: true)
            process.standardOutput = writer
            process.standardError = FileHandle.nullDevice
            try process.run()
            try? writer.close()
            #expect(try reader.read(upToCount: 1)?.count == 1)
            #expect(process.isRunning)
            try reader.close()
            process.waitUntilExit()
            // The tests may ignore SIGPIPE, and a program inherits this.
            let isBySignal = process.terminationReason == .uncaughtSignal && process.terminationStatus == SIGPIPE
            #expect(isBySignal || process.terminationReason == .exit && process.terminationStatus == 1)
        }
    }

    /// In a user namespace with a limit of 0 inotify instances, `inotify_init1` fails with `EMFILE`.
    @Test(.enabled(if: UserNamespace.isAvailable, "needs a user namespace")) func pollsWithoutNotification() throws {
        let tree = try Systems.cpus(quota: "150000 100000")
        let watch = try Watch(in: tree, wrappedBy: UserNamespace.withoutNotification)
        #expect(watch.line().contains(" 2 CPUs:"))
        #expect(!watch.descriptors.contains("anon_inode:inotify"))
        try tree.write("350000 100000\n", to: "/sys/fs/cgroup/kubepods/pod1/cpu.max")
        #expect(watch.line().contains(" 4 CPUs:"))
    }

    @Test func usesInotify() throws {
        let watch = try Watch(in: Systems.cpus(quota: "150000 100000"))
        _ = watch.line()
        #expect(watch.descriptors.contains("anon_inode:inotify"))
    }

    @Test func printsOneLineOfJSONForEachChange() throws {
        let watch = try Watch("--json", in: Systems.cpus(quota: "150000 100000"))
        let answer = try JSON(parsing: watch.line())
        #expect(answer["effectiveCPUCount"] == 2)
    }

    @Test func endsWhenTheProcessExits() throws {
        let tree = try Systems.cpus(quota: "150000 100000")
        for file in ["status", "stat", "cgroup", "mountinfo"] {
            let contents = try Data(contentsOf: tree.directory.appending(path: "proc/self/\(file)"))
            try tree.write(contents, to: "/proc/42/\(file)")
        }
        let watch = try Watch("--pid", "42", in: tree)
        #expect(watch.line().contains("2 CPUs"))
        try FileManager.default.removeItem(at: tree.directory.appending(path: "proc/42"))
        #expect(watch.line() == "procmem: process 42 has exited")
        #expect(watch.status() == 1)
    }
}

/// A user namespace in which a command runs.
enum UserNamespace {
    /// Executes the command given as further arguments in a user namespace with a limit of 0 inotify instances.
    static let withoutNotification = [
        "/usr/bin/unshare", "--user", "--map-root-user", "/bin/sh", "-c",
        "echo 0 > /proc/sys/user/max_inotify_instances && exec \"$0\" \"$@\"",
    ]

    static var isAvailable: Bool {
        let command = withoutNotification + ["/bin/true"]
        return (try? ChildProcess.output(of: command[0], Array(command.dropFirst())))?.status == 0
    }
}
