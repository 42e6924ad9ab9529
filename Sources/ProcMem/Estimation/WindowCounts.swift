/// The numbers of pages that were found in one window.
struct WindowCounts: Sendable {
    /// The numbers of pages that one process maps in the window.
    struct OfProcess: Sendable {
        let process: Int
        var anonymous = 0
        var exclusiveAnonymous = 0
        var ofFiles = 0
        var exclusiveOfFiles = 0
    }

    /// The shared pages of a process that no ancestor of it shares at the same address.
    struct Unexplained: Sendable {
        let process: Int
        /// The pages that no other process maps at the address, and that the process may have faulted in itself.
        var left = 0
        /// The pages that no other process maps at the address, and that the process inherited.
        var alone = 0
        /// The pages that other processes share at the address as well.
        var common = 0

        var pageCount: Int { left + alone + common }
    }

    /// The part of the shared pages that one leaf adds, in a window that some of the leaves have read.
    struct DependentPages: Sendable {
        let process: Int
        /// The number of pages, in the unit of the leaf's exclusive pages: each of these counts once for each leaf that
        /// the leaf stands for.
        var pages = 0.0
    }

    /// The numbers of anonymous pages that one family maps in the window.
    struct OfFamily: Sendable {
        let family: Int
        /// The pages of all members; a page is counted once for each process that maps it.
        var held = 0
        /// The pages that only one process maps.
        var exclusive = 0
        /// The likely number of distinct pages that several processes map. A page that is mapped at several addresses
        /// counts in parts.
        var shared = 0.0
        /// The lower bound of ``shared``.
        var sharedLower = 0.0
        /// The upper bound of ``shared``.
        var sharedUpper = 0.0
        /// The exclusive pages of processes that may have forked.
        var exclusiveOfForkers = 0
        /// The pages that a process is likely to have faulted in itself and that its children map as well.
        var createdPages: [(process: Int, count: Int)] = []
        /// The part of ``held`` that belongs to leaves.
        var heldByLeaves = 0
        /// The part of ``exclusive`` that belongs to leaves.
        var exclusiveOfLeaves = 0
        /// The number of times that leaves share the pages of ``sharedUpper``, without those that frame numbers identify.
        var sharersAmongLeaves = 0
        /// The number of leaves that each leaf stands for.
        var leafExpansion = 1.0
        /// The shared pages that would not have been found, or would count less, without one leaf, by process: see
        /// ``DependentPages``.
        var dependent: [DependentPages] = []
        /// Whether ``sharedUpper`` relies on all processes that share the pages being in the set.
        var reliesOnClosedSet = false
        /// Whether the relations of the processes decide which of them share a page.
        var reliesOnRelations = false
        /// The shared pages that no ancestor explains, by process.
        var unexplained: [Unexplained] = []
        /// The parts of ``shared`` and ``sharedLower`` that no ancestor explains: see ``Unexplained``.
        var left = 0
        var alone = 0
        var common = 0
        var unexplainedLower = 0

        var distinct: Double { Double(exclusive) + shared }
        /// The pages of all members, including those of leaves that did not read the window.
        var expandedHeld: Double { Double(held) + (leafExpansion - 1) * Double(heldByLeaves) }
        /// The exclusive pages of all members, including those of leaves that did not read the window.
        var expandedExclusive: Double { Double(exclusive) + (leafExpansion - 1) * Double(exclusiveOfLeaves) }
        /// The upper bound of the shared pages, including those of leaves that did not read the window.
        var expandedSharedUpper: Double { sharedUpper + (leafExpansion - 1) * Double(sharersAmongLeaves) / 2 }
    }

    private(set) var processes: [OfProcess] = []
    private(set) var families: [OfFamily] = []
    /// The number of distinct pages of files.
    private(set) var distinctOfFiles = 0
    /// The number of pages of files, each counted once for each process that maps it, including the leaves that did not
    /// read the window.
    private(set) var heldOfFiles = 0.0

    /// - Parameters:
    ///   - window: The window. The entries of one process must be consecutive.
    ///   - families: The resolver, which counts the pages of a family.
    init(_ window: SampleGroup.Window, _ families: inout SharedPageResolver) {
        var fileOffsets: Set<Int> = []
        for holder in window.holders {
            if processes.last?.process != holder.process { processes.append(OfProcess(process: holder.process)) }
            let last = processes.count - 1
            if holder.entry.isOfFile {
                processes[last].ofFiles += 1
                if holder.entry.isExclusive { processes[last].exclusiveOfFiles += 1 }
                heldOfFiles += families.isParent[holder.process] ? 1 : window.leafExpansion
                fileOffsets.insert(holder.pageOffset)
            } else {
                processes[last].anonymous += 1
                if holder.entry.isExclusive { processes[last].exclusiveAnonymous += 1 }
            }
        }
        distinctOfFiles = fileOffsets.count
        self.families = families.counts(of: window)
    }
}
