/// The distinct memory of a set of processes: the memory that their page tables refer to. Each page counts once,
/// regardless of which other processes map it.
///
/// It is the same quantity in every ``MemoryMode``; only the precision differs. Pages of files, of shared memory and of
/// hugetlbfs are in it. Pages that are swapped out, and memory of devices, are not. <doc:CountingPagesOnce> derives the
/// bounds and names the assumption behind each.
public struct DistinctMemory: Sendable, Hashable {
    /// The most likely value in bytes, within the bounds; `nil` if the mode gives none.
    public let estimate: Int?
    /// The lower bound in bytes.
    public let lower: Int
    /// The upper bound in bytes; `nil` if a process that may have memory could not be read, or may be missing.
    public let upper: Int?
    /// Whether the bounds follow from what was read, for processes that do not change between the reads.
    ///
    /// If it is `false`, the bounds rely on ``assumptions``, or a process could not be read. Two proven intervals of
    /// unchanged processes always overlap.
    public let isProven: Bool
    /// The assumptions that the bounds rely on, which no file confirms; empty if the bounds are proven.
    public let assumptions: Set<Assumption>

    /// Creates figures with given values, for tests: see <doc:TestingWithFixtures>.
    ///
    /// Values that contradict each other are corrected: no bound is negative, the upper one is not below the lower one, the
    /// estimate is within them, and without an upper bound or with assumptions nothing is proven.
    ///
    /// - Parameters:
    ///   - estimate: The most likely value in bytes.
    ///   - lower: The lower bound in bytes.
    ///   - upper: The upper bound in bytes.
    ///   - isProven: Whether the bounds follow from what was read.
    ///   - assumptions: The assumptions that the bounds rely on.
    public init(estimate: Int?, lower: Int, upper: Int?, isProven: Bool, assumptions: Set<Assumption>) {
        let lower = max(0, lower)
        let upper = upper.map { max($0, lower) }
        self.estimate = estimate.map { min(max($0, lower), upper ?? .max) }
        self.lower = lower
        self.upper = upper
        self.isProven = isProven && upper != nil && assumptions.isEmpty
        self.assumptions = assumptions
    }

    /// A condition that the bounds rely on, and that no file that was read can confirm.
    public enum Assumption: String, Sendable, Hashable, CaseIterable {
        /// Every page of forked processes was mapped by a page fault of a process that is counted. This is false for
        /// pages that `fork` itself copies because they are pinned (io_uring, RDMA), for pages that another process
        /// writes (`process_vm_writev`, `userfaultfd`), and for pages of a process that exited without being waited
        /// for.
        case faultsAreComplete
        /// Forked processes with equal figures have address spaces of their own, and do not share one (`CLONE_VM`). The
        /// kernel did not compare all of them: the time was too short, the mode is `.cheap`, or it refused (`kcmp`).
        case addressSpacesAreSeparate
        /// No process outside of the set shares anonymous pages with it: no process was forked from a member and has
        /// left the tree.
        case noRelativesOutside
        /// Processes with equal addresses of code, data, heap and stack were forked from one another, and others were not.
        /// `PR_SET_MM` changes these addresses.
        case layoutsIdentifyFamilies
        /// Pages that were not sampled resemble those that were.
        case samplesAreRepresentative
        /// One page fault maps one page. This is false for transparent huge pages: one fault maps many pages.
        case noHugePages
        /// No pages are merged by KSM beyond those that are accounted for.
        case noMergedPages
        /// `statm` is exact. This is certain on Linux 6.16 and later.
        case statmIsExact
        /// PSS is exact. It is an average on a kernel that is built with `CONFIG_NO_PAGE_MAPCOUNT`, an option of Linux
        /// 6.15 and later.
        case pssIsExact
        /// The figures of an earlier measurement are still correct.
        case nothingChanged
        /// The counters of pages of hugetlbfs are right, or there are no such pages. `Hugetlb` in `/proc/meminfo` requires
        /// Linux 4.20. `HugetlbPages` in `status` lacks pages below a page table that the process shares with others, and
        /// before Linux 6.2 `Private_Hugetlb` in `smaps_rollup` includes them.
        case hugetlbIsCounted
        /// The processes of the cgroup map the anonymous pages that are charged to it, and no others. This is false for
        /// processes that were moved between cgroups with their memory, for pages that KSM merged with those of another
        /// cgroup, and for children of processes in another cgroup that share its pages.
        case chargesFollowProcesses
    }
}

