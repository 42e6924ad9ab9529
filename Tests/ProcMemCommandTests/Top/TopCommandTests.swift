import Foundation
import TestSupport
import Testing

@testable import ProcMemCommand

/// `procmem top` in a terminal. Each test waits for what is shown, not for a time.
@Suite struct TopCommandTests {
    private func top(
        _ arguments: String...,
        width: Int = 100,
        height: Int = 30,
        environment: [String: String] = [:]
    ) throws -> TerminalSession {
        try TerminalSession(
            procmem: ["top", "--every", "100ms"] + arguments,
            width: width,
            height: height,
            environment: environment
        )
    }

    /// Checks that the terminal is as before the program: its modes, the main screen, the cursor.
    private func expectRestored(_ session: TerminalSession, sourceLocation: SourceLocation = #_sourceLocation) {
        let (screen, modes) = (session.screen, session.modes)
        let isRestored = (alternate: screen.isAlternate, cursor: screen.isCursorVisible, wraps: screen.wraps)
        #expect(modes == session.modesBefore, sourceLocation: sourceLocation)
        #expect(isRestored == (false, true, true), sourceLocation: sourceLocation)
        let unknown = screen.unknown
        #expect(unknown.isEmpty, sourceLocation: sourceLocation)
    }

    /// A screen of a tree with four workers.
    private func withTree(_ body: (ChildProcess) throws -> Void) throws {
        let tree = try ChildProcess(state: "tree", 4, 8 << 20)
        try body(tree)
    }

    @Test func showsATreeUntilQ() throws {
        try withTree { tree in
            let session = try top("\(tree.pid)", "--budget", "500ms", width: 140)
            try session.wait(for: "4 × ProcessStates")
            try session.wait(for: "private each")
            #expect(session.screen.isAlternate)
            #expect(!session.screen.isCursorVisible)
            #expect(!session.modes.isCanonical)
            #expect(session.screen.lines[0].hasPrefix("procmem top  within 500 ms every 100 ms"))
            #expect(session.screen.lines[1].hasPrefix("\(tree.pid) ProcessStates  "))
            #expect(session.screen.lines[1].contains("5 processes"))
            #expect(session.screen.lines[29].hasPrefix("q quit  h help"))
            // The cost is known from the second pass on.
            try session.wait(for: "its own cost") { $0.lines[0].contains(" % CPU, ") && $0.lines[0].hasSuffix(" MiB") }
            session.send("q")
            #expect(try session.exitStatus() == 0)
            expectRestored(session)
        }
    }

    @Test func keys() throws {
        try withTree { tree in
            let session = try top("\(tree.pid)")
            try session.wait(for: "▸ 4 × ProcessStates")
            session.send("\u{1B}[B ")
            try session.wait(for: "▾ 4 × ProcessStates")
            try session.wait(for: "a row of each process") { screen in
                tree.ids.allSatisfy { screen.text.contains("\($0) ") }
            }
            #expect(session.screen.reversedLines.count == 2)
            session.send("m")
            try session.wait(for: "cheap every")
            session.send("mmm")
            try session.wait(for: "within 5 ms")
            session.send("+")
            try session.wait(for: "within 10 ms")
            session.send("h")
            try session.wait(for: "Keys")
            // A single escape byte is a key after a moment.
            session.send("\u{1B}")
            try session.wait(for: "▾ 4 × ProcessStates")
            session.send("/\(tree.ids[0])")
            try session.wait(for: "one process") { $0.text.contains("/\(tree.ids[0])") && !$0.text.contains("4 ×") }
            session.send("\u{1B}")
            try session.wait(for: "▾ 4 × ProcessStates")
            session.send("s")
            try session.wait(for: "RSS↓")
            session.send("t")
            try session.wait(for: "a tree") { $0.text.contains("└─ ") && !$0.text.contains("RSS↓") }
            session.send("q")
            #expect(try session.exitStatus() == 0)
            expectRestored(session)
        }
    }

    /// Only what has changed is written.
    @Test func anIdleTreeIsNotDrawnAgain() throws {
        try withTree { tree in
            let session = try top("\(tree.pid)")
            try session.wait(for: " % CPU, ")
            let start = session.byteCount
            // Keys that change nothing but the selected row.
            for _ in 0..<5 {
                session.send("j")
                try session.wait(for: "the second row") { $0.reversedLines.contains(6) }
                session.send("k")
                try session.wait(for: "the first row") { $0.reversedLines.contains(5) }
            }
            // Each of the ten frames has two rows and the line below them, and a pass in between the line with the cost. The
            // whole screen is more than 1,500 bytes.
            #expect(session.byteCount - start < 10 * 900)
            session.send("q")
            #expect(try session.exitStatus() == 0)
        }
    }

