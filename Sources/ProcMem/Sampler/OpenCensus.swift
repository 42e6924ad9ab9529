/// The processes of a scope, with their `stat` and `statm` kept open, for as long as nobody comes or goes.
///
/// Walking a tree again costs more than looking at its members. The newest process's id, the last field of `/proc/loadavg`,
/// tells that nobody was forked; who ended, was adopted by somebody else or executed a program shows in `stat`.
struct OpenCensus: ~Copyable {
    private struct Kept {
        let member: ProcessCensus.Member
        let stat: Int
        /// `nil` for what has no memory.
        let statm: Int?
    }

    private let files: OpenFiles
    private let kept: [Kept]
    private let newest: Int
    private let search: DiscoveryMethod
    private let root: SystemRoot

    /// - Parameters:
    ///   - newest: What ``newestProcessID(in:)`` was before the processes were looked for.
    ///   - mayGoOn: Whether there is time for another process.
    /// - Returns: `nil` where they cannot be kept: there are too many, some could not be read, or there was not the time.
    static func opening(
        _ census: ProcessCensus,
        newest: Int,
        in root: SystemRoot,
        mayGoOn: () -> Bool = { true }
    ) -> OpenCensus? {
        guard census.gaps.isEmpty, census.cgroup == nil, root.isLive,
            // A quarter of what the process may open is left to ProcMem.
            census.members.count * 2 <= Syscalls.maximumOpenFiles / 4
        else { return nil }
        var files = OpenFiles()
        var kept: [Kept] = []
        for member in census.members {
            guard mayGoOn(), let stat = member.stat, let usage = member.value else { return nil }
            guard let directory = try? ProcessDirectory(.id(member.pid), in: root),
                let statFile = try? directory.open(ProcPath(file: "stat"))
            else { return nil }
            let statNumber = files.keep(statFile)
            var statmNumber: Int?
            if usage.mayHoldMemory {
                // What is read through a thread, or not at all, is looked for anew each time.
                guard usage.rssBytes != nil, !stat.isZombie, let statm = try? directory.open(ProcPath(file: "statm"))
                else { return nil }
                statmNumber = files.keep(statm)
            }
            kept.append(Kept(member: member, stat: statNumber, statm: statmNumber))
        }
        return OpenCensus(files: files, kept: kept, newest: newest, search: census.search, root: root)
    }

    private init(
        files: consuming OpenFiles,
        kept: [Kept],
        newest: Int,
        search: DiscoveryMethod,
        root: SystemRoot
    ) {
        self.files = files
        self.kept = kept
        self.newest = newest
        self.search = search
        self.root = root
    }

    /// What the processes' counters say now; `nil` where the processes are not those of before.
    ///
    /// - Parameter newest: What ``newestProcessID(in:)`` is now.
    borrowing func read(newest: Int?) -> ProcessCensus? {
        guard newest == self.newest else { return nil }
        var members: [ProcessCensus.Member] = []
        members.reserveCapacity(kept.count)
        for kept in kept {
            guard let stat = try? files.read(kept.stat, ProcessStat.readOptions, ProcessStat.init(parsing:)),
                let before = kept.member.stat, stat.startTimeTicks == before.startTimeTicks,
                stat.parentPID == before.parentPID, stat.isZombie == before.isZombie, stat.layout == before.layout,
                stat.isForkWithoutExec == before.isForkWithoutExec
            else { return nil }
            var member = ProcessCensus.Member(
                pid: kept.member.pid,
                depth: kept.member.depth,
                stat: stat,
                value: kept.member.value
            )
            if let number = kept.statm {
                let pageSizeBytes = root.pageSizeBytes
                let statm = try? files.read(number, Statm.readOptions) { (bytes) throws(ParseError) in
                    try Statm(validating: bytes, pageSizeBytes: pageSizeBytes)
                }
                guard let statm, !statm.isEmpty else { return nil }
                member.value = MemoryUsage(statm)
            }
            members.append(member)
        }
        return ProcessCensus(members: members, search: search, gaps: [], cgroup: nil)
    }

    /// The last field of `/proc/loadavg`: the id that was given out last in the caller's pid namespace, to a process or a
    /// thread, in it or below; `nil` where it cannot be read.
    static func newestProcessID(in root: SystemRoot) -> Int? {
        let readOptions = FileReadOptions(expectedBytes: 128, limitBytes: 4096, isOneLine: true)
        return try? root.read(ProcPath(file: "/proc/loadavg"), readOptions) { (bytes) throws(ParseError) -> Int in
            var index = 0
            var last: Range<Int>?
            while let field = bytes.nextField(at: &index) { last = field }
            guard let last, let id = bytes.decimal(in: last) else {
                throw ParseError("five fields, the last a number")
            }
            return id
        }
    }
}

/// Runs passes over one scope, and keeps what saves time in the next one.
struct PassRunner: ~Copyable {
    private var builder: SnapshotBuilder
    private let maximumAge: Duration
    /// The processes of the last pass, where they were the same for two passes in a row, and which share an address space.
    private var openCensus: OpenCensus?
    private var sharing: AddressSpaceSharing?
    private var lastWalk: (newest: Int?, at: ContinuousClock.Instant)?

    /// - Parameter maximumAge: How old a figure may be that is taken over from an earlier pass, and how long the processes
    ///   are not searched for again.
    init(
        of scope: ProcessScope,
        mode: MemoryMode,
        limits: SearchLimits,
        maximumAge: Duration = .seconds(60),
        in root: SystemRoot
    ) {
        builder = SnapshotBuilder(of: scope, mode: mode, limits: limits, maximumAge: maximumAge, in: root)
        self.maximumAge = maximumAge
    }

    /// The number of processes of which figures are kept.
    var rememberedCount: Int { builder.rememberedCount }

    mutating func run() throws(ProcMemError) -> MemorySnapshot {
        let start = ContinuousClock.now
        let (census, sharing) = try findProcesses(at: start)
        return try builder.snapshot(of: census, sharing, since: start)
    }

    /// Finds the processes, or reads those of the last pass again where none was forked and none has exited.
    private mutating func findProcesses(
        at start: ContinuousClock.Instant
    ) throws(ProcMemError) -> (ProcessCensus, AddressSpaceSharing) {
        // Read before the walk: a process that is forked during it shows in the next pass.
        let newest = builder.mode.readsCountersFirst ? OpenCensus.newestProcessID(in: builder.root) : nil
        if let sharing, let last = lastWalk, last.at.duration(to: start) <= maximumAge,
            let census = openCensus?.read(newest: newest)
        {
            return (census, sharing)
        }
        openCensus = nil
        sharing = nil
        let deadline = builder.mode.deadline(from: start)
        let (census, sharing) = try builder.findProcesses(isConcurrent: false)
        // Where processes come and go all the time, opening their files would be in vain.
        if let newest, lastWalk?.newest == newest {
            // Opening them is left for a pass that has the time.
            openCensus = OpenCensus.opening(census, newest: newest, in: builder.root) {
                deadline.map { .now < $0 } ?? true
            }
            self.sharing = sharing
        }
        lastWalk = (newest, start)
        return (census, sharing)
    }
}
