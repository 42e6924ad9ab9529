/// The cgroups of a process at the time when files of these cgroups were opened.
///
/// The open files of a cgroup do not show that the process has moved to another one. `/proc/PID/cgroup` is kept open too,
/// and its contents are compared.
struct OpenMembership {
    private let file: Int
    private let contents: [UInt8]

    /// Opens `/proc/PID/cgroup` before the cgroups are looked up, so that a move in between appears as a change.
    init(of process: ProcessSelector, keptIn files: inout OpenFiles, in root: SystemRoot) throws(FileReadError) {
        let file = try root.open(ProcPath(process, "cgroup"))
        contents = try file.withContents(CgroupMembership.readOptions) { $0.bytes(in: 0..<$0.count) }
        self.file = files.keep(file)
    }

    /// Returns whether the process is still in the same cgroups, as far as the file shows, and whether the descriptors of the
    /// open files still refer to them: another part of the program may have closed all descriptors.
    func isUnchanged(in files: borrowing OpenFiles) -> Bool {
        guard files.areIntact else { return false }
        return (try? files.contents(of: file, equal: contents)) == true
    }
}

/// The times at which a reader checks whether the files that it keeps open are still those of the process's cgroups.
struct MembershipSchedule {
    /// What a reader has to do before a reading.
    enum Step {
        case none
        /// Compare the membership, and open the files again if it has changed.
        case compare
        /// Open the files again.
        case resolve
    }

    /// The process that opened the files; another one is a forked child.
    private var opener = ForkGeneration.current
    private var lastComparison = Syscalls.coarseMilliseconds
    private var lastResolution = Syscalls.coarseMilliseconds

    private static var millisecondsBetweenComparisons: Int { 100 }
    private static var millisecondsBetweenResolutions: Int { 1000 }

    /// Returns the step that is due: a resolution after a fork and once a second, else a comparison every 100 ms.
    mutating func nextStep() -> Step {
        let now = Syscalls.coarseMilliseconds
        if !opener.isCurrent || now - lastResolution >= Self.millisecondsBetweenResolutions { return .resolve }
        guard now - lastComparison >= Self.millisecondsBetweenComparisons else { return .none }
        lastComparison = now
        return .compare
    }

    /// Starts again after the files have been opened.
    mutating func restart() {
        self = MembershipSchedule()
    }
}
