import ProcMem
import Timing

/// Returns the cases for repeated snapshots by one sampler: of a process and of a tree, in bytes; of all processes, their
/// number.
func samplerCases(of root: Int32, _ system: SystemRoot) -> [String: ProcMemCases.WaitingCase] {
    let tree = ProcessScope.tree(root: root)
    var cases: [String: ProcMemCases.WaitingCase] = [:]
    for (name, mode) in modes {
        // Enough time for an accurate reading of the largest process, also on a busy machine.
        let mode = name == "within" ? .within(.milliseconds(100)) : mode
        for (scopeName, scope) in [("process", ProcessScope.process(root)), ("tree", tree)] {
            cases["\(scopeName), \(name), sampler"] = {
                let sampler = MemorySampler(of: scope, mode: mode)
                try await warmUp(sampler)
                try await time { try await bytes(sampler.snapshot()) }
            }
        }
    }
    cases["all, cheap, sampler"] = {
        let limits = SearchLimits(maximumOpenFileCount: 16_384)
        let sampler = MemorySampler(of: .all, mode: .cheap, limits: limits, in: system)
        // The second pass opens the files that later ones read.
        for _ in 0..<2 { _ = try await sampler.snapshot() }
        try await time { try await sampler.snapshot().processes.count }
    }
    // For a process that changes all the time, and is too large for an accurate reading in this time.
    cases["process, within 5 ms, sampler"] = {
        let sampler = MemorySampler(of: .process(root), mode: .within(.milliseconds(5)))
        try await time { try await bytes(sampler.snapshot()) }
    }
    // The first snapshot of a program: the sampler, its thread, and a pass without figures from earlier passes.
    cases["tree, within, first pass"] = {
        try await time { try await bytes(MemorySampler(of: tree, mode: .within(.milliseconds(50))).snapshot()) }
    }
    return cases
}

/// Runs passes until each process has been read; in the mode `within`, until each process has an accurate figure.
private func warmUp(_ sampler: MemorySampler) async throws {
    for _ in 0..<1000 {
        let total = try await sampler.snapshot().total
        if total.figureCounts?.pss == total.processCount || total.figureCounts?.uss == 0 { return }
    }
}
