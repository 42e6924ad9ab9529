/// What of a process must not have moved for a figure of it to hold.
///
/// PSS and USS change by what the process does itself, which its page faults and its sizes show, and by what others do with
/// the pages that they share with it. Who those are shows too; what they do does not, and the age of a figure is bounded.
struct FigureWitness: Hashable, Sendable {
    let startTimeTicks: Int
    let layout: ProgramLayout?
    let hasNotExecuted: Bool
    let virtualBytes: Int?
    let rssBytes: Int
    let sharedBytes: Int
    let faultCount: Int?
    /// Stands for the processes of the same layout: another set has another number, but for a chance in 2^64.
    let familyHash: Int

    /// By member; `nil` for who tells too little to be recognised.
    static func witnesses(of members: [ProcessCensus.Member]) -> [FigureWitness?] {
        // In whatever order they were found.
        var hashes: [ProgramLayout: Int] = [:]
        for member in members {
            guard let stat = member.stat, let layout = stat.layout else { continue }
            var hasher = Hasher()
            hasher.combine(member.pid)
            hasher.combine(stat.startTimeTicks)
            hashes[layout, default: 0] ^= hasher.finalize()
        }
        return members.map { member in
            guard let stat = member.stat, let rssBytes = member.value?.rssBytes,
                let sharedBytes = member.value?.sharedBytes
            else { return nil }
            return FigureWitness(
                startTimeTicks: stat.startTimeTicks,
                layout: stat.layout,
                hasNotExecuted: stat.hasNotExecuted,
                virtualBytes: stat.virtualBytes,
                rssBytes: rssBytes,
                sharedBytes: sharedBytes,
                faultCount: stat.faultCount,
                familyHash: stat.layout.flatMap { hashes[$0] } ?? 0
            )
        }
    }
}

extension [FigureWitness?] {
    /// Stands for all that may have moved, in whatever order the processes were found: `nil` counts for nothing.
    func scene(of keys: [FigureCache.Key]) -> Int {
        zip(keys, self).reduce(0) { scene, process in
            guard let witness = process.1 else { return scene }
            var hasher = Hasher()
            hasher.combine(process.0)
            hasher.combine(witness)
            return scene ^ hasher.finalize()
        }
    }
}
