/// The pages that several processes may map, and the samples of which processes map them.
struct SampleGroup: Sendable {
    /// A process that maps a page.
    struct Holder: Sendable {
        // There are up to 1,024 of these for each process at 64 reads.
        private let process32: Int32
        private let pageOffset32: Int32
        let entry: PageEntry

        var process: Int { Int(process32) }
        /// The page's index in the window.
        var pageOffset: Int { Int(pageOffset32) }

        init(process: Int, pageOffset: Int, entry: PageEntry) {
            process32 = Int32(clamping: process)
            pageOffset32 = Int32(clamping: pageOffset)
            self.entry = entry
        }
    }

    /// A block of pages that is read in the processes that map it: in all, or in all but some of the leaves.
    struct Window: Sendable {
        let pages: Range<Int>
        /// The number of members that map the window, and were read.
        var mappers = 0
        /// The number of leaves among them; 0 if every process that maps the window reads it.
        var leaves = 0
        /// The number of leaves that have read it.
        var readLeaves = 0
        var holders: [Holder] = []

        /// The number of leaves that each leaf stands for that has read the window.
        var leafExpansion: Double {
            leaves > readLeaves && readLeaves > 0 ? Double(leaves) / Double(readLeaves) : 1
        }
    }

    /// The windows of one stratum, in ascending order, of which a leaf reads one in each group.
    private struct DividedWindows {
        let indices: Range<Int>
        let rotation: Int
        let firstGroup: Int
    }

    /// A permutation of numbers by a formula: a factor that has no divisor in common with their count, and an offset.
    private struct Permutation {
        private let factor: Int
        private let offset: Int

        init(of count: Int, _ generator: inout SampleGenerator) {
            var factor = 1
            repeat { factor = generator.next(in: 1..<max(2, count)) } while Self.commonDivisor(factor, count) > 1
            self.factor = factor
            offset = generator.next(in: 0..<max(1, count))
        }

        func position(of number: Int, among count: Int) -> Int { (number * factor + offset) % count }

        private static func commonDivisor(_ first: Int, _ second: Int) -> Int {
            var (first, second) = (first, second)
            while second != 0 { (first, second) = (second, first % second) }
            return first
        }
    }

    let plan: SamplePlan
    /// The windows: one for each span of the plan, in its order.
    private(set) var windows: [Window]
    /// The indices of the windows, in ascending order of their pages.
    private let ascending: [Int]
    /// The indices of the windows that every process reads that maps them, in ascending order of their pages.
    private let undivided: [Int]
    private let divided: [DividedWindows]
    /// The numbers of the leaves in random order.
    private let order: [Int]
    /// For each group of spans, how its leaves are distributed.
    ///
    /// A permutation of its own for each group would need memory in proportion to groups times leaves. Each group takes
    /// the one of ``order`` and permutes it once more by a formula.
    private let permutations: [Permutation?]

    /// - Parameters:
    ///   - plan: The blocks to read.
    ///   - leafCount: The number of processes of which each reads one block of each group.
    ///   - generator: The source of random numbers.
    init(_ plan: SamplePlan, leafCount: Int = 0, generator: SampleGenerator = SampleGenerator(seed: 0)) {
        self.plan = plan
        let spans = plan.spans
        let windows = spans.map { Window(pages: plan.pages(of: $0)) }
        ascending = windows.indices.sorted { windows[$0].pages.lowerBound < windows[$1].pages.lowerBound }
        undivided = ascending.filter { spans[$0].rotation == 1 }
        self.windows = windows
        var generator = generator
        order = (0..<leafCount).shuffled(using: &generator)
        var permutations: [Permutation?] = []
        var divided: [DividedWindows] = []
        var start = 0
        for (index, span) in spans.enumerated() {
            if span.slot == 0 {
                permutations.append(span.rotation > 1 ? Permutation(of: leafCount, &generator) : nil)
            }
            guard index + 1 == spans.count || spans[index + 1].stratum != span.stratum else { continue }
            if span.rotation > 1 {
                divided.append(
                    DividedWindows(
                        indices: start..<index + 1,
                        rotation: span.rotation,
                        firstGroup: spans[start].group
                    )
                )
            }
            start = index + 1
        }
        self.permutations = permutations
        self.divided = divided
    }

    mutating func add(_ holder: Holder, toWindow index: Int) { windows[index].holders.append(holder) }

    /// Removes the samples of some processes.
    mutating func removeHolders(_ processes: Set<Int>) {
        for index in windows.indices { windows[index].holders.removeAll { processes.contains($0.process) } }
    }

