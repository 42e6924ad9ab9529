/// The processes of a scope, with their `stat` and `statm` kept open, for as long as nobody comes or goes.
///
/// Walking a tree again costs more than looking at its members. The newest process's id, the last field of `/proc/loadavg`,
/// tells that nobody was forked; who ended, was adopted by somebody else or executed a program shows in `stat`.
struct KeptCensus: ~Copyable {
    private struct Kept {
        let member: ProcessCensus.Member
        let stat: Int
        /// `nil` for what has no memory.
        let statm: Int?
    }

    private let files: KeptFiles
    private let kept: [Kept]
    private let newest: Int
    private let search: ProcessSearch
    private let root: KernelRoot

    /// - Parameters:
    ///   - newest: What ``newestProcessID(in:)`` was before the processes were looked for.
    ///   - mayGoOn: Whether there is time for another process.
    /// - Returns: `nil` where they cannot be kept: there are too many, some could not be read, or there was not the time.
    static func keeping(
        _ census: ProcessCensus,
        newest: Int,
        in root: KernelRoot,
        mayGoOn: () -> Bool = { true }
    ) -> KeptCensus? {
        guard census.gaps.isEmpty, census.cgroup == nil, root.isLive,
            // A quarter of what the process may open is left to ProcMem.
            census.members.count * 2 <= Syscalls.maximumOpenFiles / 4
        else { return nil }
        var files = KeptFiles()
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
        return KeptCensus(files: files, kept: kept, newest: newest, search: census.search, root: root)
    }

    private init(
        files: consuming KeptFiles,
        kept: [Kept],
        newest: Int,
        search: ProcessSearch,
        root: KernelRoot
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
    borrowing func look(newest: Int?) -> ProcessCensus? {
        guard newest == self.newest else { return nil }
        var members: [ProcessCensus.Member] = []
        members.reserveCapacity(kept.count)
        for kept in kept {
            guard let stat = try? files.read(kept.stat, ProcessStat.shape, ProcessStat.init(parsing:)),
                let before = kept.member.stat, stat.startTimeTicks == before.startTimeTicks,
                stat.parentID == before.parentID, stat.isZombie == before.isZombie, stat.layout == before.layout,
                stat.hasNotExecuted == before.hasNotExecuted
            else { return nil }
            var member = ProcessCensus.Member(
                pid: kept.member.pid,
                depth: kept.member.depth,
                stat: stat,
                value: kept.member.value
            )
            if let number = kept.statm {
                let pageSizeBytes = root.pageSizeBytes
                let statm = try? files.read(number, Statm.shape) { (bytes) throws(Malformation) in
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
    static func newestProcessID(in root: KernelRoot) -> Int? {
        let shape = FileShape(expectedBytes: 128, limitBytes: 4096, isOneLine: true)
        return try? root.read(ProcPath(file: "/proc/loadavg"), shape) { (bytes) throws(Malformation) -> Int in
            var index = 0
            var last: Range<Int>?
            while let field = bytes.nextField(at: &index) { last = field }
            guard let last, let id = bytes.decimal(in: last) else {
                throw Malformation("five fields, the last a number")
            }
            return id
        }
    }
}
