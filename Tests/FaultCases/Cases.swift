import ProcMem

/// Queries, whose system calls the campaign disturbs one at a time.
struct FaultCase {
    let name: String
    /// Makes the queries, and returns the outcome of each. The first failure of a step on which the others depend ends it.
    let body: () async -> [Outcome]

    init(_ name: String, _ body: @escaping () async -> [Outcome]) {
        self.name = name
        self.body = body
    }

    /// A case of one query.
    init(_ name: String, _ body: @escaping () async throws(ProcMemError) -> Any) {
        self.init(name) { [await Self.outcome(body)] }
    }

    static func outcome(_ body: () async throws(ProcMemError) -> Any) async -> Outcome {
        do throws(ProcMemError) {
            return .answer(Figures(of: try await body()))
        } catch {
            return .failure(error)
        }
    }

    /// With as many reads, every page is read, also after a fault: no estimate differs by chance.
    static let modes: [MemoryMode] = [.cheap, .sampled(reads: 512), .accurate, .within(.seconds(1))]

    /// Every query of one process of a system.
    ///
    /// - Parameters:
    ///   - pid: The process, which does not change while the cases run.
    ///   - cgroup: The path of its memory cgroup; `nil` to leave out scopes of cgroups.
    ///   - isWhole: Whether the whole system is measured too.
    static func all(_ system: String, of pid: Int32, cgroup: String?, isWhole: Bool, in root: SystemRoot) -> [FaultCase]
    {
        let cases =
            limits(of: pid, in: root) + containers(of: pid, in: root) + readers(of: pid, in: root)
            + processes(of: pid, cgroup: cgroup, isWhole: isWhole, in: root) + streams(of: pid, in: root)
        return cases.map { FaultCase("\(system): \($0.name)", $0.body) }
    }

    private static func twice(_ read: () throws(ProcMemError) -> Any) -> [Outcome] {
        (0..<2).map { _ in synchronous(read) }
    }

    private static func limits(of pid: Int32, in root: SystemRoot) -> [FaultCase] {
        [
            FaultCase("effectiveCPUCount") { () throws(ProcMemError) in effectiveCPUCount(in: root) },
            FaultCase("CPULimits.current") { () throws(ProcMemError) in try CPULimits.current(in: root) },
            FaultCase("CPULimits(of:)") { () throws(ProcMemError) in try CPULimits(of: pid, in: root) },
            FaultCase("CPUThrottling.current") { () throws(ProcMemError) in CPUThrottling.current(in: root) },
            FaultCase("CPUThrottling(of:)") { () throws(ProcMemError) in try CPUThrottling(of: pid, in: root) },
            FaultCase("CgroupCPUTime.current") { () throws(ProcMemError) in CgroupCPUTime.current(in: root) },
            FaultCase("CgroupCPUTime(of:)") { () throws(ProcMemError) in try CgroupCPUTime(of: pid, in: root) },
        ]
    }

    private static func containers(of pid: Int32, in root: SystemRoot) -> [FaultCase] {
        [
            FaultCase("effectiveMemoryBytes") { () throws(ProcMemError) in effectiveMemoryBytes(in: root) as Any },
            FaultCase("effectiveMemoryBytes with the soft limit") { () throws(ProcMemError) in
                effectiveMemoryBytes(includingSoftLimit: true, in: root) as Any
            },
            FaultCase("ContainerMemory.current") { () throws(ProcMemError) in try ContainerMemory.current(in: root) },
            FaultCase("ContainerMemory(of:)") { () throws(ProcMemError) in try ContainerMemory(of: pid, in: root) },
        ]
    }

    private static func readers(of pid: Int32, in root: SystemRoot) -> [FaultCase] {
        [
            FaultCase("CPULimitReader") {
                do throws(ProcMemError) {
                    var reader = try CPULimitReader(of: pid, in: root)
                    return twice { () throws(ProcMemError) in try reader.read() }
                } catch {
                    return [.failure(error)]
                }
            },
            FaultCase("ContainerMemoryReader") {
                do throws(ProcMemError) {
                    var reader = try ContainerMemoryReader(of: pid, in: root)
                    return twice { () throws(ProcMemError) in try reader.read() }
                } catch {
                    return [.failure(error)]
                }
            },
            FaultCase("MemoryReader") {
                do throws(ProcMemError) {
                    var reader = try MemoryReader(of: pid, in: root)
                    var outcomes: [Outcome] = []
                    for mode in modes {
                        outcomes.append(synchronous { () throws(ProcMemError) in try reader.usage(mode: mode) })
                    }
                    outcomes.append(synchronous { () throws(ProcMemError) in try reader.peakRSSBytes() as Any })
                    outcomes.append(synchronous { () throws(ProcMemError) in try reader.checkForExec() })
                    return outcomes
                } catch {
                    return [.failure(error)]
                }
            },
        ]
    }

