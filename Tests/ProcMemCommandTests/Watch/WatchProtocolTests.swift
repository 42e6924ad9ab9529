import Foundation
import TestSupport
import Testing

/// The article describes the names of every line, and no others.
@Suite(.timeLimit(.minutes(5))) struct WatchProtocolTests {
    /// The names in the tables below the headings of the article.
    private static func documented(_ headings: String...) throws -> Set<String> {
        let article = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../../../Sources/ProcMem/ProcMem.docc/WatchProtocol.md")
        var isWanted = false
        var names: Set<String> = []
        for line in try String(contentsOf: article, encoding: .utf8).split(separator: "\n") {
            if line.hasPrefix("### ") { isWanted = headings.contains(String(line.dropFirst(4))) }
            if isWanted, let match = line.firstMatch(of: /^\| `([A-Za-z.\[\]*]+)` \| (string|number|boolean|object) \|/)
            {
                #expect(names.insert(String(match.1)).inserted, "\(match.1) is described twice")
            }
        }
        try #require(!names.isEmpty)
        return names
    }

    /// The paths of the values in a line, as the article writes them. Objects and arrays that are `null` or empty are listed
    /// themselves.
    private static func paths(of value: JSON, at path: String = "") -> Set<String> {
        switch value {
        case .object(let members) where !members.isEmpty:
            let isFixed = !["scopes", "total.sources", "groups[].sources", "cgroup.unknown", "container.pressure"]
                .contains(path)
            return members.reduce(into: []) { paths, member in
                let name = (path.isEmpty ? "" : path + ".") + (isFixed ? member.key : "*")
                paths.formUnion(isFixed ? Self.paths(of: member.value, at: name) : [name])
            }
        case .array(let elements) where !elements.isEmpty:
            return elements.reduce(into: []) { $0.formUnion(paths(of: $1, at: path + "[]")) }
        default: return [path]
        }
    }

    private func compare(_ seen: Set<String>, _ documented: Set<String>) {
        for path in seen where !documented.contains(path) {
            let isPartOfOne = documented.contains { $0.hasPrefix(path + ".") || $0.hasPrefix(path + "[]") }
            #expect(isPartOfOne, "\(path) is not in the article")
        }
        for path in documented where !seen.contains(path) {
            // A name of an object that is `null`, or of an array without elements, on this system.
            let isHidden = seen.contains { path.hasPrefix($0 + ".") || path.hasPrefix($0 + "[]") }
            #expect(isHidden, "\(path) is in the article, but in no line")
        }
    }

    @Test func everyNameIsDescribed() throws {
        let shell = try ChildProcess(running: "/bin/sh", ["-c", "sleep 600 & echo $!; wait"])
        let child = try #require(Int32(shell.line()))
        defer { kill(child, SIGKILL) }
        let watch = try WatchRun(
            "t=tree:\(shell.pid)",
            "c=cgroup-of:\(shell.pid)",
            "--rows",
            "--by-command",
            "--control"
        )
        compare(Self.paths(of: watch.start), try Self.documented("The first line"))
        var seen: Set<String> = []
        for scope in ["t", "t", "c"] {
            seen.formUnion(
                Self.paths(of: try watch.sample(of: scope) { $0["cpu"]?["utilization"] != .null || scope == "c" })
            )
        }
        compare(seen, try Self.documented("Samples", "Processes"))
        #expect(
            seen.contains("processes[].pid") && seen.contains("groups[].command") && seen.contains("cpu.utilization")
        )

        let event = try Self.documented("Events")
        shell.end()
        #expect(Self.paths(of: try watch.event()) == event)
        watch.process.send(line: "remove c")
        watch.process.send(line: "what")
        for _ in 0..<2 { #expect(Self.paths(of: try watch.event()) == event) }
    }
}