    /// Counts the members that map each window, and the leaves that have read it.
    ///
    /// - Parameter members: The segments of each member that was read, in ascending order, and its index among the
    ///   leaves. A member that has exited since its mappings were listed is not among them: the leaves that have read a
    ///   window stand for those that still exist.
    mutating func countMembers(_ members: some Sequence<(segments: [PageSegment], leafRank: Int?)>) {
        // The changes of the numbers from one window to the next, in ascending order of their pages.
        var mappers = Array(repeating: 0, count: windows.count + 1)
        var leaves = mappers
        var readLeaves = Array(repeating: 0, count: windows.count)
        // For each window, the member that was counted last: two segments of one member may lie in one window.
        var lastReader = Array(repeating: -1, count: windows.count)
        for (number, member) in members.enumerated() {
            var end = 0
            for segment in member.segments {
                let range = positions(in: ascending, of: segment.pages)
                let start = max(end, range.lowerBound)
                if start < range.upperBound {
                    mappers[start] += 1
                    mappers[range.upperBound] -= 1
                    if member.leafRank != nil {
                        leaves[start] += 1
                        leaves[range.upperBound] -= 1
                    }
                    end = range.upperBound
                }
                guard let leafRank = member.leafRank else { continue }
                for divided in divided {
                    forEachWindow(of: divided, in: segment.pages, ofLeaf: leafRank) { window in
                        guard lastReader[window] != number else { return }
                        lastReader[window] = number
                        readLeaves[window] += 1
                    }
                }
            }
        }
        var (mapperCount, leafCount) = (0, 0)
        for (position, window) in ascending.enumerated() {
            mapperCount += mappers[position]
            leafCount += leaves[position]
            let isDivided = plan.spans[window].rotation > 1
            windows[window].mappers = mapperCount
            windows[window].leaves = isDivided ? leafCount : 0
            windows[window].readLeaves = isDivided ? readLeaves[window] : 0
        }
    }

    /// Calls a closure for each part of a process's segments that lies in a window, with its offset in the window.
    ///
    /// The time grows with the windows that the process reads, and with its segments times the logarithm of the windows.
    ///
    /// - Parameter leafRank: The index of the process among the leaves; `nil` if it reads all windows.
    func forEachPart(
        of segments: [PageSegment],
        leafRank: Int? = nil,
        _ body: (_ window: Int, _ pageOffset: Int, _ part: PageSegment) throws(FileReadError) -> Void
    ) throws(FileReadError) {
        for segment in segments {
            func visit(_ index: Int) throws(FileReadError) {
                let window = windows[index].pages
                let pages = window.clamped(to: segment.pages)
                let part = PageSegment(
                    pages: pages,
                    firstPage: segment.firstPage + (pages.lowerBound - segment.pages.lowerBound),
                    contents: segment.contents
                )
                try body(index, pages.lowerBound - window.lowerBound, part)
            }
            let whole = leafRank == nil ? ascending : undivided
            for position in positions(in: whole, of: segment.pages) { try visit(whole[position]) }
            guard let leafRank else { continue }
            for divided in divided {
                try forEachWindow(of: divided, in: segment.pages, ofLeaf: leafRank, visit)
            }
        }
    }

    /// Returns the positions of the windows that overlap some pages, in a list of windows in ascending order.
    private func positions(in list: [Int], of pages: Range<Int>) -> Range<Int> {
        let start = list.partitioningIndex { windows[$0].pages.upperBound > pages.lowerBound }
        return start..<max(start, list.partitioningIndex { windows[$0].pages.lowerBound >= pages.upperBound })
    }

    /// Calls a closure for each window of a stratum that overlaps some pages, and that a leaf reads: at most one of each
    /// group.
    private func forEachWindow<Failure: Error>(
        of divided: DividedWindows,
        in pages: Range<Int>,
        ofLeaf leafRank: Int,
        _ body: (_ window: Int) throws(Failure) -> Void
    ) throws(Failure) {
        guard order.indices.contains(leafRank) else { return }
        var start = divided.indices.partitioningIndex { windows[$0].pages.upperBound > pages.lowerBound }
        start -= (start - divided.indices.lowerBound) % divided.rotation
        var group = divided.firstGroup + (start - divided.indices.lowerBound) / divided.rotation
        while start < divided.indices.upperBound, windows[start].pages.lowerBound < pages.upperBound {
            if let permutation = permutations[group] {
                let position = permutation.position(of: order[leafRank], among: order.count)
                let slot = position * divided.rotation / order.count
                if windows[start + slot].pages.overlaps(pages) { try body(start + slot) }
            }
            start += divided.rotation
            group += 1
        }
    }
}
