/// The processes of a scope with open `stat` and `statm` files, for passes between which no process starts or exits.
///
/// Walking a tree again costs more than reading its members. As long as the newest pid, the last field of
/// `/proc/loadavg`, is unchanged, no process was forked. `stat` shows whether a process has exited, was reparented, or
/// has executed a program.
struct OpenCensus: ~Copyable {
    private struct OpenMember {
        let member: ProcessCensus.Member
        /// The index of the open file `stat`.
        let stat: Int
        /// The index of the open file `statm`; `nil` for a process without memory.
        let statm: Int?
    }

    /// The number of files that stay open, at most.
    var fileCount: Int { openMembers.count * 2 }

    private let files: OpenFiles
    private let openMembers: [OpenMember]
    private let newest: Int
    private let search: DiscoveryMethod
    private let filled: FilledCgroup?
    private let root: SystemRoot

    /// The number of files that stay open by default: a quarter of the descriptors that the calling process may open.
    static var defaultFileCount: Int { Syscalls.maximumOpenFiles / 4 }

    /// Opens the files of all processes.
    ///
    /// - Parameters:
    ///   - census: The processes that were found.
    ///   - newest: The value of ``newestProcessID(in:)`` before the processes were searched for.
    ///   - maximumFileCount: The number of files that may stay open; `nil` for a quarter of what the calling process may
    ///     open.
    ///   - root: The directory below which the kernel's files are read.
    ///   - mayGoOn: Whether there is time for another process.
    /// - Returns: `nil` if there are too many processes, one could not be read, or the time was too short.
    static func opening(
        _ census: ProcessCensus,
        newest: Int,
        maximumFileCount: Int? = nil,
        in root: SystemRoot,
        mayGoOn: () -> Bool = { true }
    ) -> OpenCensus? {
        guard census.gaps.isEmpty, census.cgroup == nil, root.isLive,
            census.members.count * 2 <= maximumFileCount ?? defaultFileCount
        else { return nil }
        var files = OpenFiles()
        var openMembers: [OpenMember] = []
        for member in census.members {
            guard mayGoOn(), let stat = member.stat, let usage = member.value else { return nil }
            guard let directory = try? ProcessDirectory(.id(member.pid), in: root),
                let statFile = try? directory.open(ProcPath(file: "stat"))
            else { return nil }
            let statIndex = files.keep(statFile)
            var statmIndex: Int?
            if usage.mayHoldMemory {
                // A process that is read through one of its threads, or not at all, has no file that can stay open.
                guard usage.rssBytes != nil, !stat.isZombie, let statm = try? directory.open(ProcPath(file: "statm"))
                else { return nil }
                statmIndex = files.keep(statm)
            }
            openMembers.append(OpenMember(member: member, stat: statIndex, statm: statmIndex))
        }
        return OpenCensus(
            files: files,
            openMembers: openMembers,
            newest: newest,
            search: census.search,
            filled: census.filled,
            root: root
        )
    }

    private init(
        files: consuming OpenFiles,
        openMembers: [OpenMember],
        newest: Int,
        search: DiscoveryMethod,
        filled: FilledCgroup?,
        root: SystemRoot
    ) {
        self.files = files
        self.openMembers = openMembers
        self.newest = newest
        self.search = search
        self.filled = filled
        self.root = root
    }

    /// Reads the counters of the processes; returns `nil` if they are no longer the same processes.
    ///
    /// - Parameter newest: The present value of ``newestProcessID(in:)``.
    borrowing func read(newest: Int?) -> ProcessCensus? {
        guard newest == self.newest else { return nil }
        var members: [ProcessCensus.Member] = []
        members.reserveCapacity(openMembers.count)
        for openMember in openMembers {
            guard let stat = try? files.read(openMember.stat, ProcessStat.readOptions, ProcessStat.init(parsing:)),
                let before = openMember.member.stat, stat.startTimeTicks == before.startTimeTicks,
                stat.parentPID == before.parentPID, stat.isZombie == before.isZombie, stat.layout == before.layout,
                stat.isForkWithoutExec == before.isForkWithoutExec
            else { return nil }
            var member = ProcessCensus.Member(
                pid: openMember.member.pid,
                depth: openMember.member.depth,
                stat: stat,
                value: openMember.member.value
            )
            if let index = openMember.statm {
                let pageSizeBytes = root.pageSizeBytes
                let statm = try? files.read(index, Statm.readOptions) { (bytes) throws(ParseError) in
                    try Statm(validating: bytes, pageSizeBytes: pageSizeBytes)
                }
                guard let statm, !statm.isEmpty else { return nil }
                member.value = MemoryUsage(statm)
            }
            members.append(member)
        }
        var census = ProcessCensus(members: members, search: search, gaps: [], cgroup: nil)
        census.filled = filled
        return census
    }

