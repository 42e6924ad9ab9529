import Foundation
import TestSupport
import Testing

/// States of systems from public reports, with what the command must print.
@Suite struct LimitReportTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let files: [String: String]
        /// The expected values by subcommand and name; a dot separates a name from one inside of it.
        let values: [String: [String: JSON]]
        /// For the first line of the text, by subcommand: what it contains, and what it does not contain.
        let contains: [String: [String]]
        let lacks: [String: [String]]

        var testDescription: String { name }
    }

    /// `limits.json` has states from reports; `limits-more.json` has those of further container runtimes and distributions.
    static let cases = cases(in: "limits") + cases(in: "limits-more")

    private static func cases(in name: String) -> [Case] {
        let fixtures = URL(filePath: #filePath).appending(path: "../../../ProcMemTests/Fixtures").standardized
        let file = fixtures.appending(path: "\(name).json")
        guard let data = try? Data(contentsOf: file),
            let reports = try? JSONSerialization.jsonObject(with: data) as? [[String: Any]]
        else { return [] }
        return reports.compactMap { report in
            guard let name = report["name"] as? String, let files = report["files"] as? [String: String],
                let expected = report["expect"] as? [String: [String: Any]]
            else { return nil }
            func texts(_ key: String) -> [String: [String]] {
                expected.filter { $0.key.hasSuffix("Text") }
                    .reduce(into: [:]) { $0[String($1.key.dropLast(4))] = $1.value[key] as? [String] ?? [] }
            }
            let values = expected.filter { !$0.key.hasSuffix("Text") }
            return Case(
                name: name,
                files: files,
                values: values.mapValues { $0.compactMapValues(JSON.init(any:)) },
                contains: texts("has"),
                lacks: texts("not")
            )
        }
    }

    /// A limit that is not understood may be one: the answer does not say that none is set.
    @Test(arguments: ["", "150000", "0x10 100000", "max max max", "-5 100000"])
    func aLimitThatIsNotUnderstood(_ contents: String) throws {
        let tree = try Systems.cpus(quota: contents)
        try tree.write(contents == "150000" ? "12x" : contents, to: "/sys/fs/cgroup/kubepods/pod1/memory.max")
        try tree.write("max\n", to: "/sys/fs/cgroup/kubepods/memory.max")
        for (subcommand, text) in [("cpu", "no quota is known"), ("container", "no limit is known")] {
            let line = try CommandRun(subcommand, in: tree).lines.first ?? ""
            #expect(line.contains(text), "\(line)")
        }
        #expect(try !CommandRun(in: tree).lines.joined().contains("is set"))
    }

    @Test func theReportsAreThere() {
        #expect(Self.cases.count == 8 + 27)
        #expect(Self.cases.allSatisfy { !$0.values.isEmpty })
    }

    @Test(arguments: cases) func answers(_ report: Case) throws {
        let tree = try FixtureTree(report.files)
        for (subcommand, values) in report.values {
            let answer = try CommandRun(subcommand, "--json", in: tree).json()
            for (path, value) in values {
                let found = path.split(separator: ".").reduce(Optional(answer)) { $0?[String($1)] }
                #expect(found == value, "\(subcommand): \(path)")
            }
        }
        for (subcommand, texts) in report.contains {
            let line = try CommandRun(subcommand, in: tree).lines.first ?? ""
            for text in texts { #expect(line.contains(text)) }
            for text in report.lacks[subcommand] ?? [] { #expect(!line.contains(text)) }
        }
    }
}

extension JSON {
    fileprivate init?(any value: Any) {
        guard let data = try? JSONSerialization.data(withJSONObject: [value]),
            let parsed = try? JSON(parsing: String(decoding: data, as: UTF8.self)).elements.first
        else { return nil }
        self = parsed
    }
}
