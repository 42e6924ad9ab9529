/// A look at some pages of several processes, the same ones in each that may share them.
///
/// Anonymous memory is sampled by address within each family of one layout, since a forked process has its parent's pages at
/// its parent's addresses. Files and shared memory are sampled by their position in the file, over all processes: that is the
/// same page wherever it is mapped.
struct PageSampling {
    let root: SystemRoot
    private(set) var processes: [SampledProcess]
    private(set) var families: [SampleGroup] = []
    private(set) var files: SampleGroup
    /// In the order of the groups' windows.
    private(set) var familyCounts: [[WindowCounts]] = []
    private(set) var fileCounts: [WindowCounts] = []
    /// Whether there was not the time to look at all processes: then nothing was counted.
    private(set) var isCutShort = false
    /// Whether all processes that may share pages with these are among them.
    let isClosed: Bool
    /// Whether a page fault brings no more than one page, and no page comes without one.
    let boundsByFaults: Bool

    /// - Parameters:
    ///   - processes: Their families are numbered from 0.
    ///   - reads: How many windows to read in each process.
    ///   - isClosed: Whether all processes that may share pages with these are among them.
    ///   - boundsByFaults: Whether a page fault brings no more than one page, and no page comes without one.
    ///   - mayGoOn: Whether there is time for another process.
    init(
        of processes: [SampledProcess],
        reads: Int,
        isClosed: Bool,
        boundsByFaults: Bool,
        generator: SampleGenerator,
        mayGoOn: () -> Bool = { true },
        in root: SystemRoot
    ) throws(FileReadError) {
        self.root = root
        self.processes = processes
        self.isClosed = isClosed
        self.boundsByFaults = boundsByFaults
        files = SampleGroup(of: [], presentCount: 0, count: 0, generator: generator)
        let reads = min(max(2, reads), Self.maximumReads)
        try readMappings(maximumScanCalls: max(256, reads), mayGoOn)
        guard !isCutShort else { return }
        makeGroups(reads: reads, generator)
        try lookAtWindows(mayGoOn)
        guard !isCutShort else { return }
        count()
    }

    /// What is read is kept until it is counted: some hundred megabytes here.
    private static var maximumReads: Int { 1 << 16 }

    // MARK: Where to look

    private mutating func readMappings(maximumScanCalls: Int, _ mayGoOn: () -> Bool) throws(FileReadError) {
        var numbering = FileNumbering()
        var mappings: [SampledProcess.Mappings?] = []
        for number in processes.indices {
            guard mayGoOn() else {
                isCutShort = true
                return
            }
            var found: SampledProcess.Mappings?
            let process = processes[number]
            do {
                try withPages(of: process) { (directory, files, map) throws(FileReadError) in
                    let list = try directory.open(files.maps).memoryMappings(pageSizeBytes: root.pageSizeBytes)
                    found = process.mappings(list, map, maximumScanCalls: maximumScanCalls, numbering: &numbering)
                }
            } catch {
                processes[number].unavailableReason = try UnavailableReason(error)
            }
            mappings.append(found)
        }
        let firstPages = numbering.firstPages
        for number in processes.indices {
            if let found = mappings[number] { processes[number].setSegments(from: found, firstPages) }
        }
    }

    /// Opens a process's page map.
    private func withPages(
        of process: SampledProcess,
        _ body: (borrowing ProcessDirectory, ProcessMemoryPaths, borrowing PageMap) throws(FileReadError) -> Void
    ) throws(FileReadError) {
        let directory = try ProcessDirectory(process.process, in: root)
        // The id may be another process's by now, and the memory another program's.
        let stat = try directory.stat()
        guard stat.startTimeTicks == process.startTimeTicks, stat.layout == process.layout else {
            throw .system(.noSuchProcess)
        }
        let files = try directory.memoryPaths(stat, pageSizeBytes: root.pageSizeBytes)
        try body(directory, files, PageMap(directory.open(files.pagemap), pageSizeBytes: root.pageSizeBytes))
    }

    private mutating func makeGroups(reads: Int, _ generator: SampleGenerator) {
        var generator = generator
        let ranges = SampleRanges(processes)
        let budget = ReadBudget(processes, ranges, reads: Double(reads))
        for (family, members) in ranges.members.enumerated() {
            // Who has no kin here shares next to nothing: there it costs little to ask at once.
            if members.count == 1 { processes[members[0]].excludesZeros = true }
            families.append(
                SampleGroup(
                    of: ranges.ofFamilies[family],
                    presentCount: members.map { processes[$0].anonymousCount }.max() ?? 0,
                    count: budget.countsOfFamilies[family],
                    generator: SampleGenerator(seed: generator.next())
                )
            )
        }
        files = SampleGroup(
            of: ranges.ofFiles,
            presentCount: processes.map(\.fileCount).max() ?? 0,
            count: budget.countOfFiles,
            generator: SampleGenerator(seed: generator.next())
        )
    }

