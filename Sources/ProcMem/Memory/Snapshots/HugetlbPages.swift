/// The pages of hugetlbfs that processes hold together: what is shared may be the same for all of them.
struct HugetlbPages {
    let lowerBytes: Int
    let upperBytes: Int

    init(_ holders: [MemoryUsage]) {
        let shared = holders.compactMap(\.sharedHugetlbBytes)
        let all = holders.compactMap(\.hugetlbBytes).saturatingSum ?? 0
        let sharedSum = shared.saturatingSum ?? 0
        upperBytes = all
        lowerBytes = max(0, all - sharedSum).saturatingAdding(shared.max() ?? 0)
    }
}
