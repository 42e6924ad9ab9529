import Foundation
import TestSupport
import Testing

@testable import ProcMem

/// The sampled USS of live processes, compared with `smaps_rollup`.
@Suite(.serialized) struct SampledUSSTests {
    private static let size = 64 << 20
    private static let runs = 40

    struct Kind: CustomTestStringConvertible, Sendable {
        let testDescription: String
        /// Starts a process, and returns it with the pid of the process to measure.
        let start: @Sendable () throws -> (child: ChildProcess, pid: Int32)

        init(_ name: String, _ start: @escaping @Sendable () throws -> (child: ChildProcess, pid: Int32)) {
            testDescription = name
            self.start = start
        }

        /// A state with one process, which is the one to measure.
        init(_ state: String, _ arguments: [Int]) {
            self.init(state) {
                let child = try Self.child(state, arguments)
                return (child, child.pid)
            }
        }

        static func child(_ state: String, _ arguments: [Int]) throws -> ChildProcess {
            arguments.count == 1
                ? try ChildProcess(state: state, arguments[0])
                : try ChildProcess(state: state, arguments[0], arguments[1])
        }

        /// A state of which the first worker is measured.
        static func worker(_ state: String, _ workers: Int, _ bytes: Int) -> Kind {
            Kind("a worker of \(state)") {
                let child = try ChildProcess(state: state, workers, bytes)
                return (child, try #require(child.ids.first))
            }
        }
    }

    static let kinds = [
        Kind("hold", [size]), Kind("sparse", [64 << 30, size]), Kind("mappings", [10000]), Kind("huge", [size]),
        // Shared memory that no other process maps, and memory that is mapped twice.
        Kind("kinds", [size, 4096]), Kind("mapped-twice", [size]), Kind("zero-page", [size]),
        Kind("some-zeros", [size]), .worker("shmem", 2, size), .worker("tree", 2, size),
        .worker("rewriting", 2, size), .worker("batches", 4, size),
    ]

    @Test(.program("python3")) func python() throws {
        let text = "import time\nd=[{str(i):i} for i in range(100000)]\nprint('ready',flush=True)\ntime.sleep(600)"
        try expectAgreement(ofProgram: "python3", ["-c", text])
    }

    @Test(.program("node")) func node() throws {
        let text =
            "const a=[];for(let i=0;i<3e5;i++)a.push({i});console.log('ready');setTimeout(()=>console.log(a),6e5)"
        try expectAgreement(ofProgram: "node", ["-e", text])
    }

    @Test(.program("java")) func java() throws {
        let text = """
            class Hold { public static void main(String[] a) throws Exception {
            byte[][] b = new byte[32][]; for (int i = 0; i < 32; i++) b[i] = new byte[1 << 20];
            System.out.println("ready"); Thread.sleep(600000); System.out.println(b[0][0]); } }
            """
        let tree = try FixtureTree(["/Hold.java": text])
        try expectAgreement(ofProgram: "java", ["-Xmx128m", tree.directory.path + "/Hold.java"])
    }

