import Foundation
import TestSupport

@testable import ProcMem

/// Processes with mappings and page maps that a test defines, in files as the kernel writes them.
final class SyntheticMemory {
    /// The `pagemap` entry of a page; 0 for no page.
    enum Page {
        static let present: UInt64 = 1 << 63
        static let exclusive = present | 1 << 56
        static let ofFile = present | 1 << 61
        static let exclusiveOfFile = exclusive | 1 << 61
    }

    struct Mapping {
        /// The index of its first page.
        let start: Int
        let entries: [UInt64]
        var rights = "rw-p"
        /// The inode; 0 for anonymous memory.
        var inode = 0
        var filePage = 0
    }

    struct Process {
        var pid: Int32 = 17
        var parent: Int32 = 1
        var isForkWithoutExec = false
        var faults = 0
        var endedFaults = 0
        var start = 5
        /// How many of its pages are the kernel's zero page, which `statm` does not count.
        var zeros = 0
        /// Whether `stat` does not show the addresses of the program.
        var isLayoutHidden = false
        var mappings: [Mapping]

        var entries: [UInt64] { mappings.flatMap(\.entries) }
    }

    let tree: FixtureTree
    let root: SystemRoot
    private let processes: [Process]

    init(_ processes: [Process], _ files: [String: String] = [:]) throws {
        tree = try FixtureTree(files)
        root = tree.root(pageSizeBytes: 4096)
        self.processes = processes
        for process in processes { try write(process) }
    }

    /// The folder with the files of a process.
    func path(of pid: Int32) -> String { tree.directory.path + "/proc/\(pid)" }

    private func write(_ process: Process) throws {
        let folder = "/proc/\(process.pid)"
        let end = process.mappings.map { $0.start + $0.entries.count }.max() ?? 0
        var words = [UInt64](repeating: 0, count: end)
        var maps = ""
        for mapping in process.mappings.sorted(by: { $0.start < $1.start }) {
            words.replaceSubrange(mapping.start..<mapping.start + mapping.entries.count, with: mapping.entries)
            func hexadecimal(_ page: Int) -> String { String(page * 4096, radix: 16) }
            maps += "\(hexadecimal(mapping.start))-\(hexadecimal(mapping.start + mapping.entries.count)) "
            maps += "\(mapping.rights) \(hexadecimal(mapping.filePage)) 08:01 \(mapping.inode)\n"
        }
        let resident = process.entries.count { $0 >> 63 == 1 } - process.zeros
        let shared = process.entries.count { $0 >> 63 == 1 && $0 >> 61 & 1 == 1 }
        var stat = [
            1: "\(process.pid)", 4: "\(process.parent)", 9: process.isForkWithoutExec ? "64" : "0",
            10: "\(process.faults)", 11: "\(process.endedFaults)", 12: "0", 13: "0", 20: "1", 22: "\(process.start)",
        ]
        if process.isLayoutHidden { for field in [26, 27, 28, 45, 46, 47] { stat[field] = "0" } }
        try tree.write(ProcessStatTests.line("x", stat), to: folder + "/stat")
        try tree.write("\(end) \(resident) \(shared) 0 0 0 0\n", to: folder + "/statm")
        try tree.write(maps, to: folder + "/maps")
        try tree.write(words.withUnsafeBytes { Data($0) }, to: folder + "/pagemap")
    }

    /// Samples all processes, with random numbers from a seed.
    ///
    /// - Parameter mayGoOn: Whether there is time for another process; called before each of them.
    func sampled(
        reads: Int,
        seed: UInt64,
        isClosed: Bool = true,
        boundsByFaults: Bool = false,
        estimatesShares: Bool = false,
        mayGoOn: () -> Bool = { true }
    ) throws -> SampledMemory {
        let parents = Set(processes.map(\.parent))
        let sampled = processes.map { process in
            let present = process.entries.filter { $0 >> 63 == 1 }
            let files = present.count { $0 >> 61 & 1 == 1 }
            let parent = processes.firstIndex { $0.pid == process.parent }
            return SampledProcess(
                process: .id(process.pid),
                startTimeTicks: process.start,
                anonymousCount: present.count - files - process.zeros,
                fileCount: files,
                faultCount: process.faults,
                endedFaultCount: process.endedFaults,
                mayLackFaults: process.isForkWithoutExec && parent == nil,
                layout: layout,
                family: 0,
                parent: process.isForkWithoutExec ? parent : nil,
                isFounder: !process.isForkWithoutExec,
                mayHaveForked: parents.contains(process.pid),
                hasParentInSet: parent != nil
            )
        }
        return SampledMemory(
            PageSampling(
                of: sampled,
                reads: reads,
                isClosed: isClosed,
                boundsByFaults: boundsByFaults,
                generator: SampleGenerator(seed: seed),
                mayGoOn: mayGoOn,
                in: root
            ),
            estimatesShares: estimatesShares
        )
    }

    /// The program layout in every `stat` line of these processes.
    private var layout: ProgramLayout? {
        try? KernelText.parse(ProcessStatTests.line()) { try ProcessStat(parsing: $0) }.layout
    }
}
