/// Pages that several processes may hold, and which of them do, by samples.
struct SampleGroup: Sendable {
    /// Who holds a page.
    struct Holder: Sendable {
        let process: Int
        /// The page's place in the window.
        let place: Int
        let entry: PageEntry
    }

    /// A block of pages that is looked at in every process that has it mapped.
    struct Window: Sendable {
        let pages: Range<Int>
        var holders: [Holder] = []
    }

    let plan: SamplePlan
    /// One for each span of the plan, in its order.
    private(set) var windows: [Window] = []
    /// The windows' numbers, in ascending order of their pages.
    private let ascending: [Int]

    /// - Parameters:
    ///   - ranges: The pages that any process has mapped.
    ///   - presentCount: How many of them are likely to be in memory.
    ///   - count: How many windows there may be.
    init(of ranges: [Range<Int>], presentCount: Int, count: Int, generator: SampleGenerator) {
        plan = SamplePlan(of: ranges, presentCount: presentCount, count: count, generator: generator)
        let windows = plan.spans.map { [plan] in Window(pages: plan.pages(of: $0)) }
        ascending = windows.indices.sorted { windows[$0].pages.lowerBound < windows[$1].pages.lowerBound }
        self.windows = windows
    }

    mutating func add(_ holder: Holder, toWindow number: Int) { windows[number].holders.append(holder) }

    /// Forgets what some processes held.
    mutating func removeHolders(_ processes: Set<Int>) {
        for number in windows.indices { windows[number].holders.removeAll { processes.contains($0.process) } }
    }

    /// Hands over each part of a process's segments that a window takes in, with its place there.
    func forEachPart(
        of segments: [PageSegment],
        _ body: (_ window: Int, _ place: Int, _ part: PageSegment) throws(ReadFailure) -> Void
    ) throws(ReadFailure) {
        for segment in segments {
            var index = ascending.partitioningIndex { windows[$0].pages.upperBound > segment.pages.lowerBound }
            while index < ascending.count {
                let window = windows[ascending[index]].pages
                guard window.lowerBound < segment.pages.upperBound else { break }
                let pages = window.clamped(to: segment.pages)
                let part = PageSegment(
                    pages: pages,
                    firstPage: segment.firstPage + (pages.lowerBound - segment.pages.lowerBound),
                    isShared: segment.isShared
                )
                try body(ascending[index], pages.lowerBound - window.lowerBound, part)
                index += 1
            }
        }
    }
}