    /// Measures a program that prints "ready" when its memory is allocated.
    private func expectAgreement(ofProgram name: String, _ arguments: [String]) throws {
        let child = try ChildProcess(running: try #require(InstalledProgram.path(name)), arguments)
        try #require(child.line() == "ready", "\(name) has exited, or has printed something else")
        // The program's other threads may still be starting: waits until two readings agree. This is not required.
        var previous: Int?
        _ = try Waiting.until(within: .seconds(10)) {
            usleep(50_000)
            let next = try memoryUsage(of: child.pid, mode: .accurate).ussBytes
            defer { previous = next }
            return previous == next
        }
        try expectAgreement(of: child.pid)
        withExtendedLifetime(child) {}
    }

    @Test(arguments: kinds) func agreesWithTheRollup(_ kind: Kind) throws {
        let (child, pid) = try kind.start()
        try expectAgreement(of: pid)
        withExtendedLifetime(child) {}
    }

    private func expectAgreement(of pid: Int32) throws {
        var inside = 0
        var errors: [Int] = []
        for _ in 0..<Self.runs {
            let before = try #require(try memoryUsage(of: pid, mode: .accurate).ussBytes)
            let usage = try memoryUsage(of: pid, mode: .sampled(reads: 64))
            let after = try #require(try memoryUsage(of: pid, mode: .accurate).ussBytes)
            let uss = try #require(usage.ussBytes)
            guard case .sampled(let error, let reads) = usage.source else {
                Issue.record("\(usage)")
                return
            }
            #expect(reads > 0 && usage.unavailable == nil && usage.pssBytes == nil && usage.swapBytes == nil)
            #expect(try uss >= 0 && uss <= #require(usage.rssBytes))
            // Whether another process maps the program's own pages changes when tests start and end.
            let slack = 2 * error + 256 << 10
            if min(before, after) - slack <= uss, uss <= max(before, after) + slack { inside += 1 }
            errors.append(abs(uss - before))
        }
        let rss = try #require(try memoryUsage(of: pid, mode: .cheap).rssBytes)
        #expect(inside >= Self.runs * 95 / 100, "of \(Self.runs)")
        // With a large standard error every estimate would agree. The error itself must therefore be small too.
        #expect(errors.sorted()[Self.runs / 2] < max(rss / 20, 1 << 20))
    }

    /// The reads cover the whole process, so that its pages are counted.
    @Test func aSmallProcessIsReadWhole() throws {
        let child = try ChildProcess(state: "hold", 200_000)
        for _ in 0..<10 {
            let usage = try memoryUsage(of: child.pid, mode: .sampled(reads: 512))
            guard case .sampled(standardErrorBytes: 0, _) = usage.source else {
                Issue.record("\(usage)")
                return
            }
            let truth = try #require(try memoryUsage(of: child.pid, mode: .accurate).ussBytes)
            #expect(abs(try #require(usage.ussBytes) - truth) <= 256 << 10)
        }
    }

    /// Memory that was read and never written is not private, however small it is.
    @Test(arguments: ["zero-page", "some-zeros"]) func thePageOfZeros(_ state: String) throws {
        let child = try ChildProcess(state: state, Self.size)
        let truth = try #require(try memoryUsage(of: child.pid, mode: .accurate).ussBytes)
        let probes = try (0..<20).map { _ in
            try #require(try memoryUsage(of: child.pid, mode: .sampled(reads: 64)).ussBytes)
        }
        let mean = probes.reduce(0, +) / probes.count
        #expect(abs(mean - truth) < Self.size / 50)
    }

    /// The main thread has exited; a live thread's files report the memory.
    @Test func aMainThreadThatHasEnded() throws {
        let child = try ChildProcess(state: "zombie-leader", Self.size)
        let usage = try memoryUsage(of: child.pid, mode: .sampled(reads: 64))
        guard case .sampled = usage.source else {
            Issue.record("\(usage)")
            return
        }
        #expect(try #require(usage.rssBytes) >= Self.size)
        #expect(abs(try #require(usage.ussBytes) - Self.size) < Self.size / 8)
        let snapshot = try memorySnapshot(of: .process(child.pid), mode: .sampled(reads: 64))
        #expect(try #require(snapshot.total.ussBytes) > Self.size * 7 / 8)
    }

    @Test func aKeptReader() throws {
        let child = try ChildProcess(state: "executes", Self.size)
        var reader = try MemoryReader(of: child.pid)
        let usage = try reader.usage(mode: .sampled(reads: 64))
        #expect(abs(try #require(usage.ussBytes) - Self.size) < Self.size / 8)
        child.send(line: "now")
        #expect(child.line() == "ready")
        #expect(try #require(try reader.usage(mode: .sampled(reads: 64)).ussBytes) < Self.size / 8)
        let executed = child.pid
        child.end()
        do {
            _ = try reader.usage(mode: .sampled(reads: 64))
            Issue.record("no error for \(executed)")
        } catch {
            #expect(error.code == .exited)
        }
    }

    @Test func theCallerItself() throws {
        let usage = try memoryUsage(mode: .sampled(reads: 64))
        #expect(try #require(usage.ussBytes) > 0)
        #expect(usage.unavailable == nil)
    }
}
