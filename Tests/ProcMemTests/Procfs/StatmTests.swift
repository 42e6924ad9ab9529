import CTestSupport
import ProcMem
import TestSupport
import Testing

@Suite struct StatmTests {
    static let page = 4096

    static func parse(_ text: String, pageSizeBytes: Int = page) throws(ProcMemError) -> Statm {
        try Statm(parsing: text.utf8Span.span, pageSizeBytes: pageSizeBytes)
    }

    @Test func fieldsAreInPages() throws {
        let statm = try Self.parse("100 50 20 5 0 30 0\n")
        #expect(statm.sizeBytes == 100 * 4096)
        #expect(statm.residentBytes == 50 * 4096)
        #expect(statm.sharedBytes == 20 * 4096)
        #expect(statm.textBytes == 5 * 4096)
        #expect(statm.dataBytes == 30 * 4096)
    }

    @Test(arguments: [16384, 65536]) func pageSizeIsTheSystems(_ pageSizeBytes: Int) throws {
        #expect(try Self.parse("3 2 1 0 0 0 0\n", pageSizeBytes: pageSizeBytes).residentBytes == 2 * pageSizeBytes)

        let tree = try FixtureTree(["proc/17/statm": "3 2 1 0 0 0 0\n"])
        #expect(try Statm(of: 17, in: tree.root(pageSizeBytes: pageSizeBytes)).sizeBytes == 3 * pageSizeBytes)
    }

    @Test(arguments: ["1 2 3 4 5 6 7", "  1\t2 3 4 5 6 7 8 9\n", "1 2 3 4 5 6 7\n\n"])
    func spacingAndLaterFieldsDoNotMatter(_ text: String) throws {
        #expect(try Self.parse(text).residentBytes == 2 * 4096)
    }

    @Test(arguments: [
        "", "\n", " ", "1 2 3 4 5 6\n", "1 2 x 4 5 6 7\n", "1 2 3.5 4 5 6 7\n", "+1 2 3 4 5 6 7\n", "0x1 2 3 4 5 6 7\n",
        "1 - 3 4 5 6 7\n", "1 2 3 4 5 6 9223372036854775808\n", "1 9223372036854775807 3 4 5 6 7\n",
        "1 18446744073709551616 3 4 5 6 7\n", "\u{0}1 2 3 4 5 6 7\n",
    ])
    func malformedIsAnErrorAndNotZero(_ text: String) {
        let error = #expect(throws: ProcMemError.self) { try Self.parse(text) }
        #expect(error?.code == .malformed)
    }

    /// A sum of per-CPU counters can be negative.
    @Test func negativeCountsAsZero() throws {
        #expect(try Self.parse("9 5 -3 1 0 2 0\n").sharedBytes == 0)
    }

    @Test(.countedAllocations) func parsingDoesNotAllocate() throws {
        let bytes = Array("100000 50000 20000 5 0 30000 0\n".utf8)
        _ = try Statm(parsing: bytes.span, pageSizeBytes: 4096)

        var sum = 0
        let count = try Allocations.count {
            for _ in 0..<1000 { sum &+= try Statm(parsing: bytes.span, pageSizeBytes: 4096).residentBytes }
        }
        #expect(count == 0)
        #expect(sum == 1000 * 50000 * 4096)
    }

    @Test(.countedAllocations) func theAllocationCounterCounts() throws {
        var array: [UInt8] = []
        let count = try Allocations.count { array = [UInt8](repeating: 1, count: Int.random(in: 1000...2000)) }
        #expect(count > 0)
        #expect(array.count >= 1000)
    }

    /// On this system's C library, and without a sanitizer, this repository's builds count allocations. Other builds
    /// state that the test is skipped.
    @Test(.enabled(if: BuildMode.isExpectedToCountAllocations, "another C library, or a sanitizer"))
    func allocationsAreCounted() {
        #expect(Allocations.areCounted)
    }

    /// The optimiser removes the allocations of generic closures. Without it the count means nothing.
    @Test(.optimized, .countedAllocations) func readingDoesNotAllocate() throws {
        let child = try ChildProcess(state: "hold", 1 << 20)
        _ = try memoryUsage(of: child.pid, mode: .cheap)
        let count = try Allocations.count {
            for _ in 0..<1000 { _ = try memoryUsage(of: child.pid, mode: .cheap) }
        }
        #expect(count == 0)
    }
}
