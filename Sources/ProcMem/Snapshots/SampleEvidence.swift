/// What samples show of the distinct memory, together with accurate reads of some or of all members.
///
/// Samples may leave open how many different pages several processes share at one address. Accurate reads of a few
/// members show it (``DrawnMembers``), and accurate reads of all members give the anonymous part exactly. The samples of
/// files and of shared memory remain.
struct SampleEvidence {
    /// The most likely value, in bytes.
    let likely: Double
    let bounds: ByteBounds
    /// The values that the evidence considers likely.
    let centre: ByteBounds
    let assumptions: Set<DistinctMemory.Assumption>
    /// The part of the distance between the bounds that more samples would make smaller.
    let widthOfSamplingError: Int

    /// Returns `nil` if there are no samples.
    ///
    /// - Parameters:
    ///   - inputs: The processes.
    ///   - isClosed: Whether no process outside is known to share anonymous memory with these.
    ///   - exactAnonymous: The anonymous memory, if all members of a closed set were read accurately.
    ///   - unsampledBytes: The RSS of the processes that could not be sampled: the most that they add.
    init?(_ inputs: DistinctMemoryInputs, isClosed: Bool, exactAnonymous: ByteBounds?, unsampledBytes: Int) {
        guard let sampled = inputs.group.distinct else { return nil }
        var assumptions: Set<DistinctMemory.Assumption> = [.samplesAreRepresentative]
        // Processes that are not related may map one merged page. Samples without frame numbers count it for each.
        if inputs.features.mergedBytes != 0 { assumptions.insert(.noMergedPages) }
        if inputs.group.areSamplesCached { assumptions.insert(.nothingChanged) }
        if sampled.reliesOnClosedSet { assumptions.insert(.noRelativesOutside) }
        if sampled.reliesOnRelations { assumptions.insert(.layoutsIdentifyFamilies) }
        let ofSamples = sampled.bounds(withUnsampledBytes: unsampledBytes)
        let closed = DrawnMembers.assumptions(inputs)
        if let exactAnonymous, let parts = inputs.group.parts {
            likely = parts.files.likely + Double(exactAnonymous.lower) / 2 + Double(exactAnonymous.upper) / 2
            bounds = parts.files.bounds(withUnsampledBytes: unsampledBytes) + exactAnonymous
            centre = bounds
            self.assumptions = assumptions.union(closed)
            widthOfSamplingError = parts.files.widthOfError
            return
        }
        guard let draws = DrawnMembers(inputs, isClosed: isClosed), let latest = draws.latest,
            let files = inputs.group.parts?.files
        else {
            likely = sampled.likely
            bounds = ofSamples
            centre = sampled.likelyBounds(withUnsampledBytes: unsampledBytes)
            self.assumptions = assumptions
            widthOfSamplingError = sampled.widthOfError
            return
        }
        // Figures of different states of the processes are good for an estimate, but not for bounds.
        let totals = draws.totals
        guard inputs.group.isConsistent, let last = totals.last else {
            bounds = ofSamples
            likely = ofSamples.clamp(sampled.combined(with: latest, files: files))
            centre = sampled.likelyBounds(withUnsampledBytes: unsampledBytes)
            self.assumptions = assumptions
            widthOfSamplingError = sampled.widthOfError
            return
        }
        // Members of another kind than those that were drawn can only add memory. Reads of some members therefore raise the
        // lower end, and the samples have the upper one, unless the two contradict each other.
        var ofReads = files.adding(last).bounds(withUnsampledBytes: unsampledBytes)
        for total in totals.dropLast() {
            ofReads.lower = max(ofReads.lower, files.adding(total).bounds(withUnsampledBytes: unsampledBytes).lower)
        }
        bounds =
            ofReads.lower <= ofSamples.upper
            ? ByteBounds(lower: max(ofSamples.lower, ofReads.lower), upper: ofSamples.upper)
            : ByteBounds(lower: ofSamples.lower, upper: max(ofSamples.upper, ofReads.upper))
        likely = bounds.clamp(sampled.combined(with: latest, files: files))
        centre = ofReads.intersection(bounds) ?? bounds
        self.assumptions = assumptions.union(closed)
        widthOfSamplingError = files.widthOfError
    }
}

