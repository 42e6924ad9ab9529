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
