/// The CPUs on which a process may run, and what was read beside them.
struct AffinityMask {
    let cpus: CPUSet
    /// The mask in `status`, which includes CPUs that are offline; `nil` if that is not the source.
    private(set) var listed: CPUSet?
    /// The CPUs that are online, or why they are not known; `nil` if the mask does not depend on them.
    private(set) var online: Result<(cpus: CPUSet, isOfKernel: Bool), FileReadError>?
}

/// The CPUs on which a process may run, from the first source that reports them.
enum AffinityLookup {
    /// Returns the affinity mask: from the system call on the running system, otherwise from `Cpus_allowed` in
    /// `/proc/PID/status`, otherwise all CPUs that are online.
    ///
    /// The system call omits CPUs that are offline. `status` includes them: in a virtual machine with 4 CPUs that can
    /// grow to 128, it reports 128. If all CPUs in the mask of a sleeping process have gone offline, the system call
    /// returns an empty mask (seen on 6.1) and `status` the previous one; the kernel widens the mask when the process
    /// wakes.
    ///
    /// - Parameter isOutOfResources: Becomes `true` if a source could not be read for lack of descriptors or memory: the
    ///   mask of another source may have more CPUs.
    static func affinity(
        of process: ProcessSelector,
        in root: SystemRoot,
        warnings: inout [String],
        isOutOfResources: inout Bool
    ) throws(ProcMemError) -> AffinityMask {
        if root.isLive {
            do {
                let mask = try Syscalls.withAffinityMask(of: process.threadID) { CPUSet(words: $0) }
                if mask.count > 0 { return AffinityMask(cpus: mask) }
                warnings.append("sched_getaffinity: no CPU in the mask is online; the kernel widens it on wake-up")
            } catch {
                let error = FileReadError.system(error)
                guard !error.isExit else { throw ProcMemError(error, path: "/proc/\(process.threadID)") }
                warnings.append("sched_getaffinity: \(error.summary)")
            }
        }
        let statusPath = ProcPath(process, "status")
        do {
            let status = try root.read(statusPath, ProcessStatus.readOptions, ProcessStatus.init(parsing:))
            if let allowed = status.allowedCPUs {
                let online = Result { () throws(FileReadError) in try CPUSet.online(in: root) }
                var usable = allowed
                switch online {
                case .success(let online):
                    let restricted = allowed.restricted(toOnline: online.cpus)
                    if restricted.count > 0 { usable = restricted }
                case .failure(let error) where error.isLackOfResources:
                    isOutOfResources = true
                    warnings.append("\(root.text(CPUSet.onlinePath)): \(error.summary)")
                case .failure: break
                }
                return AffinityMask(cpus: usable, listed: allowed, online: online)
            }
            warnings.append("\(root.text(statusPath)): has no Cpus_allowed")
        } catch {
            if error.isLackOfResources { isOutOfResources = true }
            let directory = ProcPath(directoryOf: process)
            if error.isExit, case .id = process {
                do throws(FileReadError) {
                    _ = try root.open(directory, as: .directory)
                } catch let failure {
                    if failure.isExit { throw ProcMemError(error, path: root.text(directory)) }
                    if failure.isLackOfResources { isOutOfResources = true }
                }
            }
            warnings.append("\(root.text(statusPath)): \(error.summary)")
        }
        do {
            let online = try CPUSet.online(in: root)
            return AffinityMask(cpus: online.cpus, online: .success(online))
        } catch {
            guard !isOutOfResources, !error.isLackOfResources else {
                let errno = error.isLackOfResources ? error.errno : nil
                throw ProcMemError(.outOfResources, path: root.text(CPUSet.onlinePath), errno: errno)
            }
            let detail = "the CPUs are unknown: neither this file nor \(root.text(CPUSet.onlinePath)) reports them"
            throw ProcMemError(.unsupported, path: root.text(statusPath), detail: detail)
        }
    }

    /// Returns the scheduling policy of the main thread; `nil` if it cannot be read.
    ///
    /// - Parameter isOutOfResources: Becomes `true` if it could not be read for lack of descriptors or memory.
    static func policy(
        of process: ProcessSelector,
        in root: SystemRoot,
        isOutOfResources: inout Bool
    ) -> SchedulingPolicy? {
        if root.isLive {
            guard let number = try? Syscalls.schedulingPolicy(of: process.threadID) else { return nil }
            return SchedulingPolicy(rawValue: Int(number))
        }
        let stat = readable(&isOutOfResources) { () throws(FileReadError) in
            try root.read(ProcPath(process, "stat"), ProcessStat.readOptions, ProcessStat.init(parsing:))
        }
        return stat?.policy
    }

    /// Returns what a file contains; `nil` if it cannot be read.
    ///
    /// - Parameter isOutOfResources: Becomes `true` if it cannot be read for lack of descriptors or memory.
    fileprivate static func readable<R>(
        _ isOutOfResources: inout Bool,
        _ read: () throws(FileReadError) -> R
    ) -> R? {
        do throws(FileReadError) {
            return try read()
        } catch {
            if error.isLackOfResources { isOutOfResources = true }
            return nil
        }
    }

