import Foundation
import TestSupport
import Testing

@testable import ProcMem

/// Many systems that no kernel produces: the code does not trap, and returns possible figures with reasons for the
/// unknown ones.
@Suite(.timeLimit(.minutes(10))) struct ContainerMemoryMutationTests {
    private func system(_ version: CgroupVersion) -> ContainerSystem {
        let limit = "\(ContainerSystem.gib)"
        return switch version {
        case .v1:
            .v1(
                ContainerSystem.v1Cgroup("/cg/a/b", limit: limit, memorySwap: limit, smallest: (limit, limit))
                    .merging(ContainerSystem.v1Cgroup("/cg/a", limit: "\(2 * ContainerSystem.gib)")) { $1 }
            )
        case .v2:
            .v2(
                ContainerSystem.v2Cgroup("/cg/a/b", limit: limit)
                    .merging(ContainerSystem.v2Cgroup("/cg/a", limit: "\(2 * ContainerSystem.gib)")) { $1 }
            )
        }
    }

    @Test(arguments: [CgroupVersion.v1, .v2]) func whateverASystemSaysThereIsAnAnswer(_ version: CgroupVersion) throws {
        let system = system(version)
        let tree = try system.tree()
        let good = system.files.merging(
            ["/proc/self/cgroup": system.membership, "/proc/self/mountinfo": system.mounts]
        ) { $1 }
        let paths = good.keys.sorted()
        var mutators = paths.enumerated().map { Mutator([good[$1] ?? ""], seed: UInt64($0)) }
        var limited = 0
        for turn in 0..<500 {
            let number = turn % paths.count
            try tree.write(Data(mutators[number].next()), to: paths[number])
            let memory = try ContainerMemory.current(in: tree.root())
            expectPossible(memory)
            #expect(effectiveMemoryBytes(in: tree.root()) == memory.effectiveMemoryBytes)
            if memory.limitBytes != nil { limited += 1 }
            // Two of three files are restored before the next change.
            if turn % 3 > 0 { try tree.write(good[paths[number]] ?? "", to: paths[number]) }
        }
        #expect(limited > 50)
    }

    private func expectPossible(_ memory: ContainerMemory) {
        let figures: [ContainerMemory.Figure: Int?] = [
            .usageBytes: memory.usageBytes, .workingSetBytes: memory.workingSetBytes, .anonBytes: memory.anonBytes,
            .fileBytes: memory.fileBytes, .shmemBytes: memory.shmemBytes,
            .inactiveFileBytes: memory.inactiveFileBytes, .kernelBytes: memory.kernelBytes,
            .swapBytes: memory.swapBytes, .availableBytes: memory.availableBytes,
            .swapLimitBytes: memory.swapLimitBytes, .machineBytes: memory.machineBytes,
        ]
        for (figure, bytes) in figures {
            #expect((0...1 << 60).contains(bytes ?? 0), "\(figure)")
            // A known figure has no reason, and an unknown figure has one, unless it is a limit that is not set.
            let mayBeNone = figure == .availableBytes || figure == .swapLimitBytes
            let isExplained = (bytes == nil) == (memory.reasonsByUnknownFigure[figure] != nil)
            #expect(isExplained || mayBeNone && memory.reasonsByUnknownFigure[figure] == nil, "\(figure) \(memory)")
        }
        #expect((memory.pressure == nil) == (memory.reasonsByUnknownFigure[.pressure] != nil))
        #expect(memory.limitBytes ?? 0 < memory.machineBytes ?? .max)
        #expect(memory.limitCgroup == nil || memory.levels.contains { $0.cgroup == memory.limitCgroup })
        #expect(memory.isComplete || !memory.warnings.isEmpty)
        #expect(memory.workingSetBytes ?? 0 <= memory.usageBytes ?? .max)
    }
}
