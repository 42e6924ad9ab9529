import Foundation
import TestSupport
import Testing

@testable import ProcMemCommand

/// Lines of standard input that change the scopes.
@Suite(.timeLimit(.minutes(5))) struct WatchControlTests {
    @Test func addsAndRemovesScopes() throws {
        let child = try ChildProcess(state: "hold", 4096)
        let watch = try WatchRun("--control")
        #expect(watch.start["scopes"] == .object([:]) && watch.start["control"] == .bool(true))
        watch.process.send(line: "add a b=process:\(child.pid)")
        let added = try watch.event()
        #expect(added["event"] == "added" && added["scope"] == "a b" && added["line"] == 1)
        _ = try watch.sample(of: "a b")
        watch.process.send(line: "remove a b")
        #expect(try watch.event()["event"] == "removed")
        // The same name again is another scope: its CPU time begins at 0 again.
        watch.process.send(line: "add a b=process:\(child.pid)")
        #expect(try watch.event()["event"] == "added")
        #expect(try watch.sample(of: "a b")["cpu"]?["utilization"] == .null)
        // Without a scope, the command goes on.
        child.end()
        #expect(try watch.event()["event"] == "ended")
        watch.process.send(line: "remove a b")
        #expect(try watch.event()["message"] == "no scope has the name \"a b\"")
        watch.process.closeInput()
        #expect(watch.process.status(within: .seconds(20)) == 0)
    }

    @Test func linesThatAreWrong() throws {
        let child = try ChildProcess(state: "hold", 4096)
        let watch = try WatchRun("x=process:\(child.pid)", "--control")
        let lines: [[UInt8]] = [
            Array("".utf8), Array("add".utf8), Array("add x=all".utf8), Array("add y".utf8), Array("drop x".utf8),
            Array("add y=tree:-1".utf8), Array("add y=tree:99999999999".utf8), Array("add =all".utf8),
            Array("remove ".utf8), [0xFF, 0xFE], Array("add y=cgroup:/a\u{0}b".utf8),
            Array("add \u{1B}[31m=all".utf8), Array("add \u{202E}y=all".utf8),
            Array(repeating: UInt8(ascii: "a"), count: 100_000),
            Array("add \(String(repeating: "n", count: 129))=all".utf8), Array("ADD y=all".utf8),
            Array(" add y=all".utf8),
            Array("add y=all ".utf8), Array("add y=process:+1".utf8),
        ]
        for (number, line) in lines.enumerated() {
            watch.process.send(bytes: line + [UInt8(ascii: "\n")])
            let answer = try watch.event()
            #expect(answer["event"] == "error" && answer["code"] == "invalidLine", "\(number): \(answer)")
            #expect(answer["line"] == .number(Double(number + 1)))
            let message = try #require(answer["message"]?.text)
            #expect(message.count < 300 && !message.contains("\u{1B}") && !message.contains("\u{202E}"))
        }
        _ = try watch.sample(of: "x")
        watch.process.closeInput()
        #expect(watch.process.status(within: .seconds(20)) == 0)
    }

    /// Many lines at once, faster than they are answered.
    @Test func aFloodOfLines() throws {
        let watch = try WatchRun("--control")
        let count = 2000
        let sender = Thread { [process = UncheckedSendable(watch.process)] in
            process.value.send(bytes: Array(repeating: Array("remove y\n".utf8), count: count).flatMap(\.self))
        }
        sender.start()
        for number in 1...count { #expect(try watch.event()["line"] == .number(Double(number))) }
        watch.process.closeInput()
        #expect(watch.process.status(within: .seconds(20)) == 0)
    }

    /// Without `--control`, standard input is not read: its end does not matter.
    @Test func standardInputIsNotRead() throws {
        let child = try ChildProcess(state: "hold", 4096)
        let watch = try WatchRun("x=process:\(child.pid)")
        watch.process.send(line: "remove x")
        watch.process.closeInput()
        for _ in 0..<3 { _ = try watch.sample(of: "x") }
        child.end()
        #expect(try watch.event()["event"] == "ended")
        #expect(watch.process.status(within: .seconds(20)) == 0)
    }

    @Test func dividesBytesIntoLines() {
        var splitter = LineSplitter()
        #expect(splitter.lines(in: Array("a\n\nb".utf8)) == [.text("a"), .text("")])
        #expect(splitter.lines(in: Array("c\n".utf8)) == [.text("bc")])
        let most = String(repeating: "x", count: LineSplitter.maximumBytes)
        #expect(splitter.lines(in: Array((most + "\n").utf8)) == [.text(most)])
        #expect(splitter.lines(in: Array((most + "x").utf8)) == [])
        #expect(splitter.lines(in: Array("yz\nd\n".utf8)) == [.tooLong, .text("d")])
        #expect(splitter.lines(in: [0xC3, 0x0A, 0x09, 0x0A]) == [.notText, .notText])
    }
}

/// A value for a thread of a test, which is the only one to use it meanwhile.
private struct UncheckedSendable<Value>: @unchecked Sendable {
    let value: Value

    init(_ value: Value) { self.value = value }
}
