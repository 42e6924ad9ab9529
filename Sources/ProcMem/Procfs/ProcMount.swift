import Synchronization

/// Whether `/proc` speaks of the caller's own pid namespace: of another one's, an id means another process.
enum ProcNamespace {
    /// The process for which that was last seen. A forked child, whose namespace may be another one and its number the same,
    /// looks for itself.
    private static let confirmedPID = Atomic<Int32>(0)
    private static let forgetsAtFork = Syscalls.registerForkChildHandler { confirmedPID.store(0, ordering: .relaxed) }

    /// Whether it was seen of the calling process.
    static var isConfirmed: Bool { confirmedPID.load(ordering: .relaxed) == Syscalls.pid }

    /// One system call where it was seen before, one more where not, none below a directory that stands in for `/`.
    ///
    /// - Throws: ``ProcMemError`` with `procUnavailable`.
    static func confirm(in root: SystemRoot) throws(ProcMemError) {
        guard root.isLive else { return }
        if isConfirmed { return }
        let own = Syscalls.pid
        guard let shown = Syscalls.processIDShownByProc else {
            throw ProcMemError(.procUnavailable, path: "/proc/self", detail: "/proc is not mounted")
        }
        guard shown == own else {
            let detail = "/proc is mounted for another pid namespace: this process is \(shown) there and \(own) here"
            throw ProcMemError(.procUnavailable, path: "/proc/self", detail: detail)
        }
        // Where the child could not be told, every call looks.
        if forgetsAtFork { confirmedPID.store(own, ordering: .relaxed) }
    }
}

/// Whether `/proc` shows the caller every process of its pid namespace.
enum ProcVisibility {
    /// Whether processes may be there that a list of `/proc` lacks.
    ///
    /// Told by the mount's options and the calling thread's rights, and by process 1, which is always there. `false` below
    /// a directory that stands in for `/`, where nobody is hidden.
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

    /// Whether a process that could not be found is there all the same: the scheduler knows it, and `/proc` does not show it.
    static func isHidden(_ process: ProcessSelector, in root: SystemRoot) -> Bool {
        guard root.isLive, Syscalls.isKnownToScheduler(process.threadID),
            // Of a /proc that is gone nobody is hidden.
            Syscalls.processIDShownByProc == Syscalls.pid
        else { return false }
        // Looked for once more last: the id may have passed to another process between two looks.
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
        // Before Linux 6.11. Of several mounts on one place the last is the one that is seen.
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

/// What the options of a mount of `/proc` say about whom it shows to whom (proc(5)).
struct ProcMountOptions: Hashable, Sendable {
    /// The mount option `hidepid`. The numbers are the kernel's; it names them since Linux 5.8.
    enum Hiding: Int, Sendable {
        /// Everybody sees everything that the kernel shows at all.
        case off = 0
        /// Other users' processes are listed, and their files answer `EPERM`.
        case noAccess = 1
        /// Other users' processes are not there.
        case invisible = 2
        /// Processes that the caller may not trace are not there. Since Linux 5.8.
        case notTraceable = 4
    }

    var hiding = Hiding.off
    /// `gid`: whose members see everything in spite of `hidepid` up to 2.
    var exemptGroup: UInt32 = 0

    /// - Parameter bytes: Words with commas between, such as `rw,gid=5,hidepid=invisible`.
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
