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
    /// For each process, its index among the leaves of its family; `nil` if another process was forked from it.
    let leafRanks: [Int?]
    /// Whether all processes that may share pages with these are among them.
    let isClosed: Bool
    /// Whether each page fault creates at most one page, and no page is created without a fault.
    let boundsByFaults: Bool
    /// Whether `/proc/kpagecount` counts only mappings of these processes and of those that are related to them.
    private let countsMappings: Bool

    /// - Parameters:
    ///   - processes: The processes, with families numbered from 0.
    ///   - reads: The number of windows to read in each process.
    ///   - isClosed: Whether all processes that may share pages with these are among them.
    ///   - boundsByFaults: Whether each page fault creates at most one page, and no page is created without a fault.
    ///   - countsMappings: Whether `/proc/kpagecount` counts the mappings of each page, and only those of these processes
    ///     and of their relatives.
    ///   - generator: The source of random numbers.
    ///   - mayListOn: Whether there is time to list more mappings.
    ///   - mayGoOn: Whether there is time for another process.
    ///   - root: The directory below which the kernel's files are read.
    init(
        of processes: [SampledProcess],
        reads: Int,
        isClosed: Bool,
        boundsByFaults: Bool,
        countsMappings: Bool = true,
        generator: SampleGenerator,
        mayListOn: () -> Bool = { true },
        mayGoOn: () -> Bool = { true },
        in root: SystemRoot
    ) {
        self.root = root
        self.processes = processes
        self.isClosed = isClosed
        self.boundsByFaults = boundsByFaults
        self.countsMappings = countsMappings
        files = SampleGroup(SamplePlan(of: [], presentCount: 0, count: 0, generator: generator))
        leafRanks = Self.leafRanks(of: processes)
        let reads = min(max(2, reads), Self.maximumReads)
        readMappings(maximumScanCalls: max(256, reads), mayListOn)
        guard !isCutShort else { return }
        makeGroups(reads: reads, generator)
        readWindows(mayGoOn)
        guard !isCutShort else { return }
        count(mayGoOn)
    }

    /// The maximum number of windows in each process. All entries are kept in memory until they are counted: at this
    /// limit, some hundred megabytes.
    private static var maximumReads: Int { 1 << 16 }

    // MARK: Choosing pages

    private mutating func readMappings(maximumScanCalls: Int, _ mayListOn: () -> Bool) {
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
                    // The address space is gone: the process has exited, or executes another program.
                    if list.isEmpty, process.anonymousCount + process.fileCount > 0 { throw .system(.noSuchProcess) }
                    found = process.mappings(
                        list,
                        map,
                        maximumScanCalls: maximumScanCalls,
                        numbering: &numbering,
                        mayListOn: mayListOn
                    )
                    if !mayListOn() { isCutShort = true }
                }
            } catch {
                processes[index].failure = error
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
        let ranges = SampleRanges(processes, dividesLeaves: isClosed && countsMappings)
        let budget = ReadBudget(processes, ranges, reads: Double(reads))
        for (family, members) in ranges.members.enumerated() {
            // A family of one process has few shared pages, so excluding the zero page at once costs little.
            if members.count == 1 { processes[members[0]].excludesZeros = true }
            let leafCount = members.compactMap { leafRanks[$0] }.max().map { $0 + 1 } ?? 0
            let plan = SamplePlan(
                of: ranges.ofFamilies[family],
                presentCount: members.map { processes[$0].anonymousCount }.max() ?? 0,
                reads: budget.families[family].reads,
                mostReads: budget.families[family].mostReads,
                readsAll: budget.families[family].readsAll,
                leafCount: leafCount,
                generator: SampleGenerator(seed: generator.next())
            )
            families.append(
                SampleGroup(
                    plan,
                    leafCount: leafCount,
                    generator: SampleGenerator(seed: generator.next())
                )
            )
        }
        files = SampleGroup(
            SamplePlan(
                of: ranges.ofFiles,
                presentCount: processes.map(\.fileCount).max() ?? 0,
                reads: budget.ofFiles.reads,
                mostReads: budget.ofFiles.mostReads,
                readsAll: budget.ofFiles.readsAll,
                generator: SampleGenerator(seed: generator.next())
            )
        )
    }

    private static func leafRanks(of processes: [SampledProcess]) -> [Int?] {
        var counts: [Int: Int] = [:]
        return zip(processes, processes.areParents).map { process, isParent in
            guard !isParent else { return nil }
            defer { counts[process.family, default: 0] += 1 }
            return counts[process.family, default: 0]
        }
    }

    // MARK: Reading

    private mutating func readWindows(_ mayGoOn: () -> Bool) {
        for index in processes.indices {
            guard mayGoOn() else {
                isCutShort = true
                return
            }
            readWindows(ofProcess: index)
        }
        let beyond = processesBeyondRSS()
        let isBeyond = Set(beyond)
        for family in Set(beyond.map { processes[$0].family }) { families[family].removeHolders(isBeyond) }
        files.removeHolders(isBeyond)
        for index in beyond {
            guard mayGoOn() else {
                isCutShort = true
                return
            }
            processes[index].excludesZeros = true
            readWindows(ofProcess: index)
        }
        // Processes that have exited since their mappings were listed are not counted.
        let (read, ranks) = (processes, leafRanks)
        for (family, members) in read.readableMembers.enumerated() {
            families[family].countMembers(members.lazy.map { (read[$0].anonymousSegments, ranks[$0]) })
        }
        // The segments of files are in the order of their addresses, not of their positions in the files.
        let readable = read.lazy.filter { $0.unavailableReason == nil }
        files.countMembers(
            readable.map { ($0.fileSegments.sorted { $0.pages.lowerBound < $1.pages.lowerBound }, nil) }
        )
    }

    /// Returns the processes in which more anonymous pages were found than RSS allows, so that some must be the
    /// kernel's zero page.
    private func processesBeyondRSS() -> [Int] {
        var pageCounts = Array(repeating: 0.0, count: processes.count)
        for family in families {
            for (span, window) in family.windows.enumerated() {
                let (weight, rotation) = (family.plan.spans[span].weight, family.plan.spans[span].rotation)
                for holder in window.holders {
                    pageCounts[holder.process] += leafRanks[holder.process] == nil ? weight : weight * Double(rotation)
                }
            }
        }
        return processes.indices.filter { index in
            let process = processes[index]
            return process.unavailableReason == nil && !process.excludesZeros
                && pageCounts[index] > Double(process.anonymousCount) * 1.125 + 64
        }
    }

    private struct Found {
        let isOfFiles: Bool
        let window: Int
        let holder: SampleGroup.Holder
    }

    private mutating func readWindows(ofProcess index: Int) {
        guard processes[index].unavailableReason == nil else { return }
        let process = processes[index]
        var found: [Found] = []
        var readCount = 0
        var areZerosUnknown = false
        let leafRank = leafRanks[index]
        do {
            try withPages(of: process) { (_, _, map) throws(FileReadError) in
                try families[process.family].forEachPart(of: process.anonymousSegments, leafRank: leafRank) {
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
            processes[index].failure = error
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
                guard entry.isPresent, segment.counts(entry) else { continue }
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

    /// Whether the entries have page frame numbers.
    private var showsFrames: Bool {
        families.contains { $0.windows.contains { $0.holders.first.map { $0.entry.frame != 0 } ?? false } }
    }

    /// Counts the pages. If the time is over, no further map counts of frames are read.
    private mutating func count(_ mayGoOn: () -> Bool) {
        let frames = countsMappings && showsFrames ? FrameMapCounts(in: root) : nil
        withoutActuallyEscaping(mayGoOn) { mayGoOn in
            var pages = SharedPageResolver(
                processes,
                isClosed: isClosed,
                mapCount: frames.map { frames in { mayGoOn() ? frames.mapCount(of: $0) : nil } }
            )
            familyCounts = families.map { group in group.windows.map { WindowCounts($0, &pages) } }
            fileCounts = files.windows.map { WindowCounts($0, &pages) }
        }
    }
}
