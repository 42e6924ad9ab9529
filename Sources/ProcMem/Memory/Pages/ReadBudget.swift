/// Which pages there are to sample.
struct SampleRanges {
    /// By family, the processes that can be looked at.
    private(set) var members: [[Int]]
    let ofFamilies: [[Range<Int>]]
    let ofFiles: [Range<Int>]

    init(_ processes: [SampledProcess]) {
        var members: [[Int]] = Array(repeating: [], count: (processes.map(\.family).max() ?? -1) + 1)
        for number in processes.indices where processes[number].obstacle == nil {
            members[processes[number].family].append(number)
        }
        self.members = members
        ofFamilies = members.map { family in
            family.flatMap { processes[$0].anonymousSegments.map(\.pages) }.joinedRanges()
        }
        ofFiles = processes.flatMap { $0.fileSegments.map(\.pages) }.joinedRanges()
    }
}

/// How many windows each group gets, so that no process is read more often than was asked for, on the average.
///
/// A process's reads go to its anonymous memory and to its files by what it has of both. What one of them does not need,
/// because all of it can be read for less, is the other's.
struct ReadBudget {
    private(set) var countsOfFamilies: [Int] = []
    let countOfFiles: Int

    init(_ processes: [SampledProcess], _ ranges: SampleRanges, reads: Double) {
        var readsOfFiles = 0.0
        var worthOfFiles = 0.0
        var counts: [Double] = []
        for (family, members) in ranges.members.enumerated() {
            let anonymous = members.reduce(0.0) { $0 + Double(processes[$1].anonymousCount) }
            let ofFiles = members.reduce(0.0) { $0 + Double(processes[$1].fileCount) }
            let share = anonymous / max(1, anonymous + ofFiles)
            let worth = SamplePlan.readsWorth(of: ranges.ofFamilies[family])
            let worthOfFilesOfEach =
                members.reduce(0.0) { $0 + SamplePlan.readsWorth(of: processes[$1].fileSegments.lazy.map(\.pages)) }
                / Double(max(1, members.count))
            var count = min(worth, reads * min(0.875, max(0.125, share)))
            if worthOfFilesOfEach < reads - count { count = min(worth, reads - worthOfFilesOfEach) }
            counts.append(count)
            readsOfFiles += (reads - count) * Double(members.count)
            worthOfFiles += worthOfFilesOfEach * Double(members.count)
        }
        countsOfFamilies = counts.map { Int($0.rounded(.up)) }
        // A window costs a read in each process that has it mapped.
        let mapped = processes.reduce(0.0) { sum, process in
            process.fileSegments.reduce(sum) { $0 + Double($1.pages.count) }
        }
        let windows = mapped > 0 ? readsOfFiles * Double(ranges.ofFiles.pageCount) / mapped : 0
        let worth = SamplePlan.readsWorth(of: ranges.ofFiles)
        countOfFiles = Int((worthOfFiles <= readsOfFiles ? worth : min(windows, worth)).rounded(.up))
    }
}
