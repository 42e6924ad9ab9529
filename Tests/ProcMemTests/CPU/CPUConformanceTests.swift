import Foundation
import ProcMem
import TestSupport
import Testing

/// Complete systems as file trees, each with the expected CPU count.
@Suite struct CPUConformanceTests {
    struct Case: Decodable, Sendable, CustomTestStringConvertible {
        struct Expectation: Decodable, Sendable {
            let count: Int
            let quota: Double?
            let complete: Bool?
            let warns: Bool?
        }

        let name: String
        let files: [String: String]
        let links: [String: String]?
        let expect: Expectation

        var testDescription: String { name }
    }

    /// `cpu.json` has the cases that other libraries are compared by too; `cpu-more.json` has cases that were added
    /// later.
    static let corpus = cases(in: "cpu")
    static let more = cases(in: "cpu-more")

    private static func cases(in name: String) -> [Case] {
        guard let url = Bundle.module.url(forResource: name, withExtension: "json", subdirectory: "Fixtures"),
            let data = try? Data(contentsOf: url)
        else { return [] }
        return (try? JSONDecoder().decode([Case].self, from: data)) ?? []
    }

    @Test func theCorpusIsThere() {
        #expect(Self.corpus.count == 82)
        #expect(Self.more.count == 112)
    }

    @Test(arguments: corpus + more) func answers(_ system: Case) throws {
        let tree = try FixtureTree(system.files, links: system.links ?? [:])
        let limits = try CPULimits.current(in: tree.root())

        #expect(limits.effectiveCPUCount() == system.expect.count)
        #expect(ProcMem.effectiveCPUCount(in: tree.root()) == system.expect.count)
        if let expected = system.expect.quota {
            let found = try #require(limits.binding).quota.cpus
            #expect(abs(found - expected) <= expected * 1e-12)
        } else {
            #expect(limits.binding == nil)
        }
        if let isComplete = system.expect.complete { #expect(limits.isComplete == isComplete) }
        if let warns = system.expect.warns { #expect(!limits.warnings.isEmpty == warns, "\(limits.warnings)") }
    }
}
