/// Samples of the pages of several processes: the same pages in all processes that may share them.
///
/// Anonymous memory is sampled by address within each family (the processes of one layout), because a forked process
/// has its parent's pages at its parent's addresses. Files and shared memory are sampled by their position in the file,
/// in all processes, because a page of a file is the same page wherever it is mapped.
struct PageSampling {
    let root: SystemRoot
    private(set) var processes: [SampledProcess]
    private(set) var families: [SampleGroup] = []
    private(set) var files: SampleGroup
    /// The counts of each family, in the order of its windows.
    private(set) var familyCounts: [[WindowCounts]] = []
    /// The counts of files and shared memory, in the order of their windows.
    private(set) var fileCounts: [WindowCounts] = []
    /// Whether the time was too short to sample all processes. Then nothing is counted.
    private(set) var isCutShort = false
    /// Whether all processes that may share pages with these are among them.
    let isClosed: Bool
    /// Whether each page fault creates at most one page, and no page is created without a fault.
    let boundsByFaults: Bool

    /// - Parameters:
    ///   - processes: The processes, with families numbered from 0.
    ///   - reads: The number of windows to read in each process.
    ///   - isClosed: Whether all processes that may share pages with these are among them.
    ///   - boundsByFaults: Whether each page fault creates at most one page, and no page is created without a fault.
    ///   - generator: The source of random numbers.
    ///   - mayListOn: Whether there is time to list more mappings.
    ///   - mayGoOn: Whether there is time for another process.
    ///   - root: The directory below which the kernel's files are read.
    init(
        of processes: [SampledProcess],
        reads: Int,
        isClosed: Bool,
        boundsByFaults: Bool,
        generator: SampleGenerator,
        mayListOn: () -> Bool = { true },
        mayGoOn: () -> Bool = { true },
        in root: SystemRoot
    ) throws(FileReadError) {
        self.root = root
        self.processes = processes
        self.isClosed = isClosed
        self.boundsByFaults = boundsByFaults
        files = SampleGroup(of: [], presentCount: 0, count: 0, generator: generator)
        let reads = min(max(2, reads), Self.maximumReads)
        try readMappings(maximumScanCalls: max(256, reads), mayListOn)
        guard !isCutShort else { return }
        makeGroups(reads: reads, generator)
        try readWindows(mayGoOn)
        guard !isCutShort else { return }
        count()
    }

    /// The maximum number of windows in each process. All entries are kept in memory until they are counted: at this
    /// limit, some hundred megabytes.
    private static var maximumReads: Int { 1 << 16 }

    // MARK: Choosing pages

    private mutating func readMappings(maximumScanCalls: Int, _ mayListOn: () -> Bool) throws(FileReadError) {
        var numbering = FileNumbering()
        var mappings: [SampledProcess.Mappings?] = []
        for index in processes.indices {
            guard mayListOn() else {
                isCutShort = true
                return
            }
            var found: SampledProcess.Mappings?
            let process = processes[index]
            do {
                try withPages(of: process) { (directory, files, map) throws(FileReadError) in
                    let list = try directory.open(files.maps).memoryMappings(
                        pageSizeBytes: root.pageSizeBytes,
                        mayGoOn: mayListOn
                    )
                    guard let list else {
                        isCutShort = true
                        return
                    }
                    found = process.mappings(list, map, maximumScanCalls: maximumScanCalls, numbering: &numbering)
                }
            } catch {
                processes[index].unavailableReason = try UnavailableReason(error)
            }
            if isCutShort { return }
            mappings.append(found)
        }
        let firstPages = numbering.firstPages
        for index in processes.indices {
            if let found = mappings[index] { processes[index].setSegments(from: found, firstPages) }
        }
    }

