/// What a thread does that follows the limits of one process: it looks, waits, and looks again.
struct CPULimitWatch: Sendable {
    let process: ProcessSelector
    let root: KernelRoot
    let pollMilliseconds: Int32
    let debounceMilliseconds: Int32
    let usesNotification: Bool

    /// Delivers the limits now and whenever they differ, until it is told to stop or the process is gone.
    func run(until stop: StopSignal, _ deliver: (CPULimits) -> Void) throws(ProcMemError) {
        let process = try process.validated(in: root)
        let identity = Identity(process, in: root)
        var files = FileWatches()
        var known: CPULimits?
        repeat {
            files.drain()
            // Watched first, then read: what is written in between wakes up, and is read again.
            if usesNotification { files.watch(limitFiles(), in: root) }
            let limits: CPULimits
            do {
                limits = try CPULimits(of: process, in: root, countsOnline: true)
                try identity.check()
            } catch {
                if known != nil, error.isEndOfProcess { return }
                throw error
            }
            if let known, known.isEquivalent(to: limits) { continue }
            known = limits
            deliver(limits)
        } while try wait(for: files.descriptor, until: stop)
    }

    /// The files of every level whose writes are limits that change, each with a NUL at its end.
    private func limitFiles() -> [[UInt8]] {
        guard let hierarchy = CgroupHierarchy.find(.cpu, of: process, in: root).hierarchy else { return [] }
        let names: [StaticString] =
            switch hierarchy.version {
            case .v1: ["cpu.cfs_quota_us", "cpu.cfs_period_us"]
            case .v2: ["cpu.max"]
            }
        return (0..<hierarchy.levelCount).flatMap { level in
            names.map { hierarchy.path(of: $0, atLevel: level) }
        }
    }

    /// Waits until it is time to look again; `false` when it is time to stop.
    private func wait(for files: Int32, until stop: StopSignal) throws(ProcMemError) -> Bool {
        do throws(Errno) {
            let happened = try Syscalls.wait(for: stop.descriptor, files, milliseconds: pollMilliseconds)
            if happened.first { return false }
            guard happened.second else { return true }
            // What follows within a moment belongs to it: quota and period are two writes.
            return try !Syscalls.wait(for: stop.descriptor, -1, milliseconds: debounceMilliseconds).first
        } catch {
            throw ProcMemError(.system(error), path: "poll")
        }
    }
}

extension CPULimitWatch {
    /// Tells whether an id still means the process that it meant at first.
    private struct Identity: ~Copyable {
        private let directory: ProcessDirectory?

        init(_ process: ProcessSelector, in root: KernelRoot) {
            // None for the own process, and where it is hidden: the limits themselves then tell what can be known.
            directory =
                switch process {
                case .current: nil
                case .id: try? ProcessDirectory(process, in: root)
                }
        }

        borrowing func check() throws(ProcMemError) {
            switch directory {
            case .none: return
            case .some(let directory):
                let stat: ProcessStat
                do {
                    stat = try directory.stat()
                } catch {
                    // The directory stays that of the first process, whoever has the id now.
                    guard error == .system(.noSuchProcess) else { return }
                    throw ProcMemError(error, path: "/proc/\(directory.process.threadID)")
                }
                // A main thread can end before the others: then the process goes on.
                guard stat.isZombie, stat.threadCount <= 1 else { return }
                throw ProcMemError(.zombie, path: "/proc/\(directory.process.threadID)")
            }
        }
    }
}

extension ProcMemError {
    fileprivate var isEndOfProcess: Bool { code == .noSuchProcess || code == .exited || code == .zombie }
}