/// The figures that concern all processes of a set together.
struct GroupFigures {
    /// The distinct memory, estimated from samples; `nil` if no samples were taken.
    var distinct: SampledMemory.Distinct?
    /// The parts of ``distinct``; `nil` if they are not known.
    var parts: SampledParts?
    /// Whether the samples were taken in an earlier pass.
    var areSamplesCached = false
    /// Whether all accurate figures belong to the same state of all processes: no process has changed between the
    /// first of the figures and the last.
    var isConsistent = true
}

/// What the bounds and the estimate are computed from.
struct DistinctMemoryInputs {
    let processes: [ProcessMemory]
    /// `stat` of each of them, in the same order; `nil` where it could not be read.
    let stats: [ProcessStat?]
    /// Whether all descendants of the processes are among them, as far as the kernel reports.
    let includesDescendants: Bool
    /// Why processes of the set may be missing among these; the bounds then have no upper end.
    var gaps: Set<ProcessGap> = []
    var group = GroupFigures()
    /// The anonymous memory that the kernel charges to the cgroup of which these are all processes; `nil` if they do not
    /// fill a cgroup, or if the charge is not known.
    var charge: AnonymousCharge?
    /// Whether the address spaces of all processes were compared (`kcmp`), as far as the kernel allows it.
    var areAddressSpacesCompared = true
    let pageSizeBytes: Int
    let features: KernelPageFeatures

    /// Calls a closure for the memory of each process whose memory counts: each address space once, and none without
    /// memory. No figures are copied.
    func forEachHolder(_ body: (borrowing MemoryUsage) -> Void) {
        for index in processes.indices where Self.isHolder(processes[index]) { body(processes[index].usage) }
    }

    /// Those of them whose memory the samples do not contain. A process that could not be sampled may have been read
    /// accurately in the same pass.
    var unsampledHolders: [MemoryUsage] {
        let missing = group.distinct?.missingPIDs ?? []
        return processes.lazy.filter { process in
            Self.isHolder(process)
                && (missing.contains(process.pid)
                    || (!process.usage.source.isSampled && process.usage.pssBytes == nil))
        }.map { $0.usage }
    }

    private static func isHolder(_ process: borrowing ProcessMemory) -> Bool {
        process.sharesMemoryWith == nil && process.usage.mayHoldMemory
    }
}

extension DistinctMemory {
    /// The distinct memory of processes of which none could be read.
    static var unknown: DistinctMemory {
        DistinctMemory(estimate: nil, lower: 0, upper: nil, isProven: false, assumptions: [])
    }

    /// - Parameter baseline: What an earlier snapshot of the same tree bounds this one by; then what this one leaves.
    init(_ inputs: DistinctMemoryInputs, baseline: inout FaultBaseline?) {
        let counters = CounterBounds(inputs, earlier: baseline)
        baseline = counters.baseline
        self.init(inputs, counters)
    }