    // MARK: Looking

    private mutating func lookAtWindows(_ mayGoOn: () -> Bool) throws(FileReadError) {
        for number in processes.indices {
            guard mayGoOn() else {
                isCutShort = true
                return
            }
            try look(at: number)
        }
        let beyond = processesBeyondRSS()
        guard !beyond.isEmpty else { return }
        let isBeyond = Set(beyond)
        for family in Set(beyond.map { processes[$0].family }) { families[family].removeHolders(isBeyond) }
        files.removeHolders(isBeyond)
        for number in beyond {
            guard mayGoOn() else {
                isCutShort = true
                return
            }
            processes[number].excludesZeros = true
            try look(at: number)
        }
    }

    /// Of which processes so much anonymous memory was found that some of it must be the kernel's page of zeros.
    private func processesBeyondRSS() -> [Int] {
        var held = Array(repeating: 0, count: processes.count)
        for family in families {
            for (number, window) in family.windows.enumerated() {
                for holder in window.holders { held[holder.process] += family.plan.spans[number].weight }
            }
        }
        return processes.indices.filter { number in
            let process = processes[number]
            return process.unavailableReason == nil && !process.excludesZeros
                && held[number] > process.anonymousCount.saturatingAdding(process.anonymousCount / 8 + 64)
        }
    }

    private struct Found {
        let isOfFiles: Bool
        let window: Int
        let holder: SampleGroup.Holder
    }

    private mutating func look(at number: Int) throws(FileReadError) {
        guard processes[number].unavailableReason == nil else { return }
        let process = processes[number]
        var found: [Found] = []
        var readCount = 0
        var areZerosUnknown = false
        do {
            try withPages(of: process) { (_, _, map) throws(FileReadError) in
                try families[process.family].forEachPart(of: process.anonymousSegments) {
                    (window, pageOffset, segment) throws(FileReadError) in
                    readCount += 1
                    let areTold = try entries(of: segment, map, process) {
                        let holder = SampleGroup.Holder(process: number, pageOffset: pageOffset + $0, entry: $1)
                        found.append(Found(isOfFiles: false, window: window, holder: holder))
                    }
                    if !areTold { areZerosUnknown = true }
                }
                try files.forEachPart(of: process.fileSegments) {
                    (window, pageOffset, segment) throws(FileReadError) in
                    readCount += 1
                    _ = try entries(of: segment, map, process) {
                        let holder = SampleGroup.Holder(process: number, pageOffset: pageOffset + $0, entry: $1)
                        found.append(Found(isOfFiles: true, window: window, holder: holder))
                    }
                }
            }
        } catch {
            processes[number].unavailableReason = try UnavailableReason(error)
            return
        }
        processes[number].readCount += readCount
        processes[number].mayHoldZeros = areZerosUnknown
        for found in found {
            if found.isOfFiles {
                files.add(found.holder, toWindow: found.window)
            } else {
                families[process.family].add(found.holder, toWindow: found.window)
            }
        }
    }

    /// Hands over what is behind the pages of a segment, so far as RSS counts it, with their places.
    ///
    /// - Returns: Whether it was told which pages are zeros, where that was asked.
    private func entries(
        of segment: PageSegment,
        _ map: borrowing PageMap,
        _ process: SampledProcess,
        _ body: (Int, PageEntry) -> Void
    ) throws(FileReadError) -> Bool {
        let pages = segment.firstPage..<segment.firstPage + segment.pages.count
        var zeros: [Range<Int>]?
        var areTold = true
        try map.read(pages) { words in
            for pageOffset in 0..<words.count {
                let entry = PageEntry(word: words[pageOffset])
                // What is in a shared mapping and no file's is a device's memory.
                guard entry.isPresent, entry.isOfFile || !segment.isShared else { continue }
                if process.excludesZeros, !entry.isOfFile, !entry.isExclusive {
                    if zeros == nil, areTold { zeros = map.zeros(in: pages) }
                    let found = zeros ?? []
                    areTold = zeros != nil
                    if found.contains(where: { $0.contains(pages.lowerBound + pageOffset) }) { continue }
                }
                body(pageOffset, entry)
            }
        }
        return areTold
    }

    // MARK: Counting

    private mutating func count() {
        var pages = SharedPageResolver(processes, isClosed: isClosed)
        familyCounts = families.map { group in group.windows.map { WindowCounts($0, &pages) } }
        fileCounts = files.windows.map { WindowCounts($0, &pages) }
    }
}

/// Pages that several processes may hold, and which of them do, by samples.
struct SampleGroup: Sendable {
    /// Who holds a page.
    struct Holder: Sendable {
        let process: Int
        /// The page's index in the window.
        let pageOffset: Int
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
        _ body: (_ window: Int, _ place: Int, _ part: PageSegment) throws(FileReadError) -> Void
    ) throws(FileReadError) {
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
