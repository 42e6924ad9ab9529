/// The anonymous memory of one process, estimated from samples, in bytes.
struct MemberShare: Sendable, Hashable {
    /// The pages that only this process maps.
    var exclusiveBytes: Double
    /// The pages that it shares, each divided by the number of processes of its family that share a page at its address.
    ///
    /// This is at most the process's share of them: several pages may be at one address in different processes, but each
    /// page has a mapping in every process that shares it.
    var sharedPartBytes: Double
}

/// What samples show of the parts of a set's memory.
struct SampledParts: Sendable {
    /// The pages of files and of shared memory, in bytes.
    let files: SampledMemory.Distinct
    /// The anonymous memory of each process, by pid; empty unless the estimate of the samples is ambiguous.
    let shares: [Int32: MemberShare]
}

extension SampledMemory.Distinct {
    /// Whether the samples leave open how many different pages the processes share at one address.
    var isAmbiguous: Bool { upper - lower > likely / 8 }
}

extension SampleEstimator {
    /// Returns the anonymous memory of each process; `nil` for a process that was not sampled.
    func memberShares() -> [MemberShare?] {
        var sums = Array(repeating: MemberSums(), count: sampling.processes.count)
        for (family, group) in sampling.families.enumerated() {
            for (span, window) in group.windows.enumerated() {
                let planned = group.plan.spans[span]
                let pages = planned.samplePageCount
                add(
                    window,
                    to: &sums,
                    weight: familySums[family].weight(of: span, blockPages: pages),
                    leafWeight: leafSums[family].weight(of: planned.group, blockPages: pages)
                )
            }
        }
        for (span, window) in sampling.files.windows.enumerated() {
            let pages = sampling.files.plan.spans[span].samplePageCount
            let weight = fileSums.weight(of: span, blockPages: pages)
            add(window, to: &sums, weight: weight, leafWeight: weight)
        }
        let pageSizeBytes = Double(sampling.root.pageSizeBytes)
        return sampling.processes.indices.map { index in
            let process = sampling.processes[index]
            guard process.unavailableReason == nil else { return nil }
            let isWhole = sampling.families[process.family].plan.isComplete && sampling.files.plan.isComplete
            func scaled(_ counted: Double) -> Double {
                var part = ScaledPart(
                    statm: Double(process.anonymousCount),
                    isWhole: isWhole,
                    mayHoldZeros: process.mayHoldZeros
                )
                part.add(1, held: sums[index].held, counted: counted)
                return (part.total + part.unseen / 2) * pageSizeBytes
            }
            return MemberShare(
                exclusiveBytes: scaled(sums[index].exclusive),
                sharedPartBytes: scaled(sums[index].sharedPart)
            )
        }
    }

    /// The weighted numbers of the anonymous pages that were found in one process.
    private struct MemberSums {
        var held = 0.0
        var exclusive = 0.0
        var sharedPart = 0.0
    }

    private func add(
        _ window: SampleGroup.Window,
        to sums: inout [MemberSums],
        weight: Double,
        leafWeight: Double
    ) {
        let pageCount = window.pages.count
        // The processes of a window are of one family, as a rule.
        var sharers: [Int: [Double]] = [:]
        for holder in window.holders where !holder.entry.isOfFile && !holder.entry.isExclusive {
            let family = sampling.processes[holder.process].family
            let expansion = sampling.leafRanks[holder.process] != nil ? window.leafExpansion : 1
            sharers[family, default: Array(repeating: 0, count: pageCount)][holder.pageOffset] += expansion
        }
        for holder in window.holders where !holder.entry.isOfFile {
            let process = holder.process
            let weight = sampling.leafRanks[process] != nil ? leafWeight : weight
            sums[process].held += weight
            if holder.entry.isExclusive {
                sums[process].exclusive += weight
            } else if let count = sharers[sampling.processes[process].family]?[holder.pageOffset] {
                sums[process].sharedPart += weight / max(1, count)
            }
        }
    }
}