    /// - Parameter counters: The bounds from the counters of the same inputs.
    init(_ inputs: DistinctMemoryInputs, _ counters: CounterBounds) {
        let shares = ProportionalShares(inputs, isClosed: counters.isClosed)
        let hugetlb = HugetlbPages(inputs)

        var anonymous = counters.anonymous
        if let bounds = shares.anonymousOfClosedSet {
            anonymous.weigh(
                bounds,
                shares.assumptions.union([.noRelativesOutside, .layoutsIdentifyFamilies]),
                centre: bounds
            )
        }
        var total = anonymous + counters.files + hugetlb.evidence
        total.add(shares, hugetlbBytes: hugetlb.evidence.proven.lower)
        // Samples overrule counters that are not proven and that they contradict. Bounds of the counters that the samples
        // do not contradict are kept where they are narrower: more reads must not widen the result.
        let unsampled = inputs.unsampledHolders
        let sampled = SampleEvidence(
            inputs,
            isClosed: counters.isClosed,
            exactAnonymous: shares.anonymousOfClosedSet,
            unsampledBytes: unsampled.compactMap(\.rssBytes).saturatingSum ?? 0
        )
        if let sampled {
            let hugetlbBounds = hugetlb.evidence.narrowest.bounds
            var bounds = sampled.bounds + hugetlbBounds
            var assumptions = sampled.assumptions
            bounds.lower = max(0, bounds.lower - inputs.bytesCountedTwicePossibly)
            let shareBytes = shares.sumBytes.saturatingAdding(hugetlb.evidence.proven.lower)
            if shareBytes > bounds.lower, shareBytes <= bounds.upper {
                bounds.lower = shareBytes
                assumptions.formUnion(shares.assumptions)
            }
            total.weigh(bounds, assumptions, centre: sampled.centre + hugetlbBounds)
        }

        // The charge counts each anonymous page once. It is no bound: a page stays charged to the cgroup in which a process
        // first touched it. It is used where no bound contradicts it.
        let charged = inputs.charge?.bytes(within: anonymous.narrowest.bounds)
        let (bounds, assumptions) = total.narrowest
        var isKnown = true
        inputs.forEachHolder { isKnown = isKnown && $0.rssBytes != nil }
        var likely: Int?
        if let sampled, unsampled.isEmpty {
            likely = Int(saturating: sampled.likely.rounded()).saturatingAdding(hugetlb.likelyBytes)
            // Samples without frame numbers may not show which pages are the same.
            if let charge = inputs.charge, let charged,
                Double(sampled.bounds.width - sampled.widthOfSamplingError) > sampled.likely / 10
            {
                let fileBytes = inputs.group.parts.map { Int(saturating: $0.files.likely.rounded()) }
                let others = (fileBytes ?? counters.likelyFileBytes).saturatingAdding(hugetlb.likelyBytes)
                let pages = AnonymousCharge(bytes: charged.saturatingAdding(others), lagBytes: charge.lagBytes)
                likely = pages.bytes(within: bounds) ?? likely
            }
        } else if let anonymousBytes = shares.likelyAnonymousOfClosedSet ?? charged ?? counters.likelyAnonymousBytes {
            let pages = anonymousBytes.saturatingAdding(max(counters.likelyFileBytes, shares.fileSumBytes))
            likely = max(pages, shares.sumBytes).saturatingAdding(hugetlb.likelyBytes)
        }
        // A list that was cut short says nothing of the rest; one that may lack hidden processes is of the visible ones.
        let isCutShort = !inputs.gaps.isDisjoint(with: [.timeLimit, .countLimit])
        let hasUpper = isKnown && inputs.gaps.isEmpty && bounds.upper < .max
        estimate = isKnown && !isCutShort ? likely.map { bounds.clamp($0) } : nil
        lower = bounds.lower
        upper = hasUpper ? bounds.upper : nil
        isProven = hasUpper && assumptions.isEmpty && !total.isContradictory
        self.assumptions = assumptions.union(total.isContradictory ? [.nothingChanged] : [])
    }
}

extension BoundsEvidence {
    /// Adds the sum of PSS, which is a lower bound.
    fileprivate mutating func add(_ shares: ProportionalShares, hugetlbBytes: Int) {
        let lower = shares.certainSumBytes.saturatingAdding(hugetlbBytes)
        if shares.kernelAssumptions.isEmpty {
            prove(ByteBounds(lower: lower, upper: .max))
        } else {
            raise(to: lower, shares.kernelAssumptions)
            // Bounds from faults that are below the sum of PSS lack faults.
            if lower > narrowest.bounds.upper, lower <= proven.upper {
                assume(ByteBounds(lower: lower, upper: proven.upper), shares.kernelAssumptions)
            }
        }
        raise(to: shares.sumBytes.saturatingAdding(hugetlbBytes), shares.assumptions)
    }

    /// Raises the lower bound, where the new one does not contradict the upper bound.
    private mutating func raise(to lower: Int, _ reasons: Set<DistinctMemory.Assumption>) {
        let (bounds, assumptions) = narrowest
        guard lower > bounds.lower, lower <= bounds.upper else { return }
        assume(ByteBounds(lower: lower, upper: bounds.upper), assumptions.union(reasons))
    }
}

extension DistinctMemoryInputs {
    /// The USS of sampled processes that may share the address space of another one: each of them has all of it. Some of
    /// them may have been read accurately too.
    fileprivate var bytesCountedTwicePossibly: Int {
        let missing = group.distinct?.missingPIDs ?? []
        return processes.filter { $0.mayShareMemoryWith != nil && !missing.contains($0.pid) }
            .compactMap(\.usage.ussBytes).saturatingSum ?? 0
    }

