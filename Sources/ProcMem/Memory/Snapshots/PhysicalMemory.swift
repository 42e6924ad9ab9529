/// How much memory several processes hold together, each page counted once, those of hugetlbfs too.
///
/// From PSS it is their sum, and so are the bounds: there a page that others map as well counts by its share, a library that
/// many use hardly at all. On Linux 6.1 the pages of a process that held 64 MiB were 2.4 % more. From a cheap look it is told
/// within bounds, by `statm`, by the page faults in `stat` and by `/proc/meminfo`: <doc:MeasuringMemory> has the reasons, and
/// where they end.
public struct PhysicalMemory: Sendable, Hashable {
    /// The most likely value in bytes; `nil` where the mode cannot tell.
    public let estimate: Int?
    /// Not less than this, in bytes.
    public let lower: Int
    /// Not more than this, in bytes; `nil` where a process told nothing.
    public let upper: Int?
    /// Whether the bounds follow from what the kernel counts, of processes that stand still meanwhile: nothing is assumed
    /// about processes that could not be read, huge pages, or processes that have ended.
    public let proven: Bool
}
