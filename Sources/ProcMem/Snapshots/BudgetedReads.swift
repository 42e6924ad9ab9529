/// The steps of a pass: samples, more samples, accurate reads of a few members, and accurate reads of all.
extension BudgetedFigures {
    // MARK: The steps

    /// Reads all processes accurately, and then samples them again with more reads as long as that makes the bounds much
    /// narrower.
    ///
    /// - Returns: Whether anything was read.
    mutating func readAll(
        _ members: inout [ProcessCensus.Member],
        _ pass: inout Pass,
        _ probes: Probes
    ) -> Bool {
        var isRead = false
        while true {
            let outlook = probes.outlook(members, pass.result)
            let now = probes.now()
            let whole = pass.waiting.isEmpty ? nil : wholeCost(of: pass, at: now)
            var samples: Duration?
            if pass.result.distinct == nil {
                if pass.waiting.isEmpty, outlook.isWide { samples = costs.samples(of: pass.sampledCount, at: now) }
            } else if pass.waiting.isEmpty, outlook.needsSamples, let reads = pass.nextReads {
                samples = costs.samples(of: pass.sampledCount, at: now) * (reads / Pass.fewestReads) / 0.9
            }
            if let whole, samples.map({ whole <= $0 }) ?? true {
                guard now + whole <= pass.end else { return isRead }
                isRead = true
                let waitingCount = pass.waiting.count
                // If they do not fit after all, those that were read are of use.
                pass.sort(by: outlook.draws)
                read(&members, &pass, probes)
                guard pass.waiting.count < waitingCount else { return isRead }
            } else if let samples, now + samples <= pass.end {
                isRead = true
                guard sampleMore(&members, &pass, outlook, probes) else { return isRead }
            } else {
                return isRead
            }
        }
    }

    /// Samples the processes with more reads, and keeps the earlier samples if these give narrower bounds.
    ///
    /// - Returns: Whether the samples were completed.
    private mutating func sampleMore(
        _ members: inout [ProcessCensus.Member],
        _ pass: inout Pass,
        _ outlook: Outlook,
        _ probes: Probes
    ) -> Bool {
        guard pass.result.distinct != nil else {
            _ = sample(&members, &pass, probes)
            return pass.result.distinct != nil
        }
        guard let reads = pass.nextReads else { return false }
        let (earlierMembers, earlier, earlierSamples) = (members, pass.result, cache.lastSamples)
        guard sample(&members, &pass, reads: reads, probes), pass.sampleReads == reads else {
            // They were stopped, and would be again, unless other steps of this pass took a part of the time.
            if earlier.areSamplesCached, var earlierSamples {
                earlierSamples.reads = reads
                cache.keep(earlierSamples)
            }
            return false
        }
        if probes.outlook(members, pass.result).width > outlook.width {
            members = earlierMembers
            pass.result = earlier
            if var earlierSamples {
                earlierSamples.reads = reads
                cache.keep(earlierSamples)
            }
        }
        return true
    }

    /// Reads a few members accurately, if samples leave open how many different pages there are.
    ///
    /// - Returns: Whether anything was read.
    mutating func readSome(
        _ members: inout [ProcessCensus.Member],
        _ pass: inout Pass,
        _ probes: Probes
    ) -> Bool {
        let outlook = probes.outlook(members, pass.result)
        guard outlook.isWide, var draws = outlook.draws else { return false }
        let waiting = Dictionary(pass.waiting.map { ($0.key.pid, $0) }) { first, _ in first }
        var readIndices: Set<Int> = []
        defer { pass.waiting.removeAll { readIndices.contains($0.index) } }
        while let missing = draws.missing {
            let stage = missing.compactMap { waiting[$0] }.filter { !readIndices.contains($0.index) }
            let now = probes.now()
            let cost = stage.reduce(Duration.zero) {
                $0 + self.cost(of: $1.fingerprint, cache.entries[$1.key], at: now)
            }
            guard stage.count == missing.count, now + cost <= pass.end else { break }
            for candidate in stage {
                guard read(candidate, &members, &pass, probes) else { return !readIndices.isEmpty }
                readIndices.insert(candidate.index)
                guard let shareBytes = members[candidate.index].value?.pssAnonymousBytes else { return true }
                draws.record(shareBytes, of: candidate.key.pid)
            }
        }
        return !readIndices.isEmpty
    }

    /// Sets the accurate figures of the processes that share the address space of one that was read: they are equal.
    static func shareFigures(_ members: inout [ProcessCensus.Member], _ probes: Probes) {
        var indices: [Int32: Int]?
        for index in members.indices {
            guard let other = probes.sharer(members[index].pid) else { continue }
            let known = indices ?? Dictionary(members.indices.map { (members[$0].pid, $0) }) { first, _ in first }
            indices = known
            if let counted = known[other], members[counted].value?.pssBytes != nil {
                members[index].value = members[counted].value
            }
        }
    }

    // MARK: Reading

