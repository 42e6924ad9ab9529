import ProcMem

extension MemorySnapshot {
    /// Returns whether the bounds of the distinct memory are proven and, if they are not, why: `proven`, or `not proven:
    /// huge pages, samples`. Each element is a part of the sentence.
    ///
    /// - Parameters:
    ///   - count: The largest number of reasons. The most important ones come first.
    ///   - end: The punctuation behind the last part.
    func proof(reasons count: Int, endingIn end: String) -> [String] {
        guard !total.distinctBytes.isProven else { return ["proven\(end)"] }
        let reasons = unprovenReasons.prefix(count)
        guard let last = reasons.last else { return ["not proven\(end)"] }
        var parts = reasons.dropLast().map { "\($0)," } + ["\(last)\(end)"]
        parts[0] = "not proven: \(parts[0])"
        return parts
    }

    /// The reasons why the bounds of the distinct memory are not proven, the most important first.
    var unprovenReasons: [String] {
        let unreadable = processes.count { process in
            process.usage.rssBytes == nil && process.sharesMemoryWith == nil
                && process.usage.unavailable?.isFailure == true
        }
        var reasons: [String] = []
        if unreadable > 0 {
            reasons.append("\(unreadable.counted("process", "processes")) unreadable")
        } else if processes.isEmpty, !gaps.isEmpty {
            reasons.append("no process was read")
        }
        return reasons + total.distinctBytes.assumptions.sorted { $0.rank < $1.rank }.map(\.phrase)
    }

    /// The pages of hugetlbfs that the processes map: a size, or a range if processes may map the same pages. `nil` if
    /// there are none, or if they are not known.
    var hugetlbText: String? {
        let sizes = processes.filter { $0.sharesMemoryWith == nil }.compactMap(\.usage.hugetlbBytes)
        guard let largest = sizes.max(), largest > 0 else { return nil }
        return Int.range(estimate: nil, lower: largest, upper: hugetlbBytes)
    }

    private var hugetlbBytes: Int {
        processes.filter { $0.sharesMemoryWith == nil }.compactMap(\.usage.hugetlbBytes).reduce(0) { $0 + $1 }
    }

    /// The processes' share of the distinct memory, and why it is smaller; `nil` unless the share is known and smaller by
    /// more than a few per cent.
    var share: (pssBytes: Int, cause: String)? {
        let distinct = total.distinctBytes
        let counted = processes.filter { $0.sharesMemoryWith == nil }
        guard let pssBytes = total.pssBytes, pssBytes > 0,
            counted.allSatisfy({ $0.usage.pssBytes != nil || $0.usage.rssBytes == nil })
        else { return nil }
        // PSS does not include pages of hugetlbfs.
        let likely = (distinct.estimate ?? distinct.lower) - hugetlbBytes
        guard Double(likely) > 1.05 * Double(pssBytes) else { return nil }
        // The kernel rounds each PSS down to whole KiB.
        let isCertain = distinct.lower - hugetlbBytes > pssBytes + 1024 * counted.count
        return (pssBytes, "processes outside \(isCertain ? "map" : "may map") the same pages")
    }
}

extension DistinctMemory.Assumption {
    /// The place of the assumption in the order of importance: the first changes the bounds most.
    fileprivate var rank: Int {
        switch self {
        case .samplesAreRepresentative: 0
        case .noMergedPages: 1
        case .noHugePages: 2
        case .faultsAreComplete: 3
        case .noRelativesOutside: 4
        case .layoutsIdentifyFamilies: 5
        case .nothingChanged: 6
        case .pssIsExact: 7
        case .statmIsExact: 8
        case .hugetlbIsCounted: 9
        case .addressSpacesAreSeparate: 10
        case .chargesFollowProcesses: 11
        }
    }

    /// What the assumption leaves open, in a few words.
    fileprivate var phrase: String {
        switch self {
        case .samplesAreRepresentative: "samples"
        case .noMergedPages: "KSM merges pages"
        case .noHugePages: "huge pages"
        case .faultsAreComplete: "page faults may be missing"
        case .noRelativesOutside: "forked processes may be outside"
        case .layoutsIdentifyFamilies: "forks are inferred from addresses"
        case .nothingChanged: "processes may have changed"
        case .pssIsExact: "PSS may be an average"
        case .statmIsExact: "statm is not exact before Linux 6.16"
        case .hugetlbIsCounted: "pages of hugetlbfs may be missing"
        case .addressSpacesAreSeparate: "processes may share an address space"
        case .chargesFollowProcesses: "memory may be charged to another cgroup"
        }
    }
}
