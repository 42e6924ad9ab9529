import Foundation
import TestSupport
import Testing

/// `procmem watch --textfile`: metrics for the textfile collector of node_exporter.
@Suite(.timeLimit(.minutes(5))) struct WatchTextfileTests {
    /// The directory of a collector, and the command that writes to it.
    private final class Collector {
        let directory: FixtureTree
        let file: URL
        let process: ChildProcess

        init(_ arguments: String..., wrappedBy wrapper: [String] = []) throws {
            directory = try FixtureTree(hasSysfs: false)
            file = directory.directory.appending(path: "procmem.prom")
            let procmem = try BuiltProduct.url(of: "procmem").path
            let command =
                wrapper + [procmem, "watch", "--every", "20ms", "--budget", "1s", "--textfile", file.path] + arguments
            process = try ChildProcess(running: command[0], Array(command.dropFirst()))
        }

        func text() -> String? { try? String(contentsOf: file, encoding: .utf8) }

        /// The metrics when a condition holds for them; every text until then must be valid.
        func metrics(_ condition: (Metrics) -> Bool = { _ in true }) throws -> Metrics {
            var result: Metrics?
            var failure: (any Error)?
            _ = Waiting.until {
                guard let text = text() else { return false }
                do {
                    let metrics = try Metrics(parsing: text)
                    if condition(metrics) { result = metrics }
                } catch {
                    failure = error
                }
                return result != nil || failure != nil
            }
            if let failure { throw failure }
            return try #require(result)
        }

        var names: [String] {
            ((try? FileManager.default.contentsOfDirectory(atPath: directory.directory.path)) ?? []).sorted()
        }
    }

    @Test func everyScopeIsAGroup() throws {
        let child = try ChildProcess(state: "tree", 2, 1 << 20)
        let collector = try Collector("a\"b\\=tree:\(child.pid)", "self=process:\(child.pid)")
        let metrics = try collector.metrics()
        #expect(metrics.values["procmem_processes"] == ["a\"b\\": 3, "self": 1])
        #expect(metrics.types["procmem_cpu_seconds_total"] == "counter")
        #expect(metrics.types["procmem_memory_distinct_bytes"] == "gauge")
        let attributes = try FileManager.default.attributesOfItem(atPath: collector.file.path)
        #expect(attributes[.posixPermissions] as? Int == 0o644)
        // It prints nothing.
        #expect(collector.process.rest() == "")
    }

    /// Whatever the mask of the process is.
    @Test func theFileIsReadableByOthers() throws {
        let child = try ChildProcess(state: "hold", 4096)
        let collector = try Collector(
            "x=process:\(child.pid)",
            wrappedBy: ["/bin/sh", "-c", "umask 077; exec \"$0\" \"$@\""]
        )
        _ = try collector.metrics()
        let attributes = try FileManager.default.attributesOfItem(atPath: collector.file.path)
        #expect(attributes[.posixPermissions] as? Int == 0o644)
    }

    /// A concurrent reader gets whole texts, and counters that never fall while processes come and go.
    @Test func aReaderSeesWholeTexts() throws {
        let shell = try ChildProcess(
            running: "/bin/sh",
            ["-c", "echo ready; while :; do (i=0; while [ $i -lt 3000 ]; do i=$((i+1)); done); done"]
        )
        #expect(shell.line() == "ready")
        let collector = try Collector("busy=tree:\(shell.pid)", "all=all")
        var last: [String: Double] = [:]
        var count = 0
        let end = ContinuousClock.now + .seconds(3)
        var text = ""
        while ContinuousClock.now < end || count < 20 {
            guard let read = collector.text(), read != text else { continue }
            text = read
            #expect(!text.isEmpty)
            let metrics = try Metrics(parsing: text)
            for (name, type) in metrics.types where type == "counter" {
                for (group, value) in metrics.values[name] ?? [:] {
                    let key = "\(name) \(group ?? "")"
                    #expect(value >= last[key] ?? 0, "\(key)")
                    last[key] = value
                }
            }
            count += 1
        }
        // The processes have used CPU time meanwhile.
        #expect(last["procmem_cpu_seconds_total busy"] ?? 0 > 0.1)
    }

    /// The CPU time of a cgroup is what the kernel has added up for it, with that of processes that have exited.
    @Test func theCPUTimeOfACgroup() throws {
        func stat(_ seconds: Int) -> String { "usage_usec \(seconds)000000\nuser_usec 0\nsystem_usec 0\n" }
        let file = "/sys/fs/cgroup/job/cpu.stat"
        let tree = try FixtureTree([
            "/proc/self/cgroup": "0::/own\n",
            "/proc/self/mountinfo": "30 29 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n",
            "/proc/meminfo": "MemTotal: 1000 kB\n",
            "/sys/fs/cgroup/job/cgroup.procs": "", file: stat(100),
        ])
        let collector = try Collector("job=cgroup:/job", "--sysroot", tree.directory.path)
        let name = "procmem_cpu_seconds_total"
        #expect(try collector.metrics { $0.value(name, of: "job") != nil }.value(name, of: "job") == 0)
        try tree.write(stat(103), to: file)
        #expect(try collector.metrics { $0.value(name, of: "job") != 0 }.value(name, of: "job") == 3)
    }

    /// A rename leaves the old contents to a reader that has opened the file.
    @Test func aReaderThatReadsSlowly() throws {
        let child = try ChildProcess(state: "hold", 4096)
        let collector = try Collector("x=process:\(child.pid)")
        _ = try collector.metrics()
        let reader = try FileHandle(forReadingFrom: collector.file)
        func inode() -> UInt64? {
            (try? FileManager.default.attributesOfItem(atPath: collector.file.path))?[.systemFileNumber] as? UInt64
        }
        let first = inode()
        var text = try #require(try reader.read(upToCount: 100))
        #expect(Waiting.until { inode() != first && inode() != nil })
        text += try reader.readToEnd() ?? Data()
        let metrics = try Metrics(parsing: String(decoding: text, as: UTF8.self))
        #expect(metrics.value("procmem_processes", of: "x") == 1)
    }

    @Test(arguments: [SIGTERM, SIGINT, SIGHUP]) func aSignalEndsIt(_ signal: Int32) throws {
        let child = try ChildProcess(state: "hold", 4096)
        let collector = try Collector("x=process:\(child.pid)", "--every", "10ms")
        _ = try collector.metrics()
        kill(collector.process.pid, signal)
        #expect(collector.process.status(within: .seconds(20)) == 128 + signal)
        #expect(collector.names == ["procmem.prom"])
    }

    /// A signal while the new contents wait to be renamed.
    @Test func aSignalRemovesTheTemporaryFile() throws {
        let child = try ChildProcess(state: "hold", 4096)
        let collector = try Collector("x=process:\(child.pid)", "--every", "1000s")
        _ = try collector.metrics()
        // As the command leaves it if it is stopped before the rename.
        let temporary = ".procmem.prom.\(collector.process.pid).tmp"
        try "".write(to: collector.directory.directory.appending(path: temporary), atomically: false, encoding: .utf8)
        kill(collector.process.pid, SIGTERM)
        #expect(collector.process.status(within: .seconds(20)) == 128 + SIGTERM)
        #expect(collector.names == ["procmem.prom"])
    }

    /// Gauges of a scope that has ended must not remain: no collector knows that they are out of date.
    @Test func theLastScopeEnds() throws {
        let child = try ChildProcess(state: "hold", 4096)
        let collector = try Collector("x=process:\(child.pid)")
        _ = try collector.metrics()
        child.end()
        #expect(collector.process.status(within: .seconds(20)) == 0)
        #expect(collector.text() == "" && collector.names == ["procmem.prom"])
    }

    @Test func aFileThatCannotBeWritten() throws {
        let run = try CommandRun("watch", "all=all", "--textfile", "/proc/no/such/directory/x.prom")
        #expect(run.status == 1 && run.output == "")
        #expect(run.errors.hasPrefix("procmem: /proc/no/such/directory/x.prom: cannot be written"))
        // A directory cannot be replaced; the temporary file is removed.
        let tree = try FixtureTree(["/x.prom/file": ""], hasSysfs: false)
        let other = try CommandRun("watch", "all=all", "--textfile", tree.directory.appending(path: "x.prom").path)
        #expect(other.status == 1)
        #expect(try FileManager.default.contentsOfDirectory(atPath: tree.directory.path) == ["x.prom"])
    }
}
