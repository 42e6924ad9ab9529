import ProcMem

/// The answer of `procmem memory` for programs.
struct MemoryReport: Encodable {
    struct Process: Encodable {
        let pid: Int32
        @Nullable var parentPID: Int32?
        @Nullable var command: String?
        @Nullable var startTimeTicks: Int?
        let depth: Int
        let source: String
        @Nullable var rssBytes: Int?
        @Nullable var sharedBytes: Int?
        @Nullable var pssBytes: Int?
        @Nullable var ussBytes: Int?
        @Nullable var swapBytes: Int?
        @Nullable var hugetlbBytes: Int?
        @Nullable var ussStandardErrorBytes: Int?
        @Nullable var ageMilliseconds: Int?
        @Nullable var unavailable: String?
        @Nullable var sharesMemoryWith: Int32?
        @Nullable var mayShareMemoryWith: Int32?
    }

    struct Physical: Encodable {
        @Nullable var estimate: Int?
        let lower: Int
        @Nullable var upper: Int?
        let proven: Bool
    }

    struct Unattributed: Encodable {
        @Nullable var estimate: Int?
        let lower: Int
        let upper: Int
    }

    /// What a cgroup is charged for.
    struct Charge: Encodable {
        let path: String
        @Nullable var chargedBytes: Int?
        @Nullable var unattributedBytes: Unattributed?
        @Nullable var anonBytes: Int?
        @Nullable var fileBytes: Int?
        @Nullable var shmemBytes: Int?
        @Nullable var kernelBytes: Int?
        let unknown: [String: String]

        init(_ charge: CgroupCharge) {
            path = charge.path
            chargedBytes = charge.chargedBytes
            unattributedBytes = charge.unattributedBytes.map {
                Unattributed(estimate: $0.estimate, lower: $0.lower, upper: $0.upper)
            }
            anonBytes = charge.anonBytes
            fileBytes = charge.fileBytes
            shmemBytes = charge.shmemBytes
            kernelBytes = charge.kernelBytes
            unknown = Dictionary(uniqueKeysWithValues: charge.unknown.map { ($0.key.rawValue, $0.value) })
        }
    }

    /// How many processes each sum is of.
    struct FigureCounts: Encodable {
        let rss: Int
        let pss: Int
        let uss: Int
        let swap: Int
    }

    struct Total: Encodable {
        let processCount: Int
        let memorylessCount: Int
        @Nullable var rssBytes: Int?
        @Nullable var pssBytes: Int?
        @Nullable var ussBytes: Int?
        @Nullable var swapBytes: Int?
        let figureCounts: FigureCounts
        let unreadableRSSBytes: Int
        let physicalBytes: Physical
        let sources: [String: Int]
        @Nullable var oldestAgeMilliseconds: Int?
        let unavailableCount: Int
    }

    let mode: String
    let elapsedMicroseconds: Int
    let search: String
    let complete: Bool
    let gaps: [String]
    let processes: [Process]
    let total: Total
    @Nullable var cgroup: Charge?

    init(_ snapshot: MemorySnapshot) {
        mode = snapshot.mode.name
        elapsedMicroseconds = snapshot.elapsed.microseconds
        search = snapshot.search.rawValue
        complete = snapshot.complete
        gaps = snapshot.gaps.map(\.rawValue).sorted()
        processes = snapshot.processes.map { process in
            let usage = process.usage
            return Process(
                pid: process.pid,
                parentPID: process.parentPID,
                command: process.command,
                startTimeTicks: process.startTimeTicks,
                depth: process.depth,
                source: usage.source.name,
                rssBytes: usage.rssBytes,
                sharedBytes: usage.sharedBytes,
                pssBytes: usage.pssBytes,
                ussBytes: usage.ussBytes,
                swapBytes: usage.swapBytes,
                hugetlbBytes: usage.hugetlbBytes,
                ussStandardErrorBytes: usage.source.standardErrorBytes,
                ageMilliseconds: usage.source.age.map { $0.microseconds / 1000 },
                unavailable: usage.unavailable?.rawValue,
                sharesMemoryWith: process.sharesMemoryWith,
                mayShareMemoryWith: process.mayShareMemoryWith
            )
        }
        cgroup = snapshot.cgroupCharge.map(Charge.init)
        let sum = snapshot.total
        total = Total(
            processCount: sum.processCount,
            memorylessCount: sum.memorylessCount,
            rssBytes: sum.rssBytes,
            pssBytes: sum.pssBytes,
            ussBytes: sum.ussBytes,
            swapBytes: sum.swapBytes,
            figureCounts: FigureCounts(
                rss: sum.figureCounts.rss,
                pss: sum.figureCounts.pss,
                uss: sum.figureCounts.uss,
                swap: sum.figureCounts.swap
            ),
            unreadableRSSBytes: sum.unreadableRSSBytes,
            physicalBytes: Physical(
                estimate: sum.physicalBytes.estimate,
                lower: sum.physicalBytes.lower,
                upper: sum.physicalBytes.upper,
                proven: sum.physicalBytes.proven
            ),
            sources: Dictionary(sum.sources.map { ($0.key.name, $0.value) }, uniquingKeysWith: +),
            oldestAgeMilliseconds: sum.oldestAge.map { $0.microseconds / 1000 },
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
        case .sampled: "sampled"
        case .bounded: "bounded"
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
        case .sampled: "sampled"
        case .cached: "cached"
        case .unavailable: "none"
        }
    }
}
