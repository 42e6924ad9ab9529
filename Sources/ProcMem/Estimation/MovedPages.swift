/// The shared pages of a family that no ancestor explains, because the kernel has moved memory to other addresses
/// (`mremap`), or because the ancestor has rewritten its page or given it up.
///
/// All figures are pages, scaled to the number of pages of each process in `statm`.
struct MovedPages {
    /// What the pages are taken for.
    struct Resolution {
        /// The fraction of the pages that some descendants share at one address that is not counted elsewhere.
        var common = 1.0
        /// The fraction of the pages that one descendant has alone at an address that is not counted elsewhere.
        var alone = 1.0
        /// The pages that only one process maps at their address, and that are not counted elsewhere; `nil` if the
        /// relations of the processes do not show it. Each process has its own share of the samples, so the figure is
        /// more exact than that from all samples together.
        var apart: Double?
    }

    /// The pages that were found in one process.
    private struct OfProcess {
        let samples: SampleEstimator.SharedPages
        // Weighted numbers, not yet scaled.
        var left = 0.0
        var alone = 0.0
        var common = 0.0
    }

    private let relations: [SampledProcess]
    private let memberCount: Int
    private var processes: [Int: OfProcess] = [:]

    /// - Parameters:
    ///   - members: The members that were read.
    ///   - shared: Returns the shared anonymous pages of a member; `nil` if no sample found a page of it.
    init(_ relations: [SampledProcess], members: [Int], shared: (Int) -> SampleEstimator.SharedPages?) {
        self.relations = relations
        memberCount = members.count
        for member in members { processes[member] = shared(member).map { OfProcess(samples: $0) } }
    }

    /// Adds the pages of a window.
    ///
    /// - Parameter weight: The number of blocks for which the window stands in the process: a leaf that reads one window
    ///   of a group has all the weight of the group there.
    mutating func add(_ pages: WindowCounts.Unexplained, weight: Double) {
        processes[pages.process]?.left += weight * Double(pages.left)
        processes[pages.process]?.alone += weight * Double(pages.alone)
        processes[pages.process]?.common += weight * Double(pages.common)
    }

    /// Returns the figure of each process, scaled.
    private func scaled(_ figure: KeyPath<OfProcess, Double>) -> [Int: Double] {
        processes.mapValues { $0[keyPath: figure] * $0.samples.scale }
    }

    /// A lower bound of the distinct shared pages. A page has at most one mapping in each member, and the pages of one
    /// member are distinct.
    ///
    /// Each figure is reduced by its error first: the largest of many figures is large by chance. One of *n* figures is
    /// too large by √(2 ln 20*n*) standard errors in at most one of 20 cases. The logarithm is rounded up.
    var lowerOfShared: Double {
        let bits = Int.bitWidth - processes.count.saturatingMultiplied(by: 20).leadingZeroBitCount
        let errors = (2 * 0.6932 * Double(bits)).squareRoot()
        var (sum, largest) = (0.0, 0.0)
        for process in processes.values {
            sum += max(0, process.samples.pages - 2 * process.samples.standardError)
            largest = max(largest, process.samples.pages - errors * process.samples.standardError)
        }
        return max(sum / Double(max(1, memberCount)), largest)
    }

    /// Returns what the pages are likely to be, in a family of which all members were read.
    ///
    /// A shared page that only one member maps at its address is mapped by another member at another address. Those that
    /// the founders have left behind are the same as those that their descendants have elsewhere. Those that a
    /// descendant has alone are pages of an ancestor, as far as that has as many.
    func resolved() -> Resolution {
        var resolution = Resolution()
        let left = scaled(\.left).values.reduce(0, +)
        let common = scaled(\.common).values
        let commonSum = common.reduce(0, +)
        if left > 0, commonSum > 0 { resolution.common = 1 - common.reduce(0) { $0 + min($1, left) } / commonSum }
        let alone = scaled(\.alone)
        let aloneSum = alone.values.reduce(0, +)
        resolution.apart = left
        guard aloneSum > 0 else { return resolution }
        var most = 0.0
        for (process, pages) in alone where pages > 0 {
            var ofAncestors = 0.0
            var last = process
            while let next = relations[last].parent {
                ofAncestors += processes[next]?.samples.pages ?? 0
                last = next
            }
            most = max(most, pages - ofAncestors)
        }
        resolution.alone = min(1, most / aloneSum)
        resolution.apart = left + min(most, aloneSum)
        return resolution
    }
}