    /// Returns the last field of `/proc/loadavg`: the pid or thread id that the kernel assigned last in the caller's
    /// pid namespace, to a task in that namespace or in one below it. Returns `nil` if the file cannot be read.
    static func newestProcessID(in root: SystemRoot) -> Int? {
        let readOptions = FileReadOptions(expectedBytes: 128, limitBytes: 4096, isOnePiece: true)
        return try? root.read(ProcPath(file: "/proc/loadavg"), readOptions, newestProcessID(parsing:))
    }

    static func newestProcessID(parsing bytes: Span<UInt8>) throws(ParseError) -> Int {
        var index = 0
        var last: Range<Int>?
        while let field = bytes.nextField(at: &index) { last = field }
        guard let last, let id = bytes.decimal(in: last) else {
            throw ParseError("five fields, the last a number")
        }
        return id
    }
}

/// Runs passes over one scope, and keeps the state that saves time in the next pass.
struct PassRunner: ~Copyable {
    private var builder: SnapshotBuilder
    private let maximumAge: Duration
    /// The number of files that may stay open; `nil` for the default.
    private var maximumFileCount: Int?
    /// The open files of the processes; `nil` unless no process was forked between the last two walks.
    private var openCensus: OpenCensus?
    /// Which of these processes share an address space.
    private var sharing: AddressSpaceSharing?
    private var lastWalk: (newest: Int?, at: ContinuousClock.Instant)?
    /// The processes of the last pass.
    private var lastProcesses: [FigureCache.Key] = []
    /// The start times of the processes that the caller names, in the first pass; `nil` before it. The kernel may give their
    /// pids to other processes at any time later.
    private var namedProcesses: [Int32: Int]?

    /// - Parameter maximumAge: The age up to which a figure of an earlier pass is used, and the time after which the
    ///   processes are searched for again.
    init(
        of scope: ProcessScope,
        mode: MemoryMode,
        detail: MemoryDetail = .standard,
        limits: SearchLimits,
        maximumAge: Duration = .seconds(60),
        in root: SystemRoot
    ) {
        builder = SnapshotBuilder(
            of: scope,
            mode: mode,
            detail: detail,
            limits: limits,
            maximumAge: maximumAge,
            in: root
        )
        self.maximumAge = maximumAge
        maximumFileCount = limits.maximumOpenFileCount
    }

    /// Changes the number of files that may stay open. If more are open, they are closed.
    mutating func limitFiles(to count: Int) {
        maximumFileCount = count
        if let fileCount = openCensus?.fileCount, fileCount > count { openCensus = nil }
    }

    /// The number of processes in the cache.
    var rememberedCount: Int { builder.rememberedCount }

    /// Changes the scope. Nothing of the earlier passes is used, except how long a read takes.
    mutating func change(to scope: ProcessScope) {
        builder.change(to: scope)
        openCensus = nil
        sharing = nil
        lastWalk = nil
        lastProcesses = []
        namedProcesses = nil
    }

    /// Runs one pass.
    ///
    /// - Parameter budget: The time of this pass in the mode ``MemoryMode/within(_:)``; `nil` for that of the mode.
    mutating func run(within budget: Duration? = nil) throws(ProcMemError) -> MemorySnapshot {
        if let budget { builder.setBudget(budget) }
        let start = ContinuousClock.now
        if builder.detail == .totals { return try builder.totals(since: start) }
        let (census, sharing) = try findProcesses(at: start)
        return builder.snapshot(of: census, sharing, since: start)
    }

    /// Finds the processes, or reads those of the last pass again if none was forked and none has exited.
    private mutating func findProcesses(
        at start: ContinuousClock.Instant
    ) throws(ProcMemError) -> (ProcessCensus, AddressSpaceSharing) {
        // Read before the walk, so that the next pass detects a process that is forked during it.
        // The open files do not include `status`.
        let mayStayOpen = builder.mode.readsCountersFirst && builder.detail == .standard
        let newest = mayStayOpen ? OpenCensus.newestProcessID(in: builder.root) : nil
        if let sharing, let last = lastWalk, last.at.duration(to: start) <= maximumAge,
            let census = openCensus?.read(newest: newest)
        {
            return (census, sharing)
        }
        openCensus = nil
        sharing = nil
        let deadline = builder.mode.deadline(from: start)
        let (census, sharing) = try findProcessesOrSurvivors()
        note(census)
        // If processes start and exit all the time, open files would never be used.
        if let newest, lastWalk?.newest == newest {
            // A pass without enough time leaves this to a later one.
            openCensus = OpenCensus.opening(
                census,
                newest: newest,
                maximumFileCount: maximumFileCount,
                in: builder.root
            ) {
                deadline.map { .now < $0 } ?? true
            }
            self.sharing = sharing
        }
        lastWalk = (newest, start)
        return (census, sharing)
    }

