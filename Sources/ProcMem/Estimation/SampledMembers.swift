/// The members of a walk that are sampled, and their relations.
struct SampledMembers {
    /// The index of each process of ``processes`` among the members of the walk.
    private let memberIndices: [Int]
    private let processes: [SampledProcess]
    /// Whether the memory of every member is known, and the family of every forked one.
    private let knowsAll: Bool
    /// Whether this is one process that the caller named: a failure that is unrelated to it is an error then, and otherwise
    /// the reason in the row of the process.
    private let isNamed: Bool

    /// - Parameters:
    ///   - members: The members of the walk.
    ///   - named: The only member, as the caller named it.
    ///   - isCounted: Returns whether the memory of a member is counted for itself: `false` if the member shares the
    ///     address space of another one that is counted.
    ///   - knowsChildren: Whether all children of the members are among them.
    ///   - root: The directory below which the kernel's files are read.
    init(
        _ members: [ProcessWalk<MemoryUsage>.Member],
        named: ProcessSelector? = nil,
        isCounted: (Int32) -> Bool,
        knowsChildren: Bool,
        in root: SystemRoot
    ) {
        let memberIndices = members.indices.filter { index in
            members[index].stat != nil && members[index].value?.anonymousBytes != nil
                && isCounted(members[index].pid)
        }
        let indices = Dictionary(memberIndices.enumerated().map { (members[$1].pid, $0) }) { first, _ in first }
        let parents = Set(members.compactMap { $0.stat?.parentPID })
        // A process that shares the address space of another one has faulted in pages there, which the other's fault
        // count does not contain.
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
            memberIndices.map { memberIndex in
                guard let stat = members[memberIndex].stat, stat.isForkWithoutExec,
                    let index = indices[stat.parentPID],
                    let layout = members[memberIndices[index]].stat?.layout, layout == stat.layout
                else { return nil }
                return index
            }
        )
        var processes: [SampledProcess] = []
        for (index, memberIndex) in memberIndices.enumerated() {
            guard let stat = members[memberIndex].stat, let usage = members[memberIndex].value,
                let anonymous = usage.anonymousBytes, let shared = usage.sharedBytes
            else { continue }
            let parent = ancestry[index]
            processes.append(
                SampledProcess(
                    process: named ?? .id(members[memberIndex].pid),
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
                    mayHaveForked: !knowsChildren || stat.childFaultCount != 0 || parents.contains(stat.pid),
                    hasParentInSet: indices[stat.parentPID] != nil
                )
            )
        }
        isNamed = named != nil
        self.memberIndices = memberIndices
        self.processes = processes
        knowsAll = members.allSatisfy { member in
            guard indices[member.pid] != nil else {
                let hasNoMemory = member.value?.mayHoldMemory == false || member.unavailableReason == .exited
                return !isCounted(member.pid) || hasNoMemory
            }
            guard let stat = member.stat, stat.layout == nil, stat.isForkWithoutExec else { return true }
            // A process whose layout is hidden belongs to a family of which all layouts are hidden, or to any other.
            guard let parent = indices[stat.parentPID] else { return false }
            return members[memberIndices[parent]].stat?.layout == nil
        }
    }

    /// Removes one parent from each circle. Reused pids can make the parents of processes circular.
    static func withoutCircles(_ parents: [Int?]) -> [Int?] {
        var parents = parents
        // For each process, the start of the line in which it was found first. A line that returns to itself is a
        // circle.
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

    /// Returns how a process has ended; `nil` if it has not, or if that is not known.
    private func end(of process: ProcessSelector, in root: SystemRoot) -> UnavailableReason? {
        do throws(FileReadError) {
            return try ProcessDirectory(process, in: root).end()
        } catch {
            return error.isExit ? .exited : nil
        }
    }

    /// Samples the processes and sets the figures of the members.
    ///
    /// - Parameters:
    ///   - members: The members of the walk.
    ///   - reads: The number of windows to read in each process.
    ///   - isClosed: Whether all processes that may share pages with these are among them.
    ///   - estimatesShares: Whether to estimate the memory of each process if that of all is ambiguous.
    ///   - generator: The source of random numbers.
    ///   - mayListOn: Whether there is time to list more mappings.
    ///   - mayGoOn: Whether there is time for another process.
    ///   - features: The kernel features that determine whether fault counts bound the number of pages.
    ///   - root: The directory below which the kernel's files are read.
    /// - Returns: The estimates; `nil` if the time was too short.
    func sample(
        _ members: inout [ProcessWalk<MemoryUsage>.Member],
        reads: Int,
        isClosed: Bool,
        estimatesShares: Bool = false,
        generator: SampleGenerator = SampleGenerator(),
        mayListOn: () -> Bool = { true },
        mayGoOn: () -> Bool = { true },
        _ features: KernelPageFeatures,
        in root: SystemRoot
    ) throws(FileReadError) -> SampledMemory? {
        let sampling = PageSampling(
            of: processes,
            reads: reads,
            isClosed: isClosed && knowsAll,
            boundsByFaults: !features.mayHaveHugePages,
            // KSM maps one page for processes that are not related. With one count for a large folio, those of its pages
            // are averages.
            countsMappings: !features.mayHaveMergedPages && features.isPSSEstimated != true,
            generator: generator,
            mayListOn: mayListOn,
            mayGoOn: mayGoOn,
            in: root
        )
        if isNamed, let failure = sampling.processes.first?.failure { _ = try UnavailableReason(failure) }
        guard !sampling.isCutShort else { return nil }
        var memory = SampledMemory(sampling, estimatesShares: estimatesShares)
        var missing: Set<Int32> = []
        for (index, memberIndex) in memberIndices.enumerated() {
            guard let usage = members[memberIndex].value else { continue }
            if let unique = memory.unique[index] {
                let reads = sampling.processes[index].readCount
                members[memberIndex].value = MemoryUsage(
                    usage,
                    ussBytes: unique.bytes,
                    source: .sampled(standardErrorBytes: unique.standardErrorBytes, reads: reads)
                )
            } else {
                missing.insert(members[memberIndex].pid)
                var reason = sampling.processes[index].unavailableReason ?? .unsupported
                // A file of a process that has exited is as absent, or as empty, as one that the kernel does not provide.
                if reason == .unsupported, root.isLive,
                    let end = end(of: processes[index].process, in: root)
                {
                    reason = end
                }
                // The figures of a process that has exited no longer count.
                let hasEnded = reason == .exited || reason == .zombie
                members[memberIndex].value =
                    hasEnded ? MemoryUsage(unavailable: reason) : MemoryUsage(usage, lacking: reason)
            }
        }
        memory.note(missing: missing)
        return memory
    }

    /// Returns the parts of the estimate.
    ///
    /// - Parameters:
    ///   - memory: The estimates.
    ///   - members: The members of the walk.
    func parts(of memory: SampledMemory, _ members: [ProcessWalk<MemoryUsage>.Member]) -> SampledParts {
        var shares: [Int32: MemberShare] = [:]
        for (memberIndex, share) in zip(memberIndices, memory.shares) { shares[members[memberIndex].pid] = share }
        return SampledParts(files: memory.files, shares: shares)
    }
}
