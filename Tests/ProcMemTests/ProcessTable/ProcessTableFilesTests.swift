#if Procps
    import TestSupport
    import Testing

    @testable import ProcMem

    #if canImport(Glibc)
        import Glibc
    #elseif canImport(Musl)
        import Musl
    #endif

    /// The files of a process that are opened, as the kernel reports them: inotify works on `/proc` while the watch
    /// keeps the directory's inode in memory.
    final class OpenedFiles {
        private let descriptor = inotify_init1(Int32(IN_NONBLOCK | IN_CLOEXEC))

        init?(of pid: Int32) {
            guard inotify_add_watch(descriptor, "/proc/\(pid)", UInt32(IN_OPEN)) >= 0 else { return nil }
        }

        deinit { close(descriptor) }

        /// The names of the files opened since the last call.
        func names() -> Set<String> {
            var names: Set<String> = []
            var buffer = [UInt8](repeating: 0, count: 1 << 16)
            while case let count = read(descriptor, &buffer, buffer.count), count > 0 {
                var start = 0
                while start + 16 <= count {
                    let length = (0..<4).reduce(0) { $0 | Int(buffer[start + 12 + $1]) << (8 * $1) }
                    let name = buffer[(start + 16)..<(start + 16 + length)].prefix { $0 != 0 }
                    names.insert(String(decoding: name, as: UTF8.self))
                    start += 16 + length
                }
            }
            // The directory itself is reported without a name.
            return names.subtracting([""])
        }

        static var works: Bool {
            guard let child = SpawnedChild("/bin/sh", "-c", "read line"), let opened = OpenedFiles(of: child.pid)
            else { return false }
            _ = SpawnedChild.file("/proc/\(child.pid)/statm")
            return opened.names() == ["statm"]
        }
    }

    @Suite(
        "ProcessTable: which files it opens",
        .enabled(if: OpenedFiles.works, "the kernel does not report opens in /proc")
    )
    struct ProcessTableFilesTests {
        static let cases: [([ProcessTable.Field], Set<String>)] = [
            ([], ["stat"]),
            ([.command, .userName, .state, .cpuUtilization], ["stat"]),
            ([.rssBytes, .dataBytes], ["stat", "statm"]),
            ([.swapBytes], ["stat", "status"]),
            ([.realUserID], ["stat", "status"]),
            ([.commandLine], ["stat", "cmdline"]),
            ([.cgroups], ["stat", "cgroup"]),
            ([.namespaces, .executablePath], ["stat"]),
            (ProcessTable.Field.usual, ["stat", "statm", "cmdline"]),
            (ProcessTable.Field.allCases, ["stat", "statm", "status", "cmdline", "cgroup"]),
        ]

        @Test("Only the files that contain the fields are opened", arguments: cases)
        func files(_ fields: [ProcessTable.Field], _ expected: Set<String>) throws {
            let child = try ChildProcess(state: "hold", 4096)
            var table = try ProcessTable(reading: fields)
            let opened = try #require(OpenedFiles(of: child.pid))
            var names: Set<String> = []
            // Concurrent tests read all processes too: they sometimes open more files.
            for _ in 0..<200 {
                _ = opened.names()
                #expect(try table.read().contains { $0.pid == child.pid })
                names = opened.names()
                if names == expected { return }
            }
            #expect(names == expected)
        }

        @Test("No file of another user's process is opened", .enabled(if: Rights.isRoot, "needs root"))
        func otherUsers() throws {
            let child = try ChildProcess(state: "hold", 4096)
            var table = try ProcessTable(reading: ProcessTable.Field.allCases)
            let opened = try #require(OpenedFiles(of: child.pid))
            let isUntouched = (0..<200).contains { _ in
                _ = opened.names()
                #expect((try? table.read(userIDs: [4_000_000_000]))?.isEmpty == true)
                return opened.names().isEmpty
            }
            #expect(isUntouched)
        }
    }
#endif