    /// Returns the width of the bounds that accurate reads of all processes are likely to give: that of files and shared
    /// memory, by counters or by samples, because the sum of PSS contains only the share of the set. Returns `nil` if the set is not closed, so that
    /// accurate reads do not lower the upper bound.
    func widthIfAllAreRead(_ counters: CounterBounds) -> Int? {
        guard counters.isClosed else { return nil }
        let ofCounters = max(0, counters.files.narrowest.bounds.upper - counters.likelyFileBytes)
        return group.parts.map { min(ofCounters, $0.files.width) } ?? ofCounters
    }

    /// Returns the members of which accurate reads would show the memory of all; `nil` if samples leave nothing open, or
    /// the set is not closed.
    func drawnMembers(_ counters: CounterBounds) -> DrawnMembers? {
        guard group.parts?.shares.isEmpty == false else { return nil }
        return DrawnMembers(self, isClosed: counters.isClosed)
    }

    /// Returns the part of the distance between the bounds that more samples would make smaller.
    func widthOfSamplingError(_ counters: CounterBounds) -> Int {
        guard group.distinct != nil else { return 0 }
        return SampleEvidence(
            self,
            isClosed: counters.isClosed,
            exactAnonymous: ProportionalShares(self, isClosed: counters.isClosed).anonymousOfClosedSet,
            unsampledBytes: 0
        )?.widthOfSamplingError ?? 0
    }
}

extension DistinctMemory: Encodable {
    /// Encodes the bounds under `lower` and `upper`, whether they are proven under `proven`, and the assumptions otherwise.
    public func encode(to encoder: any Encoder) throws {
        var names = encoder.names
        try names.encode(estimate, forKey: "estimate")
        try names.encode(lower, forKey: "lower")
        try names.encode(upper, forKey: "upper")
        try names.encode(isProven, forKey: "proven")
        try names.encode(assumptions.map(\.rawValue).sorted(), forKey: "assumptions")
    }
}

/// The pages of hugetlbfs that processes map, which RSS and PSS leave out.
private struct HugetlbPages {
    let evidence: BoundsEvidence
    let likelyBytes: Int

    init(_ inputs: DistinctMemoryInputs) {
        let systemBytes = inputs.features.systemMemory?.hugetlbBytes
        var (holderCount, walkedCount) = (0, 0)
        var (largestOwn, largestShared) = (0, 0)
        var (all, shared) = (KnownSum(), KnownSum())
        inputs.forEachHolder { usage in
            holderCount += 1
            if usage.source.readsPageTables { walkedCount += 1 }
            all.add(usage.hugetlbBytes)
            shared.add(usage.sharedHugetlbBytes)
            largestShared = max(largestShared, usage.sharedHugetlbBytes ?? 0)
            largestOwn = max(largestOwn, (usage.hugetlbBytes ?? 0) - (usage.sharedHugetlbBytes ?? 0))
        }
        let sum = all.value ?? 0
        let own = max(0, sum - (shared.value ?? 0))
        // Before Linux 6.2, pages below a page table that processes share (PMD sharing) count as private in each of them.
        let certainOwn = inputs.features.isPrivateHugetlbExact ? own : largestOwn
        var evidence = BoundsEvidence()
        if all.count == holderCount {
            // `smaps_rollup` walks the page tables. The counter in `status` lacks the pages to which a process got access
            // by sharing a page table.
            let areAllWalked = walkedCount == holderCount
            // A process may map one of these pages twice: of the shared ones at least one page exists.
            evidence.prove(ByteBounds(lower: certainOwn, upper: areAllWalked ? sum : .max))
            evidence.prove(ByteBounds(lower: 0, upper: systemBytes ?? .max))
            evidence.assume(ByteBounds(lower: own, upper: sum), [.hugetlbIsCounted])
        } else if let systemBytes {
            // The pages of those that are known, and up to all of the system's.
            evidence.prove(ByteBounds(lower: certainOwn, upper: .max))
            evidence.prove(ByteBounds(lower: 0, upper: systemBytes))
        } else {
            evidence.assume(ByteBounds(lower: 0, upper: 0), [.hugetlbIsCounted])
        }
        self.evidence = evidence
        let isKnown = all.count == holderCount || systemBytes != nil
        likelyBytes = isKnown ? evidence.narrowest.bounds.clamp(own.saturatingAdding(largestShared)) : 0
    }
}
