/// What samples say of the memory of several processes.
struct SampledMemory {
    /// What a process has to itself.
    struct Unique {
        let bytes: Int
        let standardErrorBytes: Int
    }

    /// What a family or all files come to, each page counted once, in bytes.
    struct Distinct {
        var likely: Double
        var lower: Double
        var upper: Double
        var standardError: Double
    }

    /// In the order of the processes; `nil` for who was not sampled.
    private(set) var unique: [Unique?]
    private(set) var distinct: Distinct?

    init(_ sampling: PageSampling) {
        unique = []
        let counting = SampleCounting(sampling)
        unique = sampling.processes.indices.map { counting.unique(of: $0) }
        distinct = counting.distinct()
    }
}