    /// Keeps the processes of a pass. If some could not be read, those of earlier passes remain as long as they have not
    /// exited.
    private mutating func note(_ census: ProcessCensus) {
        let keys = census.members.compactMap { member in
            member.stat.map { FigureCache.Key(pid: member.pid, startTimeTicks: $0.startTimeTicks) }
        }
        var missing: [FigureCache.Key] = []
        if !census.gaps.isEmpty || keys.count < census.members.count {
            let pids = Set(keys.map(\.pid))
            missing = lastProcesses.filter { !pids.contains($0.pid) && (try? isAlive($0)) ?? true }
        }
        lastProcesses = keys + missing
        if namedProcesses == nil {
            let named = census.members.lazy.filter { $0.depth == 0 }.compactMap(\.stat)
            namedProcesses = Dictionary(named.map { ($0.pid, $0.startTimeTicks) }) { first, _ in first }
        }
    }

    /// Finds the processes of the scope. If the roots of a tree have exited, finds those of the last pass that have not, and
    /// their descendants: the kernel has given these other parents. The same if the kernel has given the pid of a root to
    /// another process.
    ///
    /// - Throws: What the walk throws, once no process of the last pass is left.
    private func findProcessesOrSurvivors() throws(ProcMemError) -> (ProcessCensus, AddressSpaceSharing) {
        do throws(ProcMemError) {
            let found = try builder.findProcesses(isConcurrent: false)
            let strangers = strangers(in: found.0)
            if case .processes = builder.scope.kind {
                return strangers.isEmpty ? found : (try census(found.0, without: strangers), found.1)
            }
            guard !strangers.isEmpty || haveRootsExited(in: found.0) else { return found }
            guard let scope = try survivingScope() else {
                guard let stranger = strangers.first else { return found }
                throw ProcMemError(.noSuchProcess, path: builder.root.text(ProcPath(directoryOf: .id(stranger))))
            }
            return try builder.findProcesses(of: scope, isConcurrent: false)
        } catch {
            guard error.isEndOfProcess, let scope = try survivingScope() else { throw error }
            return try builder.findProcesses(of: scope, isConcurrent: false)
        }
    }

    /// Returns the pids of the caller that now belong to other processes than in the first pass.
    private func strangers(in census: ProcessCensus) -> Set<Int32> {
        guard builder.scope.namesProcesses, let namedProcesses else { return [] }
        var pids: Set<Int32> = []
        for member in census.members where member.depth == 0 {
            guard let stat = member.stat, let startTimeTicks = namedProcesses[member.pid] else { continue }
            if stat.startTimeTicks != startTimeTicks { pids.insert(member.pid) }
        }
        return pids
    }

    /// Returns the processes with an exited one in the place of each stranger.
    ///
    /// - Throws: ``ProcMemError`` with `noSuchProcess` if there is no other process.
    private func census(
        _ found: ProcessCensus,
        without strangers: Set<Int32>
    ) throws(ProcMemError) -> ProcessCensus {
        var census = found
        for index in census.members.indices where strangers.contains(census.members[index].pid) {
            census.members[index] = ProcessCensus.Member(
                pid: census.members[index].pid,
                depth: 0,
                stat: nil,
                value: MemoryUsage(unavailable: .exited),
                unavailableReason: .exited
            )
        }
        if let member = census.members.first, census.members.allSatisfy({ $0.value?.unavailable == .exited }) {
            throw ProcMemError(.noSuchProcess, path: builder.root.text(ProcPath(directoryOf: .id(member.pid))))
        }
        return census
    }

    /// Returns the trees of the processes of the last pass that have not exited; `nil` for a scope of another kind, and if
    /// there is none.
    ///
    /// - Throws: ``ProcMemError`` with `outOfResources` if it cannot be read whether one has exited. The processes of the
    ///   last pass remain known.
    private func survivingScope() throws(ProcMemError) -> ProcessScope? {
        guard case .trees = builder.scope.kind else { return nil }
        var survivors: [Int32] = []
        for process in lastProcesses where try isAlive(process) { survivors.append(process.pid) }
        return survivors.isEmpty ? nil : .trees(roots: survivors)
    }

    /// Returns whether a process has not exited, as far as `stat` shows. A process whose `stat` cannot be read remains: the
    /// walk counts it as one that is missing.
    private func isAlive(_ process: FigureCache.Key) throws(ProcMemError) -> Bool {
        let path = ProcPath(.id(process.pid), "stat")
        do throws(FileReadError) {
            let stat = try builder.root.read(path, ProcessStat.readOptions, ProcessStat.init(parsing:))
            return stat.startTimeTicks == process.startTimeTicks && !(stat.isZombie && stat.threadCount <= 1)
        } catch {
            if error.isLackOfResources { throw ProcMemError(error, path: builder.root.text(path)) }
            return !error.isExit
        }
    }

    /// Whether every root is a zombie without other threads.
    private func haveRootsExited(in census: ProcessCensus) -> Bool {
        census.members.allSatisfy { member in
            guard member.depth == 0 else { return true }
            guard let stat = member.stat else { return member.unavailableReason != .failed }
            return stat.isZombie && stat.threadCount <= 1
        }
    }
}