extension DrawnMembers {
    /// Returns `nil` if the figures of some members do not show the memory of all: if a process outside may map the
    /// anonymous pages of these, or two of these may share an address space.
    init?(_ inputs: DistinctMemoryInputs, isClosed: Bool) {
        guard isClosed, inputs.features.mergedBytes == 0, inputs.features.isPSSEstimated != true,
            let parts = inputs.group.parts, !parts.shares.isEmpty,
            inputs.processes.allSatisfy({ $0.mayShareMemoryWith == nil })
        else { return nil }
        var members: [(Member, Int)] = []
        for process in inputs.processes where process.sharesMemoryWith == nil && process.usage.mayHoldMemory {
            guard let share = parts.shares[process.pid], let startTimeTicks = process.startTimeTicks else { return nil }
            let member = Member(
                pid: process.pid,
                size: share.sharedPartBytes,
                exclusiveBytes: share.exclusiveBytes,
                shareBytes: process.usage.pssAnonymousBytes
            )
            members.append((member, startTimeTicks))
        }
        self.init(members)
    }

    /// What the sum over the members relies on, if no process outside maps their anonymous pages.
    fileprivate static func assumptions(_ inputs: DistinctMemoryInputs) -> Set<DistinctMemory.Assumption> {
        var assumptions: Set<DistinctMemory.Assumption> = [.noRelativesOutside, .layoutsIdentifyFamilies]
        if inputs.features.isPSSEstimated != false { assumptions.insert(.pssIsExact) }
        var hasCached = false
        inputs.forEachHolder { hasCached = hasCached || ($0.pssBytes != nil && $0.source.age != nil) }
        if hasCached { assumptions.insert(.nothingChanged) }
        return assumptions
    }
}

extension ByteBounds {
    fileprivate func clamp(_ bytes: Double) -> Double { min(max(bytes, Double(lower)), Double(upper)) }
}

extension SampledMemory.Distinct {
    /// The distance between the bounds.
    var width: Int { bounds(withUnsampledBytes: 0).width }

    /// The distance between the bounds that the standard error alone gives.
    fileprivate var widthOfError: Int { Int(saturating: (4 * standardError).rounded()) }

    /// Returns the likely memory by samples and accurate reads of some members together.
    ///
    /// What samples leave open makes their estimate wrong in one direction, by an amount that is not known. The difference
    /// of the two estimates shows it, as far as their random errors do not explain that difference. The two are weighted by
    /// their variances, to which the square of the bias is added for the samples.
    fileprivate func combined(with total: DrawnMembers.Total, files: Self) -> Double {
        let anonymous = likely - files.likely
        let difference = total.bytes - anonymous
        let ofReads = total.deviation * total.deviation
        let ofSamples = max(0, standardError * standardError - files.standardError * files.standardError)
        let bias = max(0, difference * difference - ofReads - ofSamples)
        guard ofReads > 0 else { return files.likely + total.bytes }
        return likely + difference * (ofSamples + bias) / (ofSamples + bias + ofReads)
    }

    /// Returns the sum of this memory and other memory.
    fileprivate func adding(_ total: DrawnMembers.Total) -> Self {
        Self(
            likely: likely + total.bytes,
            lower: lower + total.bytes,
            upper: upper + total.bytes,
            standardError: (standardError * standardError + total.standardError * total.standardError).squareRoot()
        )
    }

    /// The bounds of two standard errors.
    ///
    /// - Parameter others: The RSS of the processes that could not be sampled: the most that they add.
    fileprivate func bounds(withUnsampledBytes others: Int) -> ByteBounds {
        widened(lower...max(lower, upper), withUnsampledBytes: others)
    }

    /// The estimate, widened by two standard errors.
    ///
    /// - Parameter others: The RSS of the processes that could not be sampled: the most that they add.
    fileprivate func likelyBounds(withUnsampledBytes others: Int) -> ByteBounds {
        widened(likely...likely, withUnsampledBytes: others)
    }

    private func widened(_ range: ClosedRange<Double>, withUnsampledBytes others: Int) -> ByteBounds {
        let twoErrors = 2 * standardError
        return ByteBounds(
            lower: Int(saturating: (range.lowerBound - twoErrors).rounded(.down)),
            upper: Int(saturating: (range.upperBound + twoErrors).rounded(.up)).saturatingAdding(others)
        )
    }
}
