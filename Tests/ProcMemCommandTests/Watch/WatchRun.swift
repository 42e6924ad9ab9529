import Foundation
import TestSupport
import Testing

/// A running `procmem watch --json`, with pipes at its input and its output.
final class WatchRun {
    let process: ChildProcess
    private let tree: FixtureTree?
    /// The first line.
    let start: JSON

    init(_ arguments: String..., in tree: FixtureTree? = nil) throws {
        self.tree = tree
        let root = tree.map { ["--sysroot", $0.directory.path] } ?? []
        process = try ChildProcess(
            running: BuiltProduct.url(of: "procmem").path,
            ["watch", "--json", "--every", "20ms", "--budget", "1s"] + arguments + root
        )
        start = try JSON(parsing: process.line())
    }

    /// The next line; `nil` at the end.
    func line() throws -> JSON? {
        let line = process.line()
        return line.isEmpty ? nil : try JSON(parsing: line)
    }

    /// The next sample of a scope.
    func sample(of scope: String) throws -> JSON {
        while let line = try line() {
            if line["type"] == "sample", line["scope"]?.text == scope { return line }
        }
        throw Ended()
    }

    /// The next event.
    func event() throws -> JSON {
        while let line = try line() {
            if line["type"] == "event" { return line }
        }
        throw Ended()
    }

    /// The next sample of a scope for which a condition holds.
    func sample(of scope: String, _ condition: (JSON) -> Bool) throws -> JSON {
        while true {
            let sample = try sample(of: scope)
            if condition(sample) { return sample }
        }
    }

    struct Ended: Error {}
}
