/// A look at some pages of several processes, the same ones in each that may share them.
///
/// Anonymous memory is sampled by address within each family of one layout, since a forked process has its parent's pages at
/// its parent's addresses. Files and shared memory are sampled by their place in the file, over all processes: that is the
/// same page wherever it is mapped.
struct PageSampling {
    let root: KernelRoot
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
        in root: KernelRoot
    ) throws(ReadFailure) {
        self.root = root
        self.processes = processes
        self.isClosed = isClosed
        self.boundsByFaults = boundsByFaults
        files = SampleGroup(of: [], presentCount: 0, count: 0, generator: generator)
        let reads = min(max(2, reads), Self.maximumReads)
        try readMappings(maximumQuestions: max(256, reads), mayGoOn)
        guard !isCutShort else { return }
        makeGroups(reads: reads, generator)
        try lookAtWindows(mayGoOn)
        guard !isCutShort else { return }
        count()
    }

    /// What is read is kept until it is counted: some hundred megabytes here.
    private static var maximumReads: Int { 1 << 16 }

    // MARK: Where to look

    private mutating func readMappings(maximumQuestions: Int, _ mayGoOn: () -> Bool) throws(ReadFailure) {
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
                try withPages(of: process) { (directory, files, map) throws(ReadFailure) in
                    let list = try directory.open(files.maps).memoryMappings(pageSizeBytes: root.pageSizeBytes)
                    found = process.mappings(list, map, maximumQuestions: maximumQuestions, numbering: &numbering)
                }
            } catch {
                processes[number].obstacle = try UnavailableReason(error)
            }
            mappings.append(found)
        }
        let firstPages = numbering.firstPages
        for number in processes.indices {
            if let found = mappings[number] { processes[number].take(found, firstPages) }
        }
    }

    /// Opens a process's page map.
    private func withPages(
        of process: SampledProcess,
        _ body: (borrowing ProcessDirectory, ThreadMemoryFiles, borrowing PageMap) throws(ReadFailure) -> Void
    ) throws(ReadFailure) {
        let directory = try ProcessDirectory(process.process, in: root)
        // The id may be another process's by now, and the memory another program's.
        let stat = try directory.stat()
        guard stat.startTimeTicks == process.startTimeTicks, stat.layout == process.layout else {
            throw .system(.noSuchProcess)
        }
        let files = try directory.memoryFiles(stat, pageSizeBytes: root.pageSizeBytes)
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

    private mutating func lookAtWindows(_ mayGoOn: () -> Bool) throws(ReadFailure) {
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
            return process.obstacle == nil && !process.excludesZeros
                && held[number] > process.anonymousCount.saturatingAdding(process.anonymousCount / 8 + 64)
        }
    }

    private struct Found {
        let isOfFiles: Bool
        let window: Int
        let holder: SampleGroup.Holder
    }

    private mutating func look(at number: Int) throws(ReadFailure) {
        guard processes[number].obstacle == nil else { return }
        let process = processes[number]
        var found: [Found] = []
        var readCount = 0
        var areZerosUnknown = false
        do {
            try withPages(of: process) { (_, _, map) throws(ReadFailure) in
                try families[process.family].forEachPart(of: process.anonymousSegments) {
                    (window, place, segment) throws(ReadFailure) in
                    readCount += 1
                    let areTold = try entries(of: segment, map, process) {
                        let holder = SampleGroup.Holder(process: number, place: place + $0, entry: $1)
                        found.append(Found(isOfFiles: false, window: window, holder: holder))
                    }
                    if !areTold { areZerosUnknown = true }
                }
                try files.forEachPart(of: process.fileSegments) {
                    (window, place, segment) throws(ReadFailure) in
                    readCount += 1
                    _ = try entries(of: segment, map, process) {
                        let holder = SampleGroup.Holder(process: number, place: place + $0, entry: $1)
                        found.append(Found(isOfFiles: true, window: window, holder: holder))
                    }
                }
            }
        } catch {
            processes[number].obstacle = try UnavailableReason(error)
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
    ) throws(ReadFailure) -> Bool {
        let pages = segment.firstPage..<segment.firstPage + segment.pages.count
        var zeros: [Range<Int>]?
        var areTold = true
        try map.read(pages) { words in
            for place in 0..<words.count {
                let entry = PageEntry(word: words[place])
                // What is in a shared mapping and no file's is a device's memory.
                guard entry.isPresent, entry.isOfFile || !segment.isShared else { continue }
                if process.excludesZeros, !entry.isOfFile, !entry.isExclusive {
                    if zeros == nil, areTold { zeros = map.zeros(in: pages) }
                    let found = zeros ?? []
                    areTold = zeros != nil
                    if found.contains(where: { $0.contains(pages.lowerBound + place) }) { continue }
                }
                body(place, entry)
            }
        }
        return areTold
    }

    // MARK: Counting

    private mutating func count() {
        var pages = FamilyPages(processes, isClosed: isClosed)
        familyCounts = families.map { group in group.windows.map { WindowCounts($0, &pages) } }
        fileCounts = files.windows.map { WindowCounts($0, &pages) }
    }
}
