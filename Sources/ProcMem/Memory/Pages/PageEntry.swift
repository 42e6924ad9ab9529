/// One word of `/proc/PID/pagemap`: what is behind a page of a process.
struct PageEntry: Hashable, Sendable {
    let word: UInt64

    /// Bit 63: in memory, and mapped.
    var isPresent: Bool { word >> 63 & 1 == 1 }
    /// Bit 61: of a file, or of shared memory.
    var isOfFile: Bool { word >> 61 & 1 == 1 }
    /// Bit 56: mapped here and nowhere else. Since Linux 4.2.
    var isExclusive: Bool { word >> 56 & 1 == 1 }
    /// Bits 0 to 54: where in memory; 0 without `CAP_SYS_ADMIN`.
    var frame: UInt64 { word & ((1 << 55) - 1) }
}
