import Foundation
import TestSupport
import Testing

@testable import ProcMem

/// Processes that exit during a measurement: an empty reading never counts as a figure.
@Suite struct VanishingProcessTests {
    /// The process exits after its files were opened, and is not collected: `statm` contains zeros, and the lists of
    /// mappings are empty.
    @Test func anOpenFileOfAZombie() throws {
        let child = try #require(SpawnedChild("/bin/sh", "-c", "read line"))
        let directory = try ProcessDirectory(.id(child.pid), in: .live)
        let statm = try directory.open(ProcPath(file: "statm"))
        let smaps = try directory.open(ProcPath(file: "smaps"))
        let rollup = try directory.open(ProcPath(file: "smaps_rollup"))
        kill(child.pid, SIGKILL)
        try #require(child.becomesZombie())
        let isEmpty: Bool = try statm.withContents(Statm.readOptions) { (bytes) throws(ParseError) in
            try Statm(validating: bytes, pageSizeBytes: 4096).isEmpty
        }
        #expect(isEmpty)
        #expect(throws: FileReadError.malformed(ParseError("the field Rss"), found: "the end of the file")) {
            try SmapsRollup.summed(smaps)
        }
        #expect(throws: FileReadError.system(.noSuchProcess)) {
            try rollup.withContents(SmapsRollup.readOptions) { (_) throws(ParseError) in }
        }
        for mode in ProcessStateTests.modes {
            #expect(try directory.memoryUsage(directory.stat(), mode: mode, pageSizeBytes: 4096).unavailable == .zombie)
        }
    }

    /// The process is collected too: every file reports this, except for `pagemap`, which is empty.
    @Test func anOpenFileOfAProcessThatIsGone() throws {
        let child = try ChildProcess(state: "hold", 4096)
        let directory = try ProcessDirectory(.id(child.pid), in: .live)
        let names: [StaticString] = ["stat", "statm", "status", "smaps_rollup", "smaps"]
        let files = try names.map { try directory.open(ProcPath(file: $0)).relinquish() }
        let pagemap = try directory.open(ProcPath(file: "pagemap"))
        child.end()
        for number in files {
            let file = FileDescriptor(adopting: number)
            #expect(throws: FileReadError.system(.noSuchProcess)) {
                try file.withContents(SmapsRollup.readOptions) { (_) throws(ParseError) in }
            }
        }
        let isAnswered = try Syscalls.hasContents(pagemap, byteCount: 8)
        #expect(!isAnswered)
        #expect(throws: FileReadError.system(.noSuchProcess)) { try directory.stat() }
    }

    /// A process that has exited, and is not collected, while its mappings are listed: the kernel reports the end of the
    /// file there, and what was read so far is not the whole list.
    @Test(arguments: [false, true]) func aListOfMappingsThatEndsEarly(_ isSmaps: Bool) throws {
        // Longer than the buffer, so that the file is read after the process has exited.
        let child = try ChildProcess(state: "mappings", 4000)
        let directory = try ProcessDirectory(.id(child.pid), in: .live)
        let file = try directory.open(ProcPath(file: isSmaps ? "smaps" : "maps"))
        var lineCount = 0
        #expect(throws: FileReadError.system(.noSuchProcess)) { () throws(FileReadError) in
            try file.forEachMappingLine(limitBytes: .max) { (_, _) in
                lineCount += 1
                guard lineCount == 1 else { return }
                kill(child.pid, SIGKILL)
                var information = siginfo_t()
                waitid(P_PID, id_t(child.pid), &information, WEXITED | WNOWAIT)
            }
        }
        #expect(lineCount > 1 && lineCount < 4000)
    }

    /// The process exits between the read of `stat` and that of the mode's file.
    @Test(arguments: ProcessStateTests.modes) func aProcessThatEndsBetweenTwoFiles(_ mode: MemoryMode) throws {
        let child = try ChildProcess(state: "hold", 4096)
        let directory = try ProcessDirectory(.id(child.pid), in: .live)
        let stat = try directory.stat()
        child.end()
        let usage = try directory.memoryUsage(stat, mode: mode, pageSizeBytes: 4096)
        #expect(usage.unavailable == .exited)
        #expect(usage.rssBytes == nil && usage.pssBytes == nil)
    }

    /// The snapshot keeps the process, with the reason; the sums are those of the others.
    @Test func aMemberThatEndsDuringTheWalk() throws {
        let first = try ChildProcess(state: "hold", 1 << 20)
        nonisolated(unsafe) let second = try ChildProcess(state: "hold", 1 << 20)
        let pageSizeBytes = SystemRoot.live.pageSizeBytes
        var walk = ProcessWalk(in: .live, budget: SearchBudget(SearchLimits())) {
            (directory, stat) throws(FileReadError) in
            if stat.pid == second.pid { second.end() }
            return try directory.memoryUsage(stat, mode: .accurate, pageSizeBytes: pageSizeBytes)
        }
        try walk.visit(.processes([first.pid, second.pid]))
        #expect(walk.members.map(\.pid) == [first.pid, second.pid])
        #expect(walk.members.map { $0.value?.unavailable } == [nil, .exited])
        #expect(walk.gaps.isEmpty)
    }

    /// A child that exits before it is read is omitted.
    @Test func aChildThatIsGoneBeforeItsTurn() throws {
        nonisolated(unsafe) let child = try ChildProcess(state: "tree", 3, 4096)
        var walk = ProcessWalk<Void>(in: .live, budget: SearchBudget(SearchLimits())) { (_, stat) in
            guard stat.pid == child.ids[0] else { return }
            kill(child.ids[1], SIGKILL)
            // Its parent does not collect it: it remains a zombie.
            let isZombie = Waiting.until {
                (try? memoryUsage(of: child.ids[1], mode: .cheap))?.unavailable == .zombie
            }
            #expect(isZombie)
        }
        try walk.visit(.tree(root: child.pid))
        #expect(walk.members.map(\.pid) == [child.pid] + child.ids)
        #expect(walk.members[2].stat?.isZombie == true)
    }

    /// The open directory of a process that has exited is taken neither for a kernel thread nor for the next process
    /// with this pid.
    @Test func aKeptDirectory() throws {
        let child = try ChildProcess(state: "hold", 4096)
        let directory = try ProcessDirectory(.id(child.pid), in: .live)
        child.end()
        #expect(throws: FileReadError.system(.noSuchProcess)) { _ = try directory.open(ProcPath(file: "statm")) }
        #expect(throws: FileReadError.system(.noSuchProcess)) { try directory.smapsRollup() }
        #expect(throws: FileReadError.system(.noSuchProcess)) { try directory.threadIDs() }
    }
}
