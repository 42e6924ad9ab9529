/// Which members of a walk are sampled, and how they are related.
struct SampledMembers {
    /// The members' numbers, in the order of ``processes``.
    private let numbers: [Int]
    private let processes: [SampledProcess]

    /// - Parameters:
    ///   - named: The only member, as the caller named it.
    ///   - isCounted: Of each member, whether its memory is its own, and not counted with another's.
    ///   - knowsChildren: Whether all children of the members are among them.
    init(
        _ members: [ProcessWalk<MemoryUsage>.Member],
        named: ProcessSelector? = nil,
        isCounted: (Int32) -> Bool,
        knowsChildren: Bool,
        in root: SystemRoot
    ) {
        let numbers = members.indices.filter { number in
            members[number].stat != nil && members[number].value?.anonymousBytes != nil
                && isCounted(members[number].pid)
        }
        let places = Dictionary(numbers.enumerated().map { (members[$1].pid, $0) }) { first, _ in first }
        let parents = Set(members.compactMap { $0.stat?.parentPID })
        // Their faults have brought pages into memory that is counted as another's.
        let layoutsOfSharers = Set(members.compactMap { isCounted($0.pid) ? nil : $0.stat?.layout })
        var families: [ProgramLayout: Int] = [:]
        var familyCount = 0
        func family(_ layout: ProgramLayout?) -> Int {
            let number = layout.flatMap { families[$0] } ?? familyCount
            if number == familyCount {
                familyCount += 1
                if let layout { families[layout] = number }
            }
            return number
        }
        let ancestry = Self.withoutCircles(
            numbers.map { number in
                guard let stat = members[number].stat, stat.isForkWithoutExec, let place = places[stat.parentPID],
                    let layout = members[numbers[place]].stat?.layout, layout == stat.layout
                else { return nil }
                return place
            }
        )
        var processes: [SampledProcess] = []
        for (place, number) in numbers.enumerated() {
            guard let stat = members[number].stat, let usage = members[number].value,
                let anonymous = usage.anonymousBytes, let shared = usage.sharedBytes
            else { continue }
            let parent = ancestry[place]
            processes.append(
                SampledProcess(
                    process: named ?? .id(members[number].pid),
                    startTimeTicks: stat.startTimeTicks,
                    anonymousCount: anonymous / root.pageSizeBytes,
                    fileCount: shared / root.pageSizeBytes,
                    faultCount: stat.faultCount,
                    endedFaultCount: stat.childFaultCount,
                    mayLackFaults: (stat.isForkWithoutExec && parent == nil)
                        || stat.layout.map { layoutsOfSharers.contains($0) } ?? false,
                    layout: stat.layout,
                    family: family(stat.layout),
                    parent: parent,
                    isFounder: !stat.isForkWithoutExec,
                    mayHaveForked: !knowsChildren || stat.childFaultCount != 0 || parents.contains(stat.pid)
                )
            )
        }
        self.numbers = numbers
        self.processes = processes
    }

    /// Ids that are in use again can make parents circular: such a line has no beginning, and is cut somewhere.
    static func withoutCircles(_ parents: [Int?]) -> [Int?] {
        var parents = parents
        // By whose line a process was met first; a line that comes back to itself is a circle.
        var lineOf: [Int?] = Array(repeating: nil, count: parents.count)
        for start in parents.indices where lineOf[start] == nil {
            lineOf[start] = start
            var last = start
            while let next = parents[last] {
                if lineOf[next] == start { parents[last] = nil }
                if lineOf[next] != nil { break }
                lineOf[next] = start
                last = next
            }
        }
        return parents
    }

    /// Samples them, and gives each its figures.
    ///
    /// - Parameter mayGoOn: Whether there is time for another process.
    /// - Returns: `nil` where there was not.
    func sample(
        _ members: inout [ProcessWalk<MemoryUsage>.Member],
        reads: Int,
        isClosed: Bool,
        mayGoOn: () -> Bool = { true },
        _ features: KernelPageFeatures,
        in root: SystemRoot
    ) throws(FileReadError) -> SampledMemory? {
        let sampling = try PageSampling(
            of: processes,
            reads: reads,
            isClosed: isClosed,
            boundsByFaults: !features.mayHaveHugePages,
            generator: SampleGenerator(),
            mayGoOn: mayGoOn,
            in: root
        )
        guard !sampling.isCutShort else { return nil }
        let memory = SampledMemory(sampling)
        for (place, number) in numbers.enumerated() {
            guard let usage = members[number].value else { continue }
            if let unique = memory.unique[place] {
                let reads = sampling.processes[place].readCount
                members[number].value = MemoryUsage(
                    usage,
                    ussBytes: unique.bytes,
                    source: .sampled(standardErrorBytes: unique.standardErrorBytes, reads: reads)
                )
            } else {
                let reason = sampling.processes[place].unavailableReason ?? .unsupported
                // What a process had that has ended is held no longer.
                members[number].value =
                    reason == .exited ? MemoryUsage(unavailable: reason) : MemoryUsage(usage, lacking: reason)
            }
        }
        return memory
    }
}
