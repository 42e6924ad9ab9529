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
        in root: KernelRoot
    ) {
        let numbers = members.indices.filter { number in
            members[number].stat != nil && members[number].value?.anonymousBytes != nil
                && isCounted(members[number].pid)
        }
        let places = Dictionary(numbers.enumerated().map { (members[$1].pid, $0) }) { first, _ in first }
        let parents = Set(members.compactMap { $0.stat?.parentID })
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
        var processes: [SampledProcess] = []
        for number in numbers {
            guard let stat = members[number].stat, let usage = members[number].value,
                let anonymous = usage.anonymousBytes, let shared = usage.sharedBytes
            else { continue }
            let parent = places[stat.parentID].flatMap { place in
                let layout = members[numbers[place]].stat?.layout
                return stat.hasNotExecuted && layout != nil && layout == stat.layout ? place : nil
            }
            processes.append(
                SampledProcess(
                    process: named ?? .id(members[number].pid),
                    startTimeTicks: stat.startTimeTicks,
                    anonymousCount: anonymous / root.pageSizeBytes,
                    fileCount: shared / root.pageSizeBytes,
                    faultCount: stat.faultCount,
                    family: family(stat.layout),
                    parent: parent,
                    isFounder: !stat.hasNotExecuted,
                    mayHaveForked: !knowsChildren || stat.childFaultCount != 0 || parents.contains(stat.processID)
                )
            )
        }
        self.numbers = numbers
        self.processes = processes
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
        in root: KernelRoot
    ) throws(ReadFailure) -> SampledMemory? {
        let sampling = try PageSampling(
            of: processes,
            reads: reads,
            isClosed: isClosed,
            boundsByFaults: !PageFacts(root: root).mayHaveHugePages,
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
                    source: .sampled(standardError: unique.standardErrorBytes, reads: reads)
                )
            } else {
                let reason = sampling.processes[place].obstacle ?? .unsupported
                members[number].value = MemoryUsage(usage, lacking: reason)
            }
        }
        return memory
    }
}
