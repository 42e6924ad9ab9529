/// `/proc/PID/smaps_rollup`: the sums over all mappings of a process, in bytes.
///
/// A field that the kernel does not have is `nil`. Pages of hugetlbfs are in ``sharedHugetlbBytes`` and
/// ``privateHugetlbBytes`` alone. On a kernel built with `CONFIG_NO_PAGE_MAPCOUNT` (since Linux 6.15) PSS and the private
/// and shared parts are estimates. Mappings of devices (`VM_PFNMAP`) are in none of the figures.
public struct SmapsRollup: Sendable, Hashable {
    /// `Rss`: the pages in memory, each shared one in full.
    public let rssBytes: Int
    /// `Pss`: each page divided by the number of processes that map it.
    public let pssBytes: Int
    /// `Pss_Dirty`. Since Linux 6.0.
    public let pssDirtyBytes: Int?
    /// `Pss_Anon`. Since Linux 5.4.
    public let pssAnonBytes: Int?
    /// `Pss_File`. Since Linux 5.4.
    public let pssFileBytes: Int?
    /// `Pss_Shmem`. Since Linux 5.4.
    public let pssShmemBytes: Int?
    /// `Shared_Clean`.
    public let sharedCleanBytes: Int?
    /// `Shared_Dirty`.
    public let sharedDirtyBytes: Int?
    /// `Private_Clean`.
    public let privateCleanBytes: Int
    /// `Private_Dirty`.
    public let privateDirtyBytes: Int
    /// `Referenced`.
    public let referencedBytes: Int?
    /// `Anonymous`: the part of RSS that no file backs.
    public let anonymousBytes: Int?
    /// `KSM`: pages merged by the kernel because they were equal. Since Linux 6.6.
    public let ksmBytes: Int?
    /// `LazyFree`: pages given up by `MADV_FREE`, which the kernel takes when it needs them. Since Linux 4.12.
    public let lazyFreeBytes: Int?
    /// `AnonHugePages`.
    public let anonHugePagesBytes: Int?
    /// `ShmemPmdMapped`. Since Linux 4.8.
    public let shmemPmdMappedBytes: Int?
    /// `FilePmdMapped`. Since Linux 5.4.
    public let filePmdMappedBytes: Int?
    /// `Shared_Hugetlb`. Since Linux 4.4.
    public let sharedHugetlbBytes: Int?
    /// `Private_Hugetlb`. Since Linux 4.4.
    public let privateHugetlbBytes: Int?
    /// `Swap`: what is swapped out, each shared page in full.
    public let swapBytes: Int?
    /// `SwapPss`: each swapped page divided by the number of processes that share it. Since Linux 4.3.
    public let swapPssBytes: Int?
    /// `Locked`.
    public let lockedBytes: Int?
    /// Whether the figures were summed from `/proc/PID/smaps`, because the kernel has no `smaps_rollup`.
    ///
    /// `smaps` rounds PSS down to KiB for every mapping: the sum may be lower by some hundred KiB.
    public let isSummedFromSmaps: Bool

    /// USS: `Private_Clean`, `Private_Dirty` and, where the kernel has it, `Private_Hugetlb`.
    public var ussBytes: Int {
        privateCleanBytes + privateDirtyBytes + (privateHugetlbBytes ?? 0)
    }
}
