/// The memory of several processes and what they hold together.
///
/// For each process its directory is opened, `stat` and the file of the mode are read and, in a tree, `children`. A process
/// that appears or ends meanwhile may be in the snapshot or not; one that ends between two of its files is in it, with
/// `exited`. The figures of different processes are not of the same instant.
///
/// The cost grows with the number of processes, and with `.accurate` with their mapped pages too. No privileges are needed
/// but for those that the mode needs: a process that may not be looked at is in the snapshot with `nil` and the reason.
///
/// - Parameters:
///   - scope: Which processes.
///   - mode: How exactly to look.
///   - limits: How many processes, and for how long.
///   - root: Where the kernel's files are.
/// - Throws: ``ProcMemError`` with `noSuchProcess` where a process that the scope names is not there, `invalidArgument` for
///   an id below 1 or a cgroup that is not there, `procUnavailable` where `/proc` is not mounted or is another pid
///   namespace's, `outOfResources` without descriptors.
public func memorySnapshot(
    of scope: ProcessScope,
    mode: MemoryMode,
    limits: WalkLimits = WalkLimits(),
    in root: KernelRoot = .live
) throws(ProcMemError) -> MemorySnapshot {
    var pass = MemoryPass(of: scope, mode: mode, limits: limits, in: root)
    return try pass.run()
}
