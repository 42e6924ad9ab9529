/// The memory files of a process, seen through one of its threads.
///
/// All threads share one memory, so any will do. It matters when the main thread has ended and others run on: then
/// `/proc/PID/statm` shows 0 and only `/proc/PID/task/TID/statm` tells.
struct ThreadMemoryFiles {
    let statm: ProcPath
    let smapsRollup: ProcPath
    let smaps: ProcPath
    let maps: ProcPath
    let pagemap: ProcPath

    /// Through the main thread.
    static var ofProcess: ThreadMemoryFiles {
        ThreadMemoryFiles(
            statm: ProcPath(file: "statm"),
            smapsRollup: ProcPath(file: "smaps_rollup"),
            smaps: ProcPath(file: "smaps"),
            maps: ProcPath(file: "maps"),
            pagemap: ProcPath(file: "pagemap")
        )
    }

    static func ofThread(_ id: Int32) -> ThreadMemoryFiles {
        ThreadMemoryFiles(
            statm: ProcPath(task: id, "statm"),
            smapsRollup: ProcPath(task: id, "smaps_rollup"),
            smaps: ProcPath(task: id, "smaps"),
            maps: ProcPath(task: id, "maps"),
            pagemap: ProcPath(task: id, "pagemap")
        )
    }
}