    @Test(arguments: [SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGSEGV, SIGABRT]) func signalsRestoreTheTerminal(
        _ signal: Int32
    ) throws {
        try withTree { tree in
            let session = try top("\(tree.pid)")
            try session.wait(for: "4 × ProcessStates")
            // SIGINT and SIGQUIT come from the terminal.
            switch signal {
            case SIGINT: session.send("\u{03}")
            case SIGQUIT: session.send("\u{1C}")
            default: kill(session.pid, signal)
            }
            #expect(try session.exitStatus() == 128 + signal)
            expectRestored(session)
        }
    }

    @Test func theRootIsKilled() throws {
        let script = "for i in 1 2 3; do sleep 1000 & echo $!; done; wait"
        let tree = try ChildProcess(running: "/bin/sh", ["-c", script])
        let ids = (0..<3).compactMap { _ in Int32(tree.line()) }
        defer { for id in ids { kill(id, SIGKILL) } }
        #expect(ids.count == 3)
        let session = try top("\(tree.pid)")
        try session.wait(for: "3 × sleep")
        tree.end()
        try session.wait(for: "\(tree.pid) has exited; its descendants remain")
        try session.wait(for: "3 × sleep")
        for id in ids { kill(id, SIGKILL) }
        try session.wait(for: "no process is left; q quits")
        // The view stays until the user quits.
        session.send("h")
        try session.wait(for: "Keys")
        session.send("qq")
        #expect(try session.exitStatus() == 0)
        expectRestored(session)
    }

    /// In a shell with job control: ctrl-Z stops the command with the terminal restored, and fg continues it.
    @Test func suspendsAndResumes() throws {
        try withTree { tree in
            let command = try BuiltProduct.url(of: "procmem").path
            let script = """
                "\(command)" top \(tree.pid) --every 100ms; echo "stopped $?"
                read -r line; fg >/dev/null; echo "again $?"
                read -r line; fg >/dev/null; echo "ended $?"
                """
            let session = try TerminalSession("/bin/bash", ["--norc", "-mc", script])
            try session.wait(for: "4 × ProcessStates")
            #expect(!session.modes.isCanonical)
            session.send("\u{1A}")
            // 128 plus SIGTSTP.
            try session.wait(for: "the shell") { $0.mainOutput.contains("stopped 148") }
            expectRestored(session)
            session.resize(width: 90, height: 20)
            session.send("\n")
            try session.wait(for: "the view") { $0.isAlternate && $0.text.contains("4 × ProcessStates") }
            #expect(!session.modes.isCanonical)
            #expect(session.screen.lines[19].hasPrefix("q quit"))
            session.send("\u{1A}")
            try session.wait(for: "the shell") { $0.mainOutput.contains("again 148") }
            expectRestored(session)
            session.send("\n")
            try session.wait(for: "the view") { $0.isAlternate && $0.text.contains("4 × ProcessStates") }
            session.send("q")
            #expect(try session.exitStatus() == 0)
            #expect(session.screen.mainOutput.contains("ended 0"))
            expectRestored(session)
        }
    }

    /// SIGSTOP cannot be caught. The view is drawn again when the program continues.
    @Test func continuesAfterAStopThatCannotBeCaught() throws {
        try withTree { tree in
            let session = try top("\(tree.pid)")
            try session.wait(for: "4 × ProcessStates")
            kill(session.pid, SIGSTOP)
            session.drain()
            session.resize(width: 100, height: 30)
            #expect(session.screen.text.allSatisfy { $0 == "\n" })
            kill(session.pid, SIGCONT)
            try session.wait(for: "4 × ProcessStates")
            session.send("q")
            #expect(try session.exitStatus() == 0)
            expectRestored(session)
        }
    }

    @Test func resizes() throws {
        try withTree { tree in
            let session = try top("\(tree.pid)")
            try session.wait(for: "4 × ProcessStates")
            session.resize(width: 40, height: 10)
            try session.wait(for: "the last of ten lines") { $0.lines[9].hasPrefix("\(tree.pid) ProcessStates: ") }
            session.resize(width: 150, height: 40)
            try session.wait(for: "the last of forty lines") { $0.lines[39].hasPrefix("q quit") }
            session.send("q")
            #expect(try session.exitStatus() == 0)
            expectRestored(session)
        }
    }

