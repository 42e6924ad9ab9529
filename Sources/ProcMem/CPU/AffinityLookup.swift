/// Which CPUs a process may run on, from the first source that tells.
enum AffinityLookup {
    /// The affinity mask: from the system call on the running system, else `Cpus_allowed` in `/proc/PID/status`, else
    /// the CPUs that are online.
    ///
    /// The system call leaves out CPUs that are offline. `status` does not: a virtual machine with 4 CPUs that may be
    /// given 128 shows 128 there. Where all CPUs of a sleeping process's mask have gone offline the call shows none (seen on
    /// 6.1), and `status` what the process had; the kernel widens the mask when the process wakes.
    static func affinity(
        of process: ProcessSelector,
        in root: KernelRoot,
        warnings: inout [String]
    ) throws(ProcMemError) -> CPUSet {
        if root.isLive {
            do {
                let mask = try Syscalls.withAffinityMask(of: process.threadID) { CPUSet(words: $0) }
                if mask.count > 0 { return mask }
                warnings.append("sched_getaffinity: no CPU of the mask is online; awake it gets others")
            } catch {
                let error = ReadFailure.system(error)
                guard !error.isAbsence else { throw ProcMemError(error, path: "/proc/\(process.threadID)") }
                warnings.append("sched_getaffinity: \(error.summary)")
            }
        }
        let statusPath = ProcPath(process, "status")
        do {
            let status = try root.read(statusPath, ProcessStatus.shape, ProcessStatus.init(parsing:))
            if let allowed = status.allowedCPUs {
                let usable = (try? online(in: root)).map { allowed.intersection($0) }
                return usable.flatMap { $0.count > 0 ? $0 : nil } ?? allowed
            }
            warnings.append("\(root.text(statusPath)): has no Cpus_allowed")
        } catch {
            let directory = ProcPath(directoryOf: process)
            if error.isAbsence, case .id = process, (try? root.open(directory, as: .directory)) == nil {
                throw ProcMemError(error, path: root.text(directory))
            }
            warnings.append("\(root.text(statusPath)): \(error.summary)")
        }
        do {
            return try online(in: root)
        } catch {
            let detail = "nothing tells the CPUs: neither this file nor \(root.text(onlinePath)) can be read"
            throw ProcMemError(.unsupported, path: root.text(statusPath), detail: detail)
        }
    }

    /// The CPUs that are online.
    static func online(in root: KernelRoot) throws(ReadFailure) -> CPUSet {
        try root.read(onlinePath, CPUSet.listShape, CPUSet.init(parsingList:))
    }

    /// The scheduling policy of the main thread.
    static func policy(of process: ProcessSelector, in root: KernelRoot) -> SchedulingPolicy? {
        if root.isLive {
            guard let number = try? Syscalls.schedulingPolicy(of: process.threadID) else { return nil }
            return SchedulingPolicy(rawValue: Int(number))
        }
        let stat = try? root.read(ProcPath(process, "stat"), ProcessStat.shape, ProcessStat.init(parsing:))
        return stat?.policy
    }

    private static var onlinePath: ProcPath { ProcPath(file: "/sys/devices/system/cpu/online") }
}