    /// Opens `pagemap` of a process.
    private func withPages(
        of process: SampledProcess,
        _ body: (borrowing ProcessDirectory, ProcessMemoryPaths, borrowing PageMap) throws(FileReadError) -> Void
    ) throws(FileReadError) {
        let directory = try ProcessDirectory(process.process, in: root)
        // The pid may have been reused, or the process may have executed another program.
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
            // A family of one process has few shared pages, so excluding the zero page at once costs little.
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

    // MARK: Reading

    private mutating func readWindows(_ mayGoOn: () -> Bool) throws(FileReadError) {
        for index in processes.indices {
            guard mayGoOn() else {
                isCutShort = true
                return
            }
            try readWindows(ofProcess: index)
        }
        let beyond = processesBeyondRSS()
        guard !beyond.isEmpty else { return }
        let isBeyond = Set(beyond)
        for family in Set(beyond.map { processes[$0].family }) { families[family].removeHolders(isBeyond) }
        files.removeHolders(isBeyond)
        for index in beyond {
            guard mayGoOn() else {
                isCutShort = true
                return
            }
            processes[index].excludesZeros = true
            try readWindows(ofProcess: index)
        }
    }

    /// Returns the processes in which more anonymous pages were found than RSS allows, so that some must be the
    /// kernel's zero page.
    private func processesBeyondRSS() -> [Int] {
        var pageCounts = Array(repeating: 0, count: processes.count)
        for family in families {
            for (span, window) in family.windows.enumerated() {
                for holder in window.holders { pageCounts[holder.process] += family.plan.spans[span].weight }
            }
        }
        return processes.indices.filter { index in
            let process = processes[index]
            return process.unavailableReason == nil && !process.excludesZeros
                && pageCounts[index] > process.anonymousCount.saturatingAdding(process.anonymousCount / 8 + 64)
        }
    }

    private struct Found {
        let isOfFiles: Bool
        let window: Int
        let holder: SampleGroup.Holder
    }

    private mutating func readWindows(ofProcess index: Int) throws(FileReadError) {
        guard processes[index].unavailableReason == nil else { return }
        let process = processes[index]
        var found: [Found] = []
        var readCount = 0
        var areZerosUnknown = false
        do {
            try withPages(of: process) { (_, _, map) throws(FileReadError) in
                try families[process.family].forEachPart(of: process.anonymousSegments) {
                    (window, pageOffset, segment) throws(FileReadError) in
                    readCount += 1
                    let areZerosKnown = try entries(of: segment, map, process) {
                        let holder = SampleGroup.Holder(process: index, pageOffset: pageOffset + $0, entry: $1)
                        found.append(Found(isOfFiles: false, window: window, holder: holder))
                    }
                    if !areZerosKnown { areZerosUnknown = true }
                }
                try files.forEachPart(of: process.fileSegments) {
                    (window, pageOffset, segment) throws(FileReadError) in
                    readCount += 1
                    _ = try entries(of: segment, map, process) {
                        let holder = SampleGroup.Holder(process: index, pageOffset: pageOffset + $0, entry: $1)
                        found.append(Found(isOfFiles: true, window: window, holder: holder))
                    }
                }
            }
        } catch {
            processes[index].unavailableReason = try UnavailableReason(error)
            return
        }
        processes[index].readCount += readCount
        processes[index].mayHoldZeros = areZerosUnknown
        for found in found {
            if found.isOfFiles {
                files.add(found.holder, toWindow: found.window)
            } else {
                families[process.family].add(found.holder, toWindow: found.window)
            }
        }
    }

    /// Calls a closure with the offset and the entry of each page of a segment that RSS counts.
    ///
    /// - Returns: `false` if the zero page was to be excluded and the kernel does not report which pages it is.
    private func entries(
        of segment: PageSegment,
        _ map: borrowing PageMap,
        _ process: SampledProcess,
        _ body: (Int, PageEntry) -> Void
    ) throws(FileReadError) -> Bool {
        let pages = segment.firstPage..<segment.firstPage + segment.pages.count
        var zeros: [Range<Int>]?
        var areZerosKnown = true
        try map.read(pages) { words in
            for pageOffset in 0..<words.count {
                let entry = PageEntry(word: words[pageOffset])
                // A page in a shared mapping that belongs to no file is memory of a device.
                guard entry.isPresent, entry.isOfFile || !segment.isShared else { continue }
                if process.excludesZeros, !entry.isOfFile, !entry.isExclusive {
                    if zeros == nil, areZerosKnown { zeros = map.zeros(in: pages) }
                    let found = zeros ?? []
                    areZerosKnown = zeros != nil
                    if found.contains(where: { $0.contains(pages.lowerBound + pageOffset) }) { continue }
                }
                body(pageOffset, entry)
            }
        }
        return areZerosKnown
    }

    // MARK: Counting

    private mutating func count() {
        var pages = SharedPageResolver(processes, isClosed: isClosed)
        familyCounts = families.map { group in group.windows.map { WindowCounts($0, &pages) } }
        fileCounts = files.windows.map { WindowCounts($0, &pages) }
    }
}

/// The pages that several processes may map, and the samples of which processes map them.
struct SampleGroup: Sendable {
    /// A process that maps a page.
    struct Holder: Sendable {
        let process: Int
        /// The page's index in the window.
        let pageOffset: Int
        let entry: PageEntry
    }

    /// A block of pages that is read in every process that maps it.
    struct Window: Sendable {
        let pages: Range<Int>
        var holders: [Holder] = []
    }

    let plan: SamplePlan
    /// The windows: one for each span of the plan, in its order.
    private(set) var windows: [Window] = []
    /// The indices of the windows, in ascending order of their pages.
    private let ascending: [Int]

    /// - Parameters:
    ///   - ranges: The pages that any process maps.
    ///   - presentCount: The number of them that are likely to be in memory.
    ///   - count: The maximum number of windows.
    ///   - generator: The source of random numbers.
    init(of ranges: [Range<Int>], presentCount: Int, count: Int, generator: SampleGenerator) {
        plan = SamplePlan(of: ranges, presentCount: presentCount, count: count, generator: generator)
        let windows = plan.spans.map { [plan] in Window(pages: plan.pages(of: $0)) }
        ascending = windows.indices.sorted { windows[$0].pages.lowerBound < windows[$1].pages.lowerBound }
        self.windows = windows
    }

    mutating func add(_ holder: Holder, toWindow index: Int) { windows[index].holders.append(holder) }

    /// Removes the samples of some processes.
    mutating func removeHolders(_ processes: Set<Int>) {
        for index in windows.indices { windows[index].holders.removeAll { processes.contains($0.process) } }
    }

    /// Calls a closure for each part of a process's segments that lies in a window, with its offset in the window.
    func forEachPart(
        of segments: [PageSegment],
        _ body: (_ window: Int, _ pageOffset: Int, _ part: PageSegment) throws(FileReadError) -> Void
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