    @Test(arguments: [false, true]) func endsWhenTheTerminalGoesAway(_ ignoresSignal: Bool) throws {
        try withTree { tree in
            let command = try BuiltProduct.url(of: "procmem").path
            // As with nohup: the signal is ignored, and reading from the terminal fails.
            let session = try TerminalSession(
                "/bin/bash",
                ["-c", "\(ignoresSignal ? "trap '' HUP; " : "")exec \"\(command)\" top \(tree.pid) --every 100ms"]
            )
            try session.wait(for: "4 × ProcessStates")
            session.hangUp()
            let status = try session.exitStatus()
            #expect(status == 128 + SIGHUP || ignoresSignal && status == 1)
        }
    }

    @Test func withoutColors() throws {
        try withTree { tree in
            let plain = try top("\(tree.pid)", environment: ["NO_COLOR": "1"])
            try plain.wait(for: "4 × ProcessStates")
            #expect(plain.screen.usedAttributes.isSubset(of: [1, 2, 7]))
            let colored = try top("\(tree.pid)")
            try colored.wait(for: "4 × ProcessStates")
            // Only the 16 colours of the terminal.
            #expect(colored.screen.usedAttributes.contains { (30...37).contains($0) })
            #expect(colored.screen.usedAttributes.isSubset(of: [1, 2, 7] + (30...37)))
        }
    }

    @Test func hostileNames() throws {
        let process = try ChildProcess(state: "name", "\u{1B}[2J\u{9B}31m日")
        let session = try top("\(process.pid)", width: 40, height: 10)
        try session.wait(for: "?[2J?31m日")
        #expect(session.screen.lines[0].contains("within 5 ms"))
        #expect(session.screen.unknown.isEmpty)
        session.send("q")
        #expect(try session.exitStatus() == 0)
    }

    @Test func severalTrees() throws {
        let trees = try (0..<2).map { _ in try ChildProcess(state: "tree", 3, 1 << 20) }
        let session = try top("\(trees[0].pid)", "\(trees[1].pid)", "\(trees[0].pid)", height: 40)
        try session.wait(for: "two bars") { $0.lines[2].hasPrefix("[") && $0.lines[5].hasPrefix("[") }
        #expect(session.screen.lines[1].hasPrefix("\(trees[0].pid) "))
        #expect(session.screen.lines[4].hasPrefix("\(trees[1].pid) "))
        // The end of one does not affect the other.
        trees[0].ids.forEach { kill($0, SIGKILL) }
        trees[0].end()
        try session.wait(for: "the end of the first") { $0.lines[1].contains("no process is left") }
        try session.wait(for: "the second") { $0.lines[4].contains("4 processes") }
        session.send("q")
        #expect(try session.exitStatus() == 0)
    }

    @Test func allProcesses() throws {
        let session = try top("--all", "--by-command", "--columns", "count,rss,cpu,command", "--sort", "rss")
        try session.wait(for: "RSS↓")
        #expect(session.screen.lines[1].hasPrefix("all processes  "))
        #expect(session.screen.lines[4].split(separator: " ") == ["COUNT", "RSS↓", "CPU", "%", "COMMAND"])
        session.send("q")
        #expect(try session.exitStatus() == 0)
    }

    /// The error is printed on the main screen, where it stays.
    @Test func aWrongPID() throws {
        let session = try top("2147483647")
        #expect(try session.exitStatus() == 1)
        #expect(session.screen.mainOutput.contains("procmem: /proc/2147483647"))
        expectRestored(session)
    }

    @Test func aDumbTerminal() throws {
        for name in ["dumb", ""] {
            let session = try top("1", environment: ["TERM": name])
            #expect(try session.exitStatus() == 1)
            #expect(session.screen.mainOutput.contains("no addressable cursor; use procmem watch"))
            expectRestored(session)
        }
    }

    @Test func noTerminal() throws {
        let run = try CommandRun("top", "1")
        #expect(run.status == 1)
        #expect(run.output == "")
        #expect(run.errors.contains("top requires a terminal") && run.errors.contains("procmem watch"))
    }

    @Test(
        arguments: [
            ["1", "--all"], ["0"], ["--cgroup", ""], ["--every", "10ms"], ["--budget", "0"], ["--columns", "nothing"],
            ["--by-command", "--columns", "pid"], ["--sort", "count"],
        ]
    )
    func usageErrors(_ arguments: [String]) throws {
        #expect(try CommandRun(["top"] + arguments).status == 64)
    }
}