    /// Returns the affinity mask of one thread of a process; `nil` if it cannot be read.
    ///
    /// - Parameter directory: The directory of the process.
    fileprivate static func affinity(
        ofThread id: Int32,
        in directory: borrowing ProcessDirectory,
        isLive: Bool
    ) -> CPUSet? {
        if isLive { return try? Syscalls.withAffinityMask(of: id) { CPUSet(words: $0) } }
        let path = ProcPath(task: id, "status")
        return (try? directory.read(path, ProcessStatus.readOptions, ProcessStatus.init(parsing:)))?.allowedCPUs
    }
}

extension CPUSet {
    /// Returns the CPUs of a mask from `status` that are online, if the two files use the same numbers.
    ///
    /// `status` includes CPUs that are offline. However, lxcfs shows a list that begins at 0 and is as long as the cpuset
    /// or a quota allows: 0-2 for the CPUs 1, 4 and 8. The numbers do not agree if the list has this form and contains a
    /// CPU that is not in the mask, while the mask contains one that is not in the list.
    fileprivate func restricted(toOnline online: CPUSet) -> CPUSet {
        let isCounted = online.ranges.count == 1 && online.ranges[0].lowerBound == 0
        return isCounted && !isSuperset(of: online) && !online.isSuperset(of: self) ? self : intersection(online)
    }
}

/// The CPUs of the machine, and of other threads, beside the mask of a process's main thread.
struct MachineCPUs {
    private(set) var onlineCount: Int?
    /// The isolated CPUs in the mask; `nil` if there are none.
    private(set) var isolated: CPUSet?
    /// The union of the masks of other threads, if the main thread's mask lacks some of these CPUs.
    private(set) var otherThreads: CPUSet?
    private(set) var warnings: [String] = []
    /// Whether one of the first two could not be read for lack of descriptors or memory.
    private(set) var isOutOfResources = false

    private static var maximumThreads: Int { 32 }

    /// - Parameters:
    ///   - quota: The tightest visible quota.
    ///   - hasHiddenAncestors: Whether cgroups that are not visible may have a quota.
    init(
        of process: ProcessSelector,
        with affinity: AffinityMask,
        quota: CPUQuota?,
        hasHiddenAncestors: Bool,
        in root: SystemRoot
    ) {
        let mask = affinity.cpus
        isolated = AffinityLookup.readable(&isOutOfResources) { () throws(FileReadError) in
            try CPUSet.isolated(in: root)
        }.map { $0.intersection(mask) }.flatMap { $0.count > 0 ? $0 : nil }
        let found = AffinityLookup.readable(&isOutOfResources) { () throws(FileReadError) in
            if let online = affinity.online { return try online.get() }
            return try CPUSet.online(in: root)
        }
        guard let (online, isOfKernel) = found else {
            otherThreads = Self.otherThreads(of: process, mask, in: root)
            return
        }
        onlineCount = online.count
        // On the running system, the mask in `status` may include CPUs that are offline.
        let allowed = root.isLive ? mask : affinity.listed ?? mask
        if !online.isSuperset(of: allowed), root.isLive || hasHiddenAncestors, Self.isCovered(online, in: root) {
            let path = root.text(CPUSet.onlinePath)
            warnings.append(
                "\(path): lists \(online.count) CPUs (\(online)), but the affinity mask has \(allowed.count) (\(allowed)); "
                    + "a file system such as lxcfs covers the file"
                    + Self.cause(ofList: online.count, beside: allowed.count, quota)
            )
        }
        // A list that the kernel does not provide may lack CPUs that other threads use.
        if !mask.isSuperset(of: online) || !isOfKernel {
            otherThreads = Self.otherThreads(of: process, mask, in: root)
        }
    }

    /// Returns why a list differs from the mask, the end of a sentence. lxcfs counts from 0, and lists as many CPUs as the
    /// cpuset, or as the quota rounded up.
    private static func cause(ofList listed: Int, beside allowed: Int, _ quota: CPUQuota?) -> String {
        if listed >= allowed { return " and gives the CPUs other numbers" }
        if quota?.cpuCount(rounding: .up) == listed { return ", which shows the quota" }
        return ", mostly because of a quota that is not visible"
    }

    /// Returns whether a list of fewer CPUs than the mask has is not the kernel's. The system call omits CPUs that are
    /// offline. `status` includes them: for a mask from there, CPUs must exist that the list lacks, and the files cannot
    /// distinguish the two cases unless a hidden cgroup may have a quota.
    private static func isCovered(_ online: CPUSet, in root: SystemRoot) -> Bool {
        guard !root.isLive, let present = try? CPUSet.present(in: root) else { return true }
        return !online.isSuperset(of: present)
    }

    private static func otherThreads(of process: ProcessSelector, _ mask: CPUSet, in root: SystemRoot) -> CPUSet? {
        guard let directory = try? ProcessDirectory(process, in: root), let ids = try? directory.threadIDs() else {
            return nil
        }
        var union = CPUSet([])
        for id in ids.prefix(maximumThreads) {
            guard let other = AffinityLookup.affinity(ofThread: id, in: directory, isLive: root.isLive) else {
                continue
            }
            union = CPUSet(union.ranges + other.ranges)
        }
        return mask.isSuperset(of: union) ? nil : union
    }
}
