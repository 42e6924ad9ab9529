import Foundation
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(1))) struct WatchTests {
    /// `procmem cpu --watch`, with a pipe that reads along.
    final class Watch {
        private let process = Process()
        private let output = Pipe()
        /// What it looks at.
        private let tree: FixtureTree

        init(_ arguments: String..., in tree: FixtureTree) throws {
            self.tree = tree
            process.executableURL = try BuiltProduct.url(of: "procmem")
            process.arguments = ["cpu", "--watch", "--sysroot", tree.directory.path] + arguments
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

        func status() -> Int32 {
            process.waitUntilExit()
            return process.terminationStatus
        }
    }

    @Test func printsAtOnceAndAtEachChange() throws {
        let tree = try Systems.cpus(quota: "150000 100000")
        let watch = try Watch(in: tree)
        let first = watch.line()
        let parts = first.split(separator: " ", maxSplits: 1)
        #expect(parts.first?.wholeMatch(of: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/) != nil)
        #expect(parts.last == " 2 CPUs: a quota of 1.5, rounded up, cgroup /kubepods/pod1")

        try tree.write(Data("350000 100000\n".utf8), to: "/sys/fs/cgroup/kubepods/pod1/cpu.max")
        #expect(watch.line().hasSuffix("  4 CPUs: a quota of 3.5, rounded up, cgroup /kubepods/pod1"))
    }

    @Test func printsOneLineOfJSONForEachAnswer() throws {
        let watch = try Watch("--json", in: Systems.cpus(quota: "150000 100000"))
        let answer = try JSON(parsing: watch.line())
        #expect(answer["effectiveCPUCount"] == 2)
    }

    @Test func endsWithItsProcess() throws {
        let tree = try Systems.cpus(quota: "150000 100000")
        for file in ["status", "stat", "cgroup", "mountinfo"] {
            let contents = try Data(contentsOf: tree.directory.appending(path: "proc/self/\(file)"))
            try tree.write(contents, to: "/proc/42/\(file)")
        }
        let watch = try Watch("--pid", "42", in: tree)
        #expect(watch.line().contains("2 CPUs"))
        try FileManager.default.removeItem(at: tree.directory.appending(path: "proc/42"))
        #expect(watch.line().hasPrefix("procmem: \(tree.directory.path)/proc/42: no such process"))
        #expect(watch.status() == 1)
    }
}
