/// Reads the memory of a process's container repeatedly, with the files kept open.
///
/// ```swift
/// var reader = try ContainerMemoryReader()
/// if let available = try reader.read().availableBytes, available < 64 << 20 { print("memory is short") }
/// ```
///
/// Each reading reads, with one `pread` for each file: the limits of every level, the usage and `memory.stat` of the
/// charged cgroup and of levels with a limit, the counted events, and `/proc/meminfo`. The cost grows with the number of
/// levels. A reading does not allocate. No privileges are required.
///
/// Changes that do not appear in the open files are checked periodically: a move of the process to another cgroup is
/// detected within 100 ms; a new level or a new mount of a hierarchy within a second. The removal of a cgroup is detected
/// immediately. After a `fork`, the reader in the child detects that its files are those of the parent, and opens the
/// child's.
///
/// A reader keeps one descriptor for `/proc/PID/cgroup`, one for `/proc/PID/stat` of another process, one for
/// `/proc/meminfo`, two to four for each level, and one or two for the events. If no descriptor is left when the files are
/// opened again, the reader keeps the earlier ones. If these cannot be read any more, the last figures remain. In both cases
/// ``Reading/isComplete`` is `false`. ``ContainerMemory`` explains the figures.
public struct ContainerMemoryReader: ~Copyable {
    private let process: ProcessSelector
    private let root: SystemRoot
    private var kept: OpenMemoryFiles
    private let lifetime: ProcessLifetime
    private var schedule = MembershipSchedule()
    /// Whether the files could not be opened again for lack of descriptors or memory.
    private var isStale = false
    /// Whether the process no longer existed when the files were opened again.
    private var isGone = false
    /// The last figures that could be read.
    private var last = Reading(isComplete: false)

    /// Finds and opens the files of the calling process's cgroups.
    ///
    /// - Parameter root: The directory that contains the kernel's files.
    /// - Throws: ``ProcMemError`` if neither a cgroup nor `/proc/meminfo` can be read, as
    ///   ``ContainerMemory/current(in:)`` does.
    public init(in root: SystemRoot = .live) throws(ProcMemError) {
        try self.init(process: .current, root: root)
    }

    /// Finds and opens the files of another process's cgroups.
    ///
    /// - Parameters:
    ///   - pid: The process's id in the caller's pid namespace.
    ///   - root: The directory that contains the kernel's files.
    /// - Throws: ``ProcMemError`` with `invalidArgument` for an id below 1, `noSuchProcess` if no process has the id;
    ///   also the errors of ``init(in:)``.
    public init(of pid: Int32, in root: SystemRoot = .live) throws(ProcMemError) {
        let process = try ProcessSelector(validating: pid, in: root)
        // Throws for a process that does not exist or is hidden.
        _ = try ContainerMemory(of: pid, in: root)
        try self.init(process: process, root: root)
    }

    init(process: ProcessSelector, root: SystemRoot) throws(ProcMemError) {
        // First: what is opened afterwards belongs to the process as long as it exists.
        let lifetime = try ProcessLifetime(of: process, in: root)
        let files = OpenMemoryFiles(of: process, in: root)
        guard files.hasSource else {
            // Reports the reason.
            _ = try ContainerMemory(of: process, in: root, .limitsAlone)
            // What could not be opened can be read now.
            throw ProcMemError(.outOfResources, path: root.text(MemInfo.path))
        }
        self.process = process
        self.root = root
        self.lifetime = lifetime
        kept = files
    }

    /// Reads the current figures.
    ///
    /// - Throws: ``ProcMemError`` with `noSuchProcess` if the process has exited, even if another one has its pid by then.
    public mutating func read() throws(ProcMemError) -> Reading {
        refreshIfDue()
        try checkProcess()
        if let reading = try? kept.reading() {
            last = reading
        } else {
            // A file cannot be read any more: its cgroup has been removed, and the process is in another one or gone.
            resolve()
            // Otherwise the last figures remain, and the files are opened again at the next reading.
            if let reading = try? kept.reading() { last = reading } else { last.isComplete = false }
        }
        if isStale { last.isComplete = false }
        try checkProcess()
        do throws(ProcMemError) {
            // The files were opened by the pid.
            try lifetime.validate()
        } catch {
            guard error.code == .outOfResources else { throw error }
            last.isComplete = false
        }
        return last
    }

    /// Whether the process may still exist. A lack of descriptors does not show that it has exited.
    private func exists() -> Bool {
        do throws(FileReadError) {
            _ = try root.open(ProcPath(directoryOf: process), as: .directory)
            return true
        } catch {
            return !error.isExit
        }
    }

    private func checkProcess() throws(ProcMemError) {
        guard isGone else { return }
        throw ProcMemError(.noSuchProcess, path: root.text(ProcPath(directoryOf: process)))
    }

    private mutating func refreshIfDue() {
        switch schedule.nextStep() {
        case .none: return
        case .compare: if !kept.isMembershipUnchanged() { resolve() }
        case .resolve: resolve()
        }
    }

    private mutating func resolve() {
        let files = OpenMemoryFiles(of: process, in: root)
        // A lack of descriptors never makes an answer larger: the earlier files remain.
        isStale = files.isOutOfResources
        if !isStale {
            kept = files
            if case .id = process, !kept.hasMembership { isGone = !exists() }
        }
        schedule.restart()
    }
}

extension ContainerMemoryReader {
    /// The figures at the time of one reading. ``ContainerMemory`` explains them.
    public struct Reading: Sendable, Hashable {
        /// The smallest memory limit, as ``ContainerMemory/limitBytes``.
        public internal(set) var limitBytes: Int?
        /// The smallest soft limit, as ``ContainerMemory/highBytes``.
        public internal(set) var highBytes: Int?
        /// Whether the usage of a visible level exceeds its soft limit.
        public internal(set) var isAboveHigh = false
        /// The memory charged to the process's cgroup, as ``ContainerMemory/usageBytes``.
        public internal(set) var usageBytes: Int?
        /// The usage without the inactive file pages, as ``ContainerMemory/workingSetBytes``.
        public internal(set) var workingSetBytes: Int?
        /// The memory that can still be used, as ``ContainerMemory/availableBytes``.
        public internal(set) var availableBytes: Int?
        /// The memory that can still be used with more reclaim, as ``ContainerMemory/availableWithReclaimBytes``.
        public internal(set) var availableWithReclaimBytes: Int?
        /// The counted events, as ``ContainerMemory/events``.
        public internal(set) var events = ContainerMemory.Events()
        /// The machine's memory without huge pages.
        public internal(set) var machineBytes: Int?
        /// Whether every visible level, and every bound of the available memory, could be read and parsed. `false` also if
        /// the files could not be opened again for lack of descriptors.
        public internal(set) var isComplete: Bool
        /// Whether every bound of the available memory that exists could be read.
        var hasAllBounds = true

        init(isComplete: Bool) { self.isComplete = isComplete }

        mutating func set(_ bounds: CgroupMemoryBounds) {
            limitBytes = bounds.limit?.bytes
            highBytes = bounds.high?.bytes
            isAboveHigh = bounds.isAboveHigh ?? false
            availableBytes = bounds.availableBytes
            availableWithReclaimBytes = bounds.availableWithReclaimBytes
            machineBytes = bounds.machine.usableBytes
            hasAllBounds = bounds.hasAllBounds
        }

        /// The memory that the process can rely on: the smaller of the limit and the machine's memory.
        public var effectiveMemoryBytes: Int? {
            guard let limitBytes, let machineBytes else { return limitBytes ?? machineBytes }
            return min(limitBytes, machineBytes)
        }
    }
}
