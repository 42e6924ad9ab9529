import ProcMem

/// Public entry points of the library that read the system, with the queries that call them. A test compares their names with
/// the declarations of the library.
struct Query: Sendable {
    /// The names as documentation writes them, with the type: `CPULimits.init(of:in:)`.
    let entries: [String]
    private let body: @Sendable (Int32, SystemRoot) throws -> Void

    init(_ entries: String..., body: @escaping @Sendable (_ other: Int32, _ root: SystemRoot) throws -> Void) {
        (self.entries, self.body) = (entries, body)
    }

    /// - Parameter other: Another process.
    func make(_ other: Int32, in root: SystemRoot) throws { try body(other, root) }
}

extension Query {
    /// Every query that returns one result, of the calling process and of another one.
    static let all = limits + containers + memory + processes

    /// The queries that need no `/proc`: what it hides, system calls report.
    static let callersLimits = (limits + containers).filter { query in
        !query.entries.contains { $0.contains("(of:") || $0.contains("Throttling") || $0.contains("CPUTime") }
    }

    private static let limits = [
        Query("effectiveCPUCount(rounding:minimum:in:)") { _ = effectiveCPUCount(in: $1) },
        Query("CPULimits.current(in:)") { _ = try CPULimits.current(in: $1) },
        Query("CPULimits.init(of:in:)") { _ = try CPULimits(of: $0, in: $1) },
        Query("CPULimitReader.init(in:)", "CPULimitReader.read()") {
            var reader = try CPULimitReader(in: $1)
            _ = try reader.read()
        },
        Query("CPULimitReader.init(of:in:)") {
            var reader = try CPULimitReader(of: $0, in: $1)
            _ = try reader.read()
        },
        Query("CPUThrottling.current(in:)") { _ = CPUThrottling.current(in: $1) },
        Query("CPUThrottling.init(of:in:)") { _ = try CPUThrottling(of: $0, in: $1) },
        Query("CgroupCPUTime.current(in:)") { _ = CgroupCPUTime.current(in: $1) },
        Query("CgroupCPUTime.init(of:in:)") { _ = try CgroupCPUTime(of: $0, in: $1) },
    ]

    private static let containers = [
        Query("effectiveMemoryBytes(includingSoftLimit:in:)") {
            for isSoftLimitIncluded in [false, true] {
                guard effectiveMemoryBytes(includingSoftLimit: isSoftLimitIncluded, in: $1) != nil else {
                    throw Unknown(figure: "effectiveMemoryBytes")
                }
            }
        },
        Query("ContainerMemory.current(in:)") { _ = try ContainerMemory.current(in: $1) },
        Query("CgroupCPUTime.init(ofCgroup:in:)") { _ = try? CgroupCPUTime(ofCgroup: "/", in: $1) },
        Query("ContainerMemory.init(ofCgroup:in:)") { _ = try? ContainerMemory(ofCgroup: "/", in: $1) },
        Query("ContainerMemory.init(of:in:)") { _ = try ContainerMemory(of: $0, in: $1) },
        Query("ContainerMemoryReader.init(in:)", "ContainerMemoryReader.read()") {
            var reader = try ContainerMemoryReader(in: $1)
            _ = try reader.read()
        },
        Query("ContainerMemoryReader.init(of:in:)") {
            var reader = try ContainerMemoryReader(of: $0, in: $1)
            _ = try reader.read()
        },
    ]

    private static let modes: [MemoryMode] = [.cheap, .sampled(reads: 64), .accurate, .within(.milliseconds(5))]

    private static let memory = [
        Query("memoryUsage(mode:in:)") { for mode in modes { _ = try memoryUsage(mode: mode, in: $1) } },
        // Whether another process may be read depends on its user.
        Query("memoryUsage(of:mode:in:)") { for mode in modes { _ = try? memoryUsage(of: $0, mode: mode, in: $1) } },
        Query("memorySnapshot(of:mode:detail:limits:in:)") {
            for mode in modes {
                for scope in [ProcessScope.currentTree, .tree(root: $0), .currentCgroup, .all] {
                    // A budget keeps the accurate reading of a whole system short.
                    if scope == .all, mode == .accurate { continue }
                    _ = try memorySnapshot(of: scope, mode: mode, in: $1)
                }
            }
        },
        Query("Statm.init(of:in:)") { _ = try Statm(of: $0, in: $1) },
        Query("SmapsRollup.init(of:in:)") { _ = try? SmapsRollup(of: $0, in: $1) },
        Query(
            "MemoryReader.init(in:)",
            "MemoryReader.usage(mode:)",
            "MemoryReader.peakRSSBytes()",
            "MemoryReader.checkForExec()"
        ) {
            var reader = try MemoryReader(in: $1)
            for mode in modes { _ = try reader.usage(mode: mode) }
            _ = try reader.peakRSSBytes()
            _ = try reader.checkForExec()
        },
        Query("MemoryReader.init(of:in:)") {
            guard var reader = try? MemoryReader(of: $0, in: $1) else { return }
            for mode in modes { _ = try? reader.usage(mode: mode) }
        },
        Query("SystemRoot.isPSSEstimated") { _ = $1.isPSSEstimated },
        Query("SystemRoot.live", "SystemRoot.init(directory:pageSizeBytes:)") { _, _ in
            _ = (SystemRoot.live, SystemRoot(directory: "/"))
        },
    ]