    private static func synchronous(_ body: () throws(ProcMemError) -> Any) -> Outcome {
        do throws(ProcMemError) {
            return .answer(Figures(of: try body()))
        } catch {
            return .failure(error)
        }
    }

    private static func processes(
        of pid: Int32,
        cgroup: String?,
        isWhole: Bool,
        in root: SystemRoot
    ) -> [FaultCase] {
        var cases = [
            FaultCase("Statm(of:)") { () throws(ProcMemError) in try Statm(of: pid, in: root) },
            FaultCase("SmapsRollup(of:)") { () throws(ProcMemError) in try SmapsRollup(of: pid, in: root) },
            FaultCase("isPSSEstimated") { () throws(ProcMemError) in root.isPSSEstimated as Any },
        ]
        var scopes: [(String, ProcessScope)] = [
            ("process", .process(pid)), ("tree", .tree(root: pid)),
            ("exhaustive tree", .tree(root: pid, exhaustive: true)),
        ]
        if let cgroup { scopes += [("cgroup", .cgroup(cgroup)), ("cgroup of", .cgroup(of: pid))] }
        if isWhole { scopes.append(("all", .all)) } else { scopes.remove(at: 2) }
        for (name, scope) in scopes {
            cases.append(
                FaultCase("processList of \(name)") { () throws(ProcMemError) in try processList(of: scope, in: root) }
            )
            cases.append(
                FaultCase("processUsage of \(name)") { () throws(ProcMemError) in
                    let snapshot = try processUsage(of: scope, includingOpenFiles: true, in: root)
                    return (processes: snapshot.processes, gaps: snapshot.gaps)
                }
            )
        }
        for mode in modes {
            cases.append(
                FaultCase("memoryUsage \(mode)") { () throws(ProcMemError) in
                    try memoryUsage(of: pid, mode: mode, in: root)
                }
            )
            for (name, scope) in scopes {
                cases.append(
                    FaultCase("memorySnapshot of \(name) \(mode)") { () throws(ProcMemError) in
                        try memorySnapshot(of: scope, mode: mode, in: root)
                    }
                )
            }
            cases.append(
                FaultCase("memorySnapshot of tree \(mode), all details") { () throws(ProcMemError) in
                    try memorySnapshot(of: .tree(root: pid), mode: mode, detail: .all, in: root)
                }
            )
        }
        return cases
    }

    /// The sequences up to their first element, and the sampler.
    private static func streams(of pid: Int32, in root: SystemRoot) -> [FaultCase] {
        [
            FaultCase("CPULimitChanges") { () throws(ProcMemError) in
                var changes = CPULimitChanges(of: pid, in: root).makeAsyncIterator()
                return try await changes.next() as Any
            },
            FaultCase("ContainerMemoryChanges") { () throws(ProcMemError) in
                let sequence = ContainerMemoryChanges(
                    of: pid,
                    below: [.share(0.2)],
                    pressure: PressureThreshold(share: 0.1),
                    in: root
                )
                var changes = sequence.makeAsyncIterator()
                return try await changes.next() as Any
            },
            FaultCase("MemorySampler.snapshot") {
                let sampler = MemorySampler(of: .tree(root: pid), mode: .cheap, in: root)
                var outcomes: [Outcome] = []
                for _ in 0..<2 {
                    outcomes.append(await outcome { () throws(ProcMemError) in try await sampler.snapshot() })
                }
                return outcomes
            },
            FaultCase("MemorySampler.snapshots") { () throws(ProcMemError) in
                let sampler = MemorySampler(of: .tree(root: pid), mode: .within(.seconds(1)), in: root)
                var snapshots = sampler.snapshots(every: .milliseconds(10)).makeAsyncIterator()
                return try await snapshots.next() as Any
            },
        ]
    }
}
