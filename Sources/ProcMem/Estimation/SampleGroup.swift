/// The pages that several processes may map, and the samples of which processes map them.
struct SampleGroup: Sendable {
    /// A process that maps a page.
    struct Holder: Sendable {
        let process: Int
        /// The page's index in the window.
        let pageOffset: Int
        let entry: PageEntry
    }

    /// A block of pages that is read in the processes that map it: in all, or in all but some of the leaves.
    struct Window: Sendable {
        let pages: Range<Int>
        /// The number of processes that map the window.
        var mappers = 0
        /// The number of leaves that map the window; 0 if every process that maps it reads it.
        var leaves = 0
        /// The number of leaves that have read it.
        var readLeaves = 0
        var holders: [Holder] = []

        /// The number of leaves that each leaf stands for that has read the window.
        var leafExpansion: Double {
            leaves > readLeaves && readLeaves > 0 ? Double(leaves) / Double(readLeaves) : 1
        }
    }

    let plan: SamplePlan
    /// The windows: one for each span of the plan, in its order.
    private(set) var windows: [Window] = []
    /// The indices of the windows, in ascending order of their pages.
    private let ascending: [Int]
    /// For each group of spans with several slots, the position of its leaves in ``order``.
    private var orderStarts: [Int: Int] = [:]
    /// The numbers of the leaves in random order, for one group of spans after the other.
    private var order: [Int32] = []

    /// - Parameters:
    ///   - plan: The blocks to read.
    ///   - leafCount: The number of processes of which each reads one block of each group.
    ///   - generator: The source of random numbers.
    init(_ plan: SamplePlan, leafCount: Int = 0, generator: SampleGenerator = SampleGenerator(seed: 0)) {
        self.plan = plan
        let windows = plan.spans.map { [plan] span in
            Window(pages: plan.pages(of: span), mappers: span.mappers, leaves: span.rotation > 1 ? span.leaves : 0)
        }
        ascending = windows.indices.sorted { windows[$0].pages.lowerBound < windows[$1].pages.lowerBound }
        self.windows = windows
        var generator = generator
        var leaves = (0..<leafCount).map { Int32($0) }
        for span in plan.spans where span.rotation > 1 && span.slot == 0 {
            leaves.shuffle(using: &generator)
            orderStarts[span.group] = order.count
            order += leaves
        }
    }

    mutating func add(_ holder: Holder, toWindow index: Int) { windows[index].holders.append(holder) }

    mutating func addLeaf(toWindow index: Int) { windows[index].readLeaves += 1 }

    /// Removes the samples of some processes.
    mutating func removeHolders(_ processes: Set<Int>) {
        for index in windows.indices { windows[index].holders.removeAll { processes.contains($0.process) } }
    }

    /// Whether a leaf reads a window: each leaf reads one window of each group.
    private func reads(_ window: Int, _ leafRank: Int) -> Bool {
        let span = plan.spans[window]
        guard span.rotation > 1, let start = orderStarts[span.group] else { return true }
        return Int(order[start + leafRank]) % span.rotation == span.slot
    }

    /// Calls a closure for each part of a process's segments that lies in a window, with its offset in the window.
    ///
    /// - Parameter leafRank: The index of the process among the leaves; `nil` if it reads all windows.
    func forEachPart(
        of segments: [PageSegment],
        leafRank: Int? = nil,
        _ body: (_ window: Int, _ pageOffset: Int, _ part: PageSegment) throws(FileReadError) -> Void
    ) throws(FileReadError) {
        for segment in segments {
            var index = ascending.partitioningIndex { windows[$0].pages.upperBound > segment.pages.lowerBound }
            while index < ascending.count {
                let window = windows[ascending[index]].pages
                guard window.lowerBound < segment.pages.upperBound else { break }
                defer { index += 1 }
                if let leafRank, !reads(ascending[index], leafRank) { continue }
                let pages = window.clamped(to: segment.pages)
                let part = PageSegment(
                    pages: pages,
                    firstPage: segment.firstPage + (pages.lowerBound - segment.pages.lowerBound),
                    contents: segment.contents
                )
                try body(ascending[index], pages.lowerBound - window.lowerBound, part)
            }
        }
    }
}
