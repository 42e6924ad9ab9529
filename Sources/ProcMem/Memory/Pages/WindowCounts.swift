/// What was found in one window, page by page.
struct WindowCounts: Sendable {
    /// What a process has of the window, in pages.
    struct OfProcess: Sendable {
        let process: Int
        var anonymous = 0
        var exclusiveAnonymous = 0
        var ofFiles = 0
        var exclusiveOfFiles = 0
    }

    /// What a family has of it: anonymous pages, each counted once.
    struct OfFamily: Sendable {
        let family: Int
        /// Counted once for each process.
        var held = 0
        /// Of them those that nobody else maps.
        var exclusive = 0
        /// Those that others map as well, each counted once: as many as is likely, and bounds.
        var shared = 0
        var sharedLower = 0
        var sharedUpper = 0
        /// Exclusive pages of processes that may have forked.
        var exclusiveOfForkers = 0
        /// Pages that a process is likely to have brought itself and that its children have too.
        var made: [(process: Int, count: Int)] = []

        var distinct: Int { exclusive + shared }
    }

    private(set) var processes: [OfProcess] = []
    private(set) var families: [OfFamily] = []
    /// Pages of files, each counted once.
    private(set) var distinctOfFiles = 0
    /// Counted once for each process.
    private(set) var heldOfFiles = 0

    /// - Parameters:
    ///   - window: Its holders, those of one process together.
    ///   - families: Counts the pages of a family.
    init(_ window: SampleGroup.Window, _ families: inout FamilyPages) {
        var filePlaces: Set<Int> = []
        for holder in window.holders {
            if processes.last?.process != holder.process { processes.append(OfProcess(process: holder.process)) }
            let last = processes.count - 1
            if holder.entry.isOfFile {
                processes[last].ofFiles += 1
                if holder.entry.isExclusive { processes[last].exclusiveOfFiles += 1 }
                heldOfFiles += 1
                filePlaces.insert(holder.place)
            } else {
                processes[last].anonymous += 1
                if holder.entry.isExclusive { processes[last].exclusiveAnonymous += 1 }
            }
        }
        distinctOfFiles = filePlaces.count
        self.families = families.counts(of: window)
    }
}