    private static let processes: [Query] = {
        let queries = [
            Query("processList(of:limits:in:)") { _ = try processList(of: .all, in: $1) },
            Query("processUsage(of:includingOpenFiles:limits:in:)") {
                _ = try processUsage(of: .tree(root: $0), includingOpenFiles: true, in: $1)
            },
        ]
        #if Procps && (canImport(CProcpsHasLibproc2) || canImport(CProcpsHasLibprocps) || CPROCPS_HEADERS)
            return queries + [table]
        #else
            return queries
        #endif
    }()

    #if Procps && (canImport(CProcpsHasLibproc2) || canImport(CProcpsHasLibprocps) || CPROCPS_HEADERS)
        private static let table = Query(
            "ProcessTable.init(reading:)",
            "ProcessTable.read()",
            "ProcessTable.read(pids:)",
            "ProcessTable.read(userIDs:)"
        ) { other, _ in
            guard var table = try? ProcessTable() else { return }
            _ = try? table.read()
            _ = try? table.read(pids: [other])
            _ = try? table.read(userIDs: [0])
        }
    #endif

    /// A figure that must be known has no value.
    struct Unknown: Error {
        let figure: String
    }
}

/// The asynchronous sequences and the sampler, as ``Query`` for what returns one result.
struct StreamQuery: Sendable {
    let entries: [String]
    private let body: @Sendable (Int32, SystemRoot) async throws -> Void

    init(_ entries: String..., body: @escaping @Sendable (_ other: Int32, _ root: SystemRoot) async throws -> Void) {
        (self.entries, self.body) = (entries, body)
    }

    func make(_ other: Int32, in root: SystemRoot) async throws { try await body(other, root) }

    static let all = [
        StreamQuery(
            "CPULimitChanges.init(of:pollInterval:debounce:in:)",
            "CPULimitChanges.makeAsyncIterator()",
            "CPULimitChanges.AsyncIterator.next()",
            "CPULimitChanges.AsyncIterator.next(isolation:)"
        ) { other, root in
            for pid in [nil, other] {
                for try await _ in CPULimitChanges(of: pid, in: root) { break }
                var limits = CPULimitChanges(of: pid, in: root).makeAsyncIterator()
                _ = try await limits.next()
            }
        },
        StreamQuery(
            "ContainerMemoryChanges.init(of:below:pressure:pollInterval:debounce:in:)",
            "ContainerMemoryChanges.makeAsyncIterator()",
            "ContainerMemoryChanges.AsyncIterator.next()",
            "ContainerMemoryChanges.AsyncIterator.next(isolation:)"
        ) { other, root in
            let pressure = PressureThreshold(share: 0.1)
            for pid in [nil, other] {
                let changes = ContainerMemoryChanges(of: pid, below: [.share(0.2)], pressure: pressure, in: root)
                for try await _ in changes { break }
                var iterator = changes.makeAsyncIterator()
                _ = try await iterator.next()
            }
        },
        StreamQuery(
            "MemorySampler.init(of:mode:detail:limits:maximumAge:in:)",
            "MemorySampler.snapshot()",
            "MemorySampler.Snapshots.makeAsyncIterator()",
            "MemorySampler.Snapshots.AsyncIterator.next()",
            "MemorySampler.Snapshots.AsyncIterator.next(isolation:)"
        ) { _, root in
            let sampler = MemorySampler(of: .currentTree, mode: .sampled(reads: 64), in: root)
            _ = try await sampler.snapshot()
            for try await _ in sampler.snapshots(every: .milliseconds(100)) { break }
            var snapshots = sampler.snapshots(every: .milliseconds(100)).makeAsyncIterator()
            _ = try await snapshots.next()
        },
        StreamQuery(
            "MultiScopeSampler.init(mode:detail:limits:maximumAge:in:)",
            "MultiScopeSampler.snapshot()"
        ) { pid, root in
            let sampler = MultiScopeSampler(mode: .sampled(reads: 64), in: root)
            sampler.add(.currentTree, as: "tree")
            sampler.add(.cgroup(of: pid), as: "cgroup")
            _ = try await sampler.snapshot()
            for try await _ in sampler.passes(every: .milliseconds(100)) { break }
        },
    ]
}
