/// How much memory several processes hold together, each page counted once, those of hugetlbfs too.
public struct PhysicalMemory: Sendable, Hashable {
    /// The most likely value in bytes; `nil` where the mode cannot tell.
    public let estimate: Int?
    /// Not less than this, in bytes.
    public let lower: Int
    /// Not more than this, in bytes; `nil` where a process told nothing.
    public let upper: Int?
    /// Whether the bounds follow from what the kernel counts, with nothing assumed about processes that could not be read.
    public let proven: Bool
}
