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

    /// The weighted numbers of the pages that were found in one process.
    private struct OfProcess {
        var held = 0.0
        var shared = 0.0
        var left = 0.0
        var alone = 0.0
        var common = 0.0
    }

    private let relations: [SampledProcess]
    private let memberCount: Int
    private var processes: [Int: OfProcess] = [:]

    init(_ relations: [SampledProcess], memberCount: Int) {
        self.relations = relations
        self.memberCount = memberCount
    }

    mutating func add(_ weight: Double, _ window: WindowCounts, _ counts: WindowCounts.OfFamily) {
        for pages in counts.unexplained {
            processes[pages.process, default: OfProcess()].left += weight * Double(pages.left)
            processes[pages.process, default: OfProcess()].alone += weight * Double(pages.alone)
            processes[pages.process, default: OfProcess()].common += weight * Double(pages.common)
        }
        for pages in window.processes where relations[pages.process].family == counts.family {
            processes[pages.process, default: OfProcess()].held += weight * Double(pages.anonymous)
            processes[pages.process, default: OfProcess()].shared +=
                weight * Double(pages.anonymous - pages.exclusiveAnonymous)
        }
    }

    /// Returns the figure of each process, scaled.
    private func scaled(_ figure: KeyPath<OfProcess, Double>) -> [Int: Double] {
        processes.reduce(into: [:]) { figures, found in
            let (process, pages) = found
            guard pages.held > 0 else { return }
            figures[process] = pages[keyPath: figure] / pages.held * Double(relations[process].anonymousCount)
        }
    }

    /// A lower bound of the distinct shared pages. A page has at most one mapping in each member, and the pages of one
    /// member are distinct.
    var lowerOfShared: Double {
        let shared = scaled(\.shared).values
        return max(shared.reduce(0, +) / Double(max(1, memberCount)), shared.max() ?? 0)
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
        let shared = scaled(\.shared)
        var most = 0.0
        for (process, pages) in alone where pages > 0 {
            var ofAncestors = 0.0
            var last = process
            while let next = relations[last].parent {
                ofAncestors += shared[next] ?? 0
                last = next
            }
            most = max(most, pages - ofAncestors)
        }
        resolution.alone = min(1, most / aloneSum)
        resolution.apart = left + min(most, aloneSum)
        return resolution
    }
}
