import ProcMem

/// The answer of `procmem memory` for programs.
struct MemoryReport: Encodable {
    struct Process: Encodable {
        let pid: Int32
        @Nullable var parentPID: Int32?
        @Nullable var command: String?
        let source: String
        @Nullable var rssBytes: Int?
        @Nullable var sharedBytes: Int?
        @Nullable var pssBytes: Int?
        @Nullable var ussBytes: Int?
        @Nullable var swapBytes: Int?
        // A sample's error and a cached figure's age: neither mode of this version has them.
        @Nullable var ussStandardErrorBytes: Int?
        @Nullable var ageMilliseconds: Int?
        @Nullable var unavailable: String?
    }

    struct Physical: Encodable {
        @Nullable var estimate: Int?
        let lower: Int
        @Nullable var upper: Int?
        let proven: Bool
    }

    struct Total: Encodable {
        let processCount: Int
        @Nullable var rssBytes: Int?
        @Nullable var pssBytes: Int?
        @Nullable var ussBytes: Int?
        @Nullable var swapBytes: Int?
        let physicalBytes: Physical
        let sources: [String: Int]
        let unavailableCount: Int
    }

    let mode: String
    let elapsedMicroseconds: Int
    let processes: [Process]
    let total: Total

    init(_ snapshot: MemorySnapshot) {
        mode = snapshot.mode.name
        elapsedMicroseconds = snapshot.elapsed.microseconds
        processes = snapshot.processes.map { process in
            let usage = process.usage
            return Process(
                pid: process.pid,
                parentPID: process.parentPID,
                command: process.command,
                source: usage.source.name,
                rssBytes: usage.rssBytes,
                sharedBytes: usage.sharedBytes,
                pssBytes: usage.pssBytes,
                ussBytes: usage.ussBytes,
                swapBytes: usage.swapBytes,
                unavailable: usage.unavailable?.rawValue
            )
        }
        let sum = snapshot.total
        total = Total(
            processCount: sum.processCount,
            rssBytes: sum.rssBytes,
            pssBytes: sum.pssBytes,
            ussBytes: sum.ussBytes,
            swapBytes: sum.swapBytes,
            physicalBytes: Physical(
                estimate: sum.physicalBytes.estimate,
                lower: sum.physicalBytes.lower,
                upper: sum.physicalBytes.upper,
                proven: sum.physicalBytes.proven
            ),
            sources: Dictionary(sum.sources.map { ($0.key.name, $0.value) }, uniquingKeysWith: +),
            unavailableCount: sum.unavailableCount
        )
    }
}

extension MemoryMode {
    /// The name that the command takes and prints.
    var name: String {
        switch self {
        case .cheap: "cheap"
        case .accurate: "accurate"
        }
    }
}

extension MemorySource {
    /// The name that the command prints.
    var name: String {
        switch self {
        case .statm: "statm"
        case .smapsRollup: "smaps_rollup"
        case .smaps: "smaps"
        case .unavailable: "none"
        }
    }
}
