/// Decides whether some processes fill a cgroup: whether they are exactly the processes of the cgroup and of its
/// descendants.
///
/// Zombies map no memory. They need not be listed: Linux 5.2 and later omit a zombie without other threads.
struct CgroupFilling: Sendable {
    /// All of the processes. No other process may be listed.
    private let processes: Set<Int32>
    /// Those that may hold memory. Each of them must be listed.
    private let holders: Set<Int32>
    private let maximumDuration: Duration

    /// - Parameters:
    ///   - processes: The pids of the processes.
    ///   - holders: The pids of those that may hold memory.
    ///   - maximumDuration: The time after which a decision is given up. The processes then count as not filling a cgroup.
    init(_ processes: some Sequence<Int32>, holders: some Sequence<Int32>, maximumDuration: Duration) {
        self.processes = Set(processes)
        self.holders = Set(holders)
        self.maximumDuration = maximumDuration
    }

    /// Returns whether the processes fill a cgroup at this moment; `false` also if its lists cannot be read in the time.
    ///
    /// The cost grows with the number of the processes and of the cgroups below. It does not grow with the number of
    /// other processes: reading stops at the first of them.
    func fills(_ cgroup: CgroupDirectory, in root: SystemRoot) -> Bool {
        let start = ContinuousClock.now
        var missing = holders
        return removeListed(from: &missing, below: cgroup, except: nil, since: start, in: root) && missing.isEmpty
    }

    /// Finds the cgroup of the memory controller that the processes fill; `nil` if they fill none.
    ///
    /// Candidates are the cgroup of one process and its ancestors. In the common case, the parent of the process is in
    /// the same cgroup and is not one of the processes. Two small files show this, regardless of the number of processes.
    ///
    /// - Parameters:
    ///   - first: A process that may hold memory, preferably the root of the tree.
    ///   - parent: The parent of that process; 0 if it is not visible.
    func cgroup(of first: Int32, parent: Int32, in root: SystemRoot) -> CgroupDirectory? {
        guard holders.contains(first), let own = Self.path(of: first, in: root) else { return nil }
        if parent > 0, !processes.contains(parent), let other = Self.path(of: parent, in: root),
            CgroupHierarchy.relativePath(of: other, below: own) != nil
        {
            return nil
        }
        let lookup = CgroupHierarchy.find(.memory, of: .id(first), in: root)
        guard let hierarchy = lookup.hierarchy, hierarchy.isOwnCgroupVisible else { return nil }
        let start = ContinuousClock.now
        var missing = holders
        var done: CgroupDirectory?
        for level in 0..<hierarchy.levelCount {
            let directory = CgroupDirectory(level: level, of: hierarchy)
            guard !CgroupProcesses.mayLeaveOut(directory, in: root),
                removeListed(from: &missing, below: directory, except: done, since: start, in: root)
            else { return nil }
            // On v2, the charge is that of the nearest ancestor for which the memory controller is enabled.
            if missing.isEmpty, (try? root.open(directory.file("memory.stat").span)) != nil { return directory }
            done = directory
        }
        return nil
    }

    /// The path of a process's cgroup in the hierarchy of the memory controller; `nil` if it cannot be read.
    private static func path(of pid: Int32, in root: SystemRoot) -> [UInt8]? {
        let membership = try? root.read(ProcPath(.id(pid), "cgroup"), CgroupMembership.readOptions) {
            CgroupMembership(parsing: $0, controller: .memory)
        }
        return membership?.v1Path ?? membership?.v2Path
    }

    /// Removes the processes of a cgroup and of its descendants from a set.
    ///
    /// - Parameters:
    ///   - done: A descendant that is left out.
    ///   - start: The instant from which the maximum duration counts.
    /// - Returns: `false` if a list has another process, or cannot be read in the time.
    private func removeListed(
        from missing: inout Set<Int32>,
        below top: CgroupDirectory,
        except done: CgroupDirectory?,
        since start: ContinuousClock.Instant,
        in root: SystemRoot
    ) -> Bool {
        var pending = [top]
        // More cgroups than these are mostly empty, and their number is not limited by that of the processes.
        var remaining = processes.count.saturatingAdding(64)
        var isFirst = true
        while let directory = pending.popLast() {
            remaining -= 1
            // One list is always read: the result for a single cgroup does not depend on the time.
            guard remaining >= 0, isFirst || start.duration(to: .now) <= maximumDuration else { return false }
            isFirst = false
            do throws(FileReadError) {
                let listed = try root.read(
                    directory.file("cgroup.procs").span,
                    readOptions,
                    CgroupProcesses.ids(parsing:)
                )
                for pid in listed {
                    guard processes.contains(pid) else { return false }
                    missing.remove(pid)
                }
                pending += try directory.children(in: root).filter { $0 != done }
            } catch  where error.isAbsence {
                // The cgroup has been removed since it was listed.
                continue
            } catch .system(.notSupported) {
                // A threaded cgroup: the kernel lists its processes in the nearest ancestor that is not threaded.
                continue
            } catch {
                return false
            }
        }
        return true
    }

    /// The options for `cgroup.procs`: a list that is longer than one of all the processes has others.
    private var readOptions: FileReadOptions {
        // The digits of the largest pid, and the end of the line.
        FileReadOptions(expectedBytes: 1024, limitBytes: max(1024, processes.count.saturatingMultiplied(by: 11)))
    }
}
