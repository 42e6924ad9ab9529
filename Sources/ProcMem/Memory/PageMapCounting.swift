/// Whether PSS and USS are estimates on this kernel.
///
/// A kernel that is built with `CONFIG_NO_PAGE_MAPCOUNT`, possible since Linux 6.15, counts the maps of a large folio as a
/// whole, not of each of its pages: in `smaps` and `smaps_rollup` PSS, and what is private or shared, are then averages
/// (kernel documentation, `admin-guide/mm/pagemap` and `filesystems/proc`).
///
/// Told by the version in `/proc/sys/kernel/osrelease`, and from 6.15 on by the kernel's configuration where it is installed
/// as text, `/boot/config-RELEASE` or `/lib/modules/RELEASE/config`. Two to four files. No privileges are needed.
///
/// - Parameter root: Where the kernel's files are.
/// - Returns: `nil` where it is not known, as in most containers on such a kernel.
public func pssIsEstimate(in root: KernelRoot = .live) -> Bool? {
    KernelConfiguration.hasNoPageMapCount(in: root)
}
