import Foundation
import TestSupport
import Testing

/// Every query while one of its system calls fails or a read is cut short, and then the next call, and so on. The program
/// FaultCases judges the outcomes: a typed error, the same answer, or one that states what it lacks; no trap, no descriptor
/// left open, and no call that is repeated without end.
///
/// These are the representative errors and cases. `scripts/faults` injects every error of the manual pages, and cuts reads
/// to every length.
@Suite(.serialized, .withoutInterceptors, .timeLimit(.minutes(5))) struct FaultTests {
    private static let queries = [
        "CPULimit", "CPUThrottling", "effective", "ContainerMemory", "MemoryReader", "Statm", "SmapsRollup",
        "isPSSEstimated",
        "processList", "memoryUsage", "memorySnapshot of tree cheap", "memorySnapshot of tree accurate",
        "MemorySampler.snapshot",
    ]

    @Test(arguments: ["v2", "v1"]) func noFaultChangesAnAnswerUnseen(_ system: String) throws {
        let output = try ChildProcess.output(
            of: BuiltProduct.url(of: "FaultCases").path,
            Self.queries.map { "\(system): \($0)" }
        )
        #expect(output.status == 0, "\(output.text)\(output.errorText)")
        // Without these, the test could pass without a fault.
        let faults = Self.number(before: "faults:", in: output.text)
        #expect(faults > 4000, "\(output.text)")
        #expect(Self.number(before: "the same answer", in: output.text) > faults / 4)
        #expect(Self.number(before: "labelled", in: output.text) > 100)
        #expect(Self.number(before: "errors", in: output.text) > 100)
    }

    /// A campaign finds an answer that a fault changes: the count of CPUs, for which the allowance is switched off.
    @Test func anUnlabelledDifferenceIsAProblem() throws {
        let output = try ChildProcess.output(
            of: BuiltProduct.url(of: "FaultCases").path,
            ["--strict", "v2: effectiveCPUCount"]
        )
        #expect(output.status == 1)
        #expect(output.text.contains("v2: effectiveCPUCount: openat2"), "\(output.text)")
        #expect(Self.number(before: "without a label", in: output.text) > 0)
    }

    /// The files that only the kernel provides: a list of mappings or a range of pages that is cut is continued, and no
    /// failure to read them is taken for an exec or for another number of pages.
    @Test func noFaultChangesAnAnswerOfALiveProcess() throws {
        let output = try ChildProcess.output(
            of: BuiltProduct.url(of: "FaultCases").path,
            ["memoryUsage sampled", "memorySnapshot of process sampled", "MemoryReader"].map { "live: \($0)" }
        )
        #expect(output.status == 0, "\(output.text)\(output.errorText)")
        #expect(Self.number(before: "faults:", in: output.text) > 1000, "\(output.text)")
    }

    /// A kernel without seccomp returns EINVAL for the query of a filter: there is none, and pages are sampled as usual.
    @Test func aKernelWithoutSeccomp() throws {
        let output = try ChildProcess.output(
            of: BuiltProduct.url(of: "FaultCases").path,
            ["--strict", "--error=\(EINVAL)", "live: memoryUsage sampled"]
        )
        #expect(Self.number(before: "faults:", in: output.text) > 10, "\(output.text)\(output.errorText)")
        #expect(!output.text.contains(": prctl "), "\(output.text)")
    }

    /// For a file of a process, ENODEV does not mean that the process has exited: nothing is dropped from an answer.
    @Test func noDeviceIsNoExit() throws {
        let output = try ChildProcess.output(
            of: BuiltProduct.url(of: "FaultCases").path,
            ["--error=\(ENODEV)"]
                + [
                    "processList of tree", "processUsage of tree", "memorySnapshot of tree", "memoryUsage",
                    "MemoryReader",
                ]
                .map { "v2: \($0)" }
        )
        #expect(output.status == 0, "\(output.text)\(output.errorText)")
        #expect(Self.number(before: "faults:", in: output.text) > 100)
        #expect(Self.number(before: "the same answer", in: output.text) >= 0)
    }

    /// A query of the limits costs what its files cost: each is opened, read and closed once. The systems are those of the
    /// campaign, the running one, and every file tree of the corpora.
    @Test func noFileIsReadTwice() throws {
        let fixtures = URL(filePath: #filePath).appending(path: "../../Fixtures").standardized
        let trees = try ["cpu", "cpu-more", "limits", "limits-more"].flatMap { name -> [FixtureTree] in
            let data = try Data(contentsOf: fixtures.appending(path: "\(name).json"))
            let systems = try JSONSerialization.jsonObject(with: data) as? [[String: Any]] ?? []
            return try systems.compactMap { system -> FixtureTree? in
                let files = system["files"] as? [String: String] ?? [:]
                // No kernel writes files of this kind: a further read must detect their end.
                let hasForeignFile = files.contains { path, text in
                    guard path.hasSuffix("cpu.max") || path == "/proc/self/cgroup" else { return false }
                    return !text.hasSuffix("\n") || path.hasSuffix("cpu.max") && text.utf8.count > 100
                }
                if hasForeignFile { return nil }
                return try FixtureTree(files, links: system["links"] as? [String: String] ?? [:])
            }
        }
        let output = try ChildProcess.output(
            of: BuiltProduct.url(of: "FaultCases").path,
            ["--openings"] + trees.map(\.directory.path)
        )
        withExtendedLifetime(trees) {}
        #expect(output.text.hasSuffix("\(trees.count + 5) systems\n") && trees.count > 200)
        #expect(output.status == 0, "\(output.text.prefix(4000))\(output.errorText)")
    }

    private static func number(before words: String, in text: String) -> Int {
        guard let end = text.range(of: " \(words)", options: .backwards)?.lowerBound else { return -1 }
        return text[..<end].split(separator: " ").last.flatMap { Int($0) } ?? -1
    }
}
