/// Asks the kernel whether two processes have one memory map, by `kcmp(2)`.
///
/// The call takes ids and compares what they have at that moment: two whose main threads have ended have none, and that is
/// the same. So a process is asked about by a thread that lives, and "the same" is confirmed by a look at both.
struct MemoryMapQuestion {
    let root: KernelRoot

    /// - Returns: `nil` where the kernel does not tell: below a directory, without the right to trace both, or without kcmp.
    func compare(_ first: MemorySharing.Candidate, _ second: MemorySharing.Candidate) -> MemoryMapOrder? {
        guard root.isLive, let firstID = livingID(of: first), let secondID = livingID(of: second),
            let order = try? Syscalls.compareMemoryMaps(firstID, secondID)
        else { return nil }
        guard order == .same else { return order }
        return isHolding(first, firstID) && isHolding(second, secondID) ? .same : nil
    }

    private func livingID(of process: MemorySharing.Candidate) -> Int32? {
        guard process.isLedByZombie else { return process.pid }
        guard let directory = try? ProcessDirectory(.id(process.pid), in: root), let stat = try? directory.stat() else {
            return nil
        }
        return try? directory.answerOfThreads(leftBehind: stat) { statm(of: $0)?.isEmpty == false ? $0 : nil }
    }

    /// Whether the process is still the one that was met, and the thread still has a memory.
    private func isHolding(_ process: MemorySharing.Candidate, _ threadID: Int32) -> Bool {
        let stat = try? root.read(ProcPath(.id(process.pid), "stat"), ProcessStat.shape, ProcessStat.init(parsing:))
        return stat?.startTimeTicks == process.startTimeTicks && statm(of: threadID)?.isEmpty == false
    }

    private func statm(of threadID: Int32) -> Statm? {
        try? Statm(at: ProcPath(.id(threadID), "statm"), in: root)
    }
}
