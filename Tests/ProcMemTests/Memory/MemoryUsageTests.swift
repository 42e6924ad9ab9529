import Foundation
import ProcMem
import TestSupport
import Testing

/// Live processes, each figure compared with a second source.
@Suite struct MemoryUsageTests {
    static let size = 64 << 20

    /// The value that `ps` prints, in KiB.
    static func ps(_ column: String, _ pid: Int32) throws -> Int {
        let output = try ChildProcess.output(of: "/bin/ps", ["-o", "\(column)=", "-p", "\(pid)"])
        return try #require(Int(output.text.trimmingCharacters(in: .whitespacesAndNewlines)))
    }

    /// The value in `/proc/PID/status`, in KiB, which other kernel code computes than `statm` and `smaps_rollup`.
    static func status(_ key: String, _ pid: Int32) throws -> Int {
        let text = try String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8)
        let line = try #require(text.split(separator: "\n").first { $0.hasPrefix(key + ":") })
        return try #require(line.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) })
    }

    /// The minor and major page faults of a process, from `stat`.
    static func faults(_ pid: Int32) throws -> [Int] {
        let stat = try String(contentsOfFile: "/proc/\(pid)/stat", encoding: .isoLatin1)
        let fields = (stat.split(separator: ")").last ?? "").split(separator: " ")
        return [fields[7], fields[9]].compactMap { Int($0) }
    }

    @Test func cheapAgreesWithPsAndStatus() throws {
        let child = try ChildProcess(state: "hold", Self.size)
        let usage = try memoryUsage(of: child.pid, mode: .cheap)
        let rss = try #require(usage.rssBytes)

        #expect(rss >= Self.size && rss < Self.size + 8 << 20)
        #expect(try rss == Self.status("VmRSS", child.pid) * 1024)
        #expect(
            try usage.sharedBytes == (Self.status("RssFile", child.pid) + Self.status("RssShmem", child.pid)) * 1024
        )
        // ps prints field 24 of stat, whose counters the kernel updates lazily: up to 64 pages for each CPU.
        #expect(try abs(rss - Self.ps("rss", child.pid) * 1024) <= 1 << 20)
        #expect(usage.source == .statm)
        #expect(usage.unavailable == nil)
        #expect(usage.pssBytes == nil && usage.ussBytes == nil && usage.swapBytes == nil)
    }

    @Test func accurateKnowsWhatIsPrivate() throws {
        let child = try ChildProcess(state: "hold", Self.size)
        let usage = try memoryUsage(of: child.pid, mode: .accurate)
        let cheap = try memoryUsage(of: child.pid, mode: .cheap)
        let (rss, pss, uss) = try (#require(usage.rssBytes), #require(usage.pssBytes), #require(usage.ussBytes))

        #expect(usage.source == .smapsRollup)
        #expect(uss >= Self.size && uss < Self.size + 1 << 20)
        #expect(uss <= pss && pss <= rss)
        #expect(pss <= uss + (rss - uss) / 2 + 64 << 10)
        #expect(rss == cheap.rssBytes)
        #expect(usage.sharedBytes == cheap.sharedBytes)
        #expect(try usage.swapBytes == Self.status("VmSwap", child.pid) * 1024)
    }

    @Test func statmAgreesWithStatus() throws {
        let child = try ChildProcess(state: "hold", Self.size)
        let statm = try Statm(of: child.pid)
        #expect(try statm.sizeBytes == Self.status("VmSize", child.pid) * 1024)
        #expect(try statm.residentBytes == Self.status("VmRSS", child.pid) * 1024)
        #expect(try statm.dataBytes == (Self.status("VmData", child.pid) + Self.status("VmStk", child.pid)) * 1024)
    }

    @Test func rollupAgreesWithTheSumOverSmaps() throws {
        let child = try ChildProcess(state: "hold", Self.size)
        let rollup = try SmapsRollup(of: child.pid)
        // Data(contentsOf:) ends at the first short read.
        let file = try FileHandle(forReadingFrom: URL(filePath: "/proc/\(child.pid)/smaps"))
        let smaps = try #require(try file.readToEnd())
        let sum = try SmapsRollup(parsing: Array(smaps).span, isSmaps: true)
        let mappings = smaps.count { $0 == 0x0A }

        #expect(rollup.rssBytes == sum.rssBytes)
        #expect(rollup.privateDirtyBytes == sum.privateDirtyBytes)
        #expect(rollup.anonymousBytes == sum.anonymousBytes)
        // smaps rounds the share of each mapping down to KiB. Between the two readings other programs may map or unmap
        // a library's pages.
        #expect(abs(rollup.pssBytes - sum.pssBytes) <= mappings << 10 + 512 << 10)
    }

    /// Of forked processes, RSS counts the inherited memory once for each process, PSS once in total, and USS not at
    /// all.
    @Test func forkedMemoryIsInNobodysUSS() throws {
        let child = try ChildProcess(state: "tree", 4, Self.size)
        let workers = try child.ids.map { try memoryUsage(of: $0, mode: .accurate) }
        #expect(workers.count == 4)
        for worker in workers {
            #expect(try #require(worker.rssBytes) >= Self.size)
            #expect(try #require(worker.ussBytes) < 2 << 20)
            let pss = try #require(worker.pssBytes)
            #expect(pss >= Self.size / 5 && pss < Self.size / 5 + 2 << 20)
        }
    }

    @Test(.program("python3")) func python() throws {
        try expectAgreement(ofProgram: "python3", ["-c", "import time; print('ready', flush=True); time.sleep(600)"])
    }

    @Test(.program("node")) func node() throws {
        try expectAgreement(ofProgram: "node", ["-e", "console.log('ready'); setTimeout(() => {}, 600000)"])
    }

    @Test(.program("perl")) func perl() throws {
        try expectAgreement(ofProgram: "perl", ["-e", "$| = 1; print \"ready\\n\"; sleep 600"])
    }

    /// Measures a program that prints "ready" and then does nothing.
    private func expectAgreement(ofProgram name: String, _ arguments: [String]) throws {
        let child = try ChildProcess(running: try #require(InstalledProgram.path(name)), arguments)
        try #require(child.line() == "ready", "\(name) has exited, or has printed something else")
        // The program may still be starting: all figures are consistent if RSS is the same before and after them.
        var figures: (rss: Int?, cheap: Int?, status: Int, ps: Int) = (nil, nil, 0, 0)
        let isStill = try Waiting.until {
            let before = try memoryUsage(of: child.pid, mode: .cheap).rssBytes
            figures.rss = try memoryUsage(of: child.pid, mode: .accurate).rssBytes
            figures.status = try Self.status("VmRSS", child.pid)
            figures.ps = try Self.ps("rss", child.pid)
            figures.cheap = try memoryUsage(of: child.pid, mode: .cheap).rssBytes
            return before == figures.cheap
        }
        try #require(isStill, "\(name) is not idle")
        #expect(figures.rss == figures.cheap)
        #expect(figures.rss == figures.status * 1024)
        #expect(abs(try #require(figures.rss) - figures.ps * 1024) <= 4 << 20)
    }

    @Test func theCallerItself() throws {
        let own = try memoryUsage(mode: .cheap)
        let named = try memoryUsage(of: getpid(), mode: .cheap)
        #expect(try abs(#require(own.rssBytes) - #require(named.rssBytes)) < 16 << 20)
        var usage = rusage()
        #expect(getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage) == 0)
        // The peak, in KiB. It is not below the present RSS, apart from what the kernel has not counted yet.
        #expect(try #require(own.rssBytes) <= usage.ru_maxrss * 1024 + 4 << 20)
        #expect(try memoryUsage(mode: .accurate).source == .smapsRollup)
    }

    @Test func noDescriptorIsLeft() throws {
        func openDescriptors() throws -> Int {
            try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count
        }
        let child = try ChildProcess(state: "zombie")
        let zombie = try #require(child.ids.first)
        let before = try openDescriptors()
        for _ in 0..<300 {
            _ = try memoryUsage(of: child.pid, mode: .cheap)
            _ = try memoryUsage(of: child.pid, mode: .accurate)
            _ = try memoryUsage(of: zombie, mode: .accurate)
            _ = try? memoryUsage(of: .max, mode: .accurate)
            _ = try? SmapsRollup(of: zombie)
            _ = try memorySnapshot(of: .tree(root: child.pid), mode: .accurate)
        }
        // Concurrent tests have files open.
        #expect(try openDescriptors() < before + 100)
    }
}
