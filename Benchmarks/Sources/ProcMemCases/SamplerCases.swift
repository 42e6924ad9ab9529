import ProcMem
import Timing

/// What a process and a tree hold, in bytes, asked of a sampler again and again.
func samplerCases(of root: Int32) -> [String: ProcMemCases.WaitingCase] {
    let tree = ProcessScope.tree(root: root)
    var cases: [String: ProcMemCases.WaitingCase] = [:]
    for (name, mode) in modes {
        // Time enough for an accurate look at the largest process, also beside others on a busy machine.
        let mode = name == "bounded" ? .within(.milliseconds(100)) : mode
        for (scopeName, scope) in [("process", ProcessScope.process(root)), ("tree", tree)] {
            cases["\(scopeName), \(name), sampler"] = {
                let sampler = MemorySampler(of: scope, mode: mode)
                try await warmUp(sampler)
                try await time { try await held(sampler.snapshot()) }
            }
        }
    }
    // Of a process that never rests, and is too large to be looked at accurately in the time.
    cases["process, bounded to 5 ms, sampler"] = {
        let sampler = MemorySampler(of: .process(root), mode: .within(.milliseconds(5)))
        try await time { try await held(sampler.snapshot()) }
    }
    // A program's first look: the sampler, its thread and a pass that knows nothing of earlier ones.
    cases["tree, bounded, first pass"] = {
        try await time { try await held(MemorySampler(of: tree, mode: .within(.milliseconds(50))).snapshot()) }
    }
    return cases
}

/// Passes until each process has had its turn, in a bounded mode until each has an accurate figure.
private func warmUp(_ sampler: MemorySampler) async throws {
    for _ in 0..<1000 {
        let total = try await sampler.snapshot().total
        if total.figureCounts.pss == total.processCount || total.figureCounts.uss == 0 { return }
    }
}