    /// Samples all processes, if that fits.
    ///
    /// - Returns: Whether sampling was started.
    mutating func sample(
        _ members: inout [ProcessCensus.Member],
        _ pass: inout Pass,
        reads: Int = Pass.fewestReads,
        _ probes: Probes
    ) -> Bool {
        let start = probes.now()
        let count = pass.sampledCount
        let time = start.duration(to: pass.end)
        let isFirst = reads == Pass.fewestReads
        guard count > 0, costs.samples(of: count, at: start) * (reads / Pass.fewestReads) <= time else { return false }
        // What follows the lists and the reads takes time in proportion to them, and is not interrupted.
        let (listEnd, readEnd) = (start + time * 0.6, start + time * 0.9)
        let sampled = probes.sample(members, reads, { probes.now() < listEnd }, { probes.now() < readEnd })
        let end = probes.now()
        let took = start.duration(to: end)
        // Sampling that was stopped would not have fitted into this time.
        if isFirst {
            costs.learn(samplesOf: count, took: sampled == nil ? max(took * 2, time * 1.5) : took, at: end)
        }
        guard let sampled else { return true }
        var usages: [FigureCache.Key: MemoryUsage] = [:]
        for waiting in pass.waiting {
            let value = sampled.members[waiting.index].value
            members[waiting.index].value = value
            // A figure from the cache is not stored as a new one: it keeps its age.
            if value?.source.age == nil { usages[waiting.key] = value }
        }
        cache.keep(
            FigureCache.Samples(
                usages: usages,
                distinct: sampled.distinct,
                parts: sampled.parts,
                reads: reads,
                taken: end,
                fingerprints: pass.fingerprints
            )
        )
        pass.sampleReads = reads
        pass.result.distinct = sampled.distinct
        pass.result.parts = sampled.parts
        pass.result.areSamplesCached = false
        return true
    }

    /// Reads the processes that wait, until one does not fit.
    mutating func read(
        _ members: inout [ProcessCensus.Member],
        _ pass: inout Pass,
        _ probes: Probes
    ) {
        var readCount = 0
        defer { pass.waiting.removeFirst(readCount) }
        for candidate in pass.waiting {
            guard read(candidate, &members, &pass, probes) else { return }
            readCount += 1
        }
    }

    /// Reads one process accurately.
    ///
    /// - Returns: `false` if that does not fit.
    mutating func read(
        _ candidate: Waiting,
        _ members: inout [ProcessCensus.Member],
        _ pass: inout Pass,
        _ probes: Probes
    ) -> Bool {
        guard fits(candidate, members[candidate.index], until: pass.end, probes) else { return false }
        let start = probes.now()
        let usage = probes.read(members[candidate.index])
        let end = probes.now()
        let took = start.duration(to: end)
        if usage.pssBytes != nil {
            costs.learn(
                accurate: took,
                rssBytes: candidate.fingerprint.rssBytes,
                mappingCount: cache.entries[candidate.key]?.mappingCount(candidate.fingerprint)
            )
        } else {
            pass.hasUnreadable = true
        }
        cache.record(usage, of: candidate.key, candidate.fingerprint, scene: pass.scene, at: end, took: took)
        if usage.pssBytes != nil {
            members[candidate.index].value = usage
        } else if !usage.mayHoldMemory {
            // The process has exited: its earlier figures no longer count.
            members[candidate.index].value = usage
        } else if let value = members[candidate.index].value, let reason = usage.unavailable {
            // A result without PSS is no better than the earlier figures: only the reason is new.
            members[candidate.index].value = MemoryUsage(value, source: value.source, unavailable: reason)
        }
        return true
    }

    /// Returns whether an accurate read of a process fits. Its mappings are counted if that is not certain.
    private mutating func fits(
        _ candidate: Waiting,
        _ member: ProcessCensus.Member,
        until end: ContinuousClock.Instant,
        _ probes: Probes
    ) -> Bool {
        let now = probes.now()
        let fingerprint = candidate.fingerprint
        let entry = cache.entries[candidate.key]
        guard now + cost(of: fingerprint, entry, at: now) <= end else { return false }
        let longest = costs.longestAccurate(rssBytes: fingerprint.rssBytes, virtualBytes: fingerprint.virtualBytes)
        let isCounted = entry?.mappingCount(fingerprint) != nil && entry?.areMappingsCounted == true
        if entry?.cost != nil || isCounted || now + longest <= end { return true }
        guard let maximum = costs.mappingCount(within: now.duration(to: end), rssBytes: fingerprint.rssBytes) else {
            return false
        }
        let count = probes.countMappings(member, maximum) { probes.now() < end }
        cache.recordMappings(
            // If there are more, a quarter more are assumed, so that they are not counted in each pass.
            count ?? maximum + maximum / 4 + 16,
            isExact: count != nil,
            of: candidate.key,
            fingerprint,
            at: now
        )
        let after = probes.now()
        return after + cost(of: fingerprint, cache.entries[candidate.key], at: after) <= end
    }
}
