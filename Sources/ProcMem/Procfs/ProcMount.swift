import Synchronization

/// Whether `/proc` is mounted for the caller's own pid namespace. In another namespace, an id refers to a different
/// process.
enum ProcNamespace {
    /// The process for which this was last confirmed. A forked child checks again: it may be in another pid namespace,
    /// where its id may be the same number.
    private static let confirmedPID = Atomic<Int32>(0)
    private static let forgetsAtFork = Syscalls.registerForkChildHandler { confirmedPID.store(0, ordering: .relaxed) }

    /// Whether this is confirmed for the calling process.
    static var isConfirmed: Bool { confirmedPID.load(ordering: .relaxed) == Syscalls.pid }

    /// Whether `/proc` shows the calling process under its own id, as far as the kernel permits to check.
    static var isVisible: Bool {
        do {
            return try Syscalls.processIDShownByProc() == Syscalls.pid
        } catch {
            return true
        }
    }

    /// Checks that `/proc` belongs to the caller's pid namespace. One system call if that is already confirmed, one
    /// more if not, none below a directory that replaces `/`.
    ///
    /// - Throws: ``ProcMemError`` with `procUnavailable`.
    static func confirm(in root: SystemRoot) throws(ProcMemError) {
        guard root.isLive else { return }
        if isConfirmed { return }
        let own = Syscalls.pid
        let shown: Int32?
        do {
            shown = try Syscalls.processIDShownByProc()
        } catch {
            throw ProcMemError(.system(error), path: "/proc/self")
        }
        guard let shown else {
            throw ProcMemError(.procUnavailable, path: "/proc/self", detail: "/proc is not mounted")
        }
        guard shown == own else {
            let detail = "/proc is mounted for another pid namespace: this process is pid \(shown) there, \(own) here"
            throw ProcMemError(.procUnavailable, path: "/proc/self", detail: detail)
        }
        // Without a fork handler, check on every call.
        if forgetsAtFork { confirmedPID.store(own, ordering: .relaxed) }
    }
}

/// Whether `/proc` shows the caller every process of its pid namespace.
enum ProcVisibility {
    /// Returns whether processes may exist that are missing from a list of `/proc`.
    ///
    /// The mount options, the rights of the calling thread, and the visibility of process 1, which always exists,
    /// determine the result. It is `false` below a directory that replaces `/`, where no process is hidden.
    static func hidesProcesses(in root: SystemRoot) -> Bool {
        guard root.isLive else { return false }
        if isHidden(.id(1), in: root) { return true }
        let options = mountOptions
        switch options.hiding {
        case .off, .noAccess: return false
        case .invisible: return !Syscalls.mayTraceAll && !Syscalls.isInGroup(options.exemptGroup)
        case .notTraceable: return !Syscalls.mayTraceAll
        }
    }

    /// Returns whether a process that could not be found exists nevertheless: the scheduler knows it, but `/proc` does
    /// not show it.
    static func isHidden(_ process: ProcessSelector, in root: SystemRoot) -> Bool {
        guard root.isLive, Syscalls.isKnownToScheduler(process.threadID),
            // If /proc is not mounted, no process counts as hidden.
            (try? Syscalls.processIDShownByProc()) == Syscalls.pid
        else { return false }
        // Check /proc once more: another process may have got the id after the first check.
        do {
            _ = try ProcessDirectory(process, in: root)
            return false
        } catch {
            return error.isAbsence
        }
    }

    private static var mountOptions: ProcMountOptions {
        let path: StaticString = "/proc"
        if let mount = try? Syscalls.mount(at: (Array(path.description.utf8) + [0]).span) {
            return ProcMountOptions(parsing: mount.options.span)
        }
        // Before Linux 6.8. If several mounts have the same mount point, the last one is visible.
        let found = try? SystemRoot.live.read(ProcPath(.current, "mountinfo"), MountLine.readOptions) { bytes in
            var options = ProcMountOptions(parsing: Span())
            var index = 0
            while let range = bytes.nextLine(at: &index) {
                guard let line = MountLine(parsing: bytes, in: range), bytes.equals(path, in: line.mountPoint) else {
                    continue
                }
                options = ProcMountOptions(parsing: bytes.extracting(line.superOptions))
            }
            return options
        }
        return found ?? ProcMountOptions(parsing: Span())
    }
}

/// The mount options of `/proc` that determine which processes are visible to which users (proc(5)).
struct ProcMountOptions: Hashable, Sendable {
    /// The mount option `hidepid`. The numbers are the kernel's. The option accepts names since Linux 5.8.
    enum Hiding: Int, Sendable {
        /// No process is hidden, and `hidepid` restricts no file.
        case off = 0
        /// The processes of other users are listed, but their files return `EPERM`.
        case noAccess = 1
        /// The processes of other users are not listed.
        case invisible = 2
        /// Processes that the caller may not trace are not listed. Requires Linux 5.8.
        case notTraceable = 4
    }

    var hiding = Hiding.off
    /// The mount option `gid`: members of this group see all processes despite a `hidepid` of up to 2.
    var exemptGroup: UInt32 = 0

    /// Parses mount options.
    ///
    /// - Parameter bytes: Words separated by commas, for example `rw,gid=5,hidepid=invisible`.
    init(parsing bytes: Span<UInt8>) {
        var start = 0
        while start <= bytes.count {
            let end = bytes.firstIndex(of: UInt8(ascii: ","), in: start..<bytes.count) ?? bytes.count
            add(bytes, start..<end)
            start = end + 1
        }
    }

    private mutating func add(_ bytes: Span<UInt8>, _ word: Range<Int>) {
        if bytes.hasPrefix("hidepid=", in: word) {
            let value = word.lowerBound + 8..<word.upperBound
            if bytes.equals("noaccess", in: value) {
                hiding = .noAccess
            } else if bytes.equals("invisible", in: value) {
                hiding = .invisible
            } else if bytes.equals("ptraceable", in: value) {
                hiding = .notTraceable
            } else {
                hiding = bytes.decimal(in: value).flatMap(Hiding.init(rawValue:)) ?? .off
            }
        } else if bytes.hasPrefix("gid=", in: word) {
            exemptGroup = bytes.decimal(in: word.lowerBound + 4..<word.upperBound).flatMap { UInt32(exactly: $0) } ?? 0
        }
    }
}
