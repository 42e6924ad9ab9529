/// Whether the kernel has allocated huge pages for anonymous memory since boot.
///
/// The counters only grow: a result of `true` is final. Otherwise they are read again for each pass; those of the smaller
/// sizes are kept open in between.
final class HugePageHistory {
    private let root: SystemRoot
    private var hasHugePages = false
    private var hasSmallerHugePages = false
    private var files = OpenFiles()
    /// The indices of the counters of the smaller sizes in `files`; `nil` before they have been opened.
    private var counters: [Int]?

    init(in root: SystemRoot) { self.root = root }

    /// Returns whether one page fault may have mapped more than one page, or a page may have been mapped without a page
    /// fault. This is so if a transparent huge page was allocated since boot, or if that is unknown.
    func mayHaveHugePages() -> Bool {
        if hasHugePages { return true }
        do throws(FileReadError) {
            hasHugePages = try root.read(Self.vmstat, Self.vmstatOptions, Self.hugePageAllocations(parsing:)) != 0
            return hasHugePages || mayHaveSmallerHugePages()
        } catch {
            return true
        }
    }

    /// Returns whether one page fault may have mapped several pages, but fewer than a huge page has. This is so if a folio
    /// of a size between a page and a huge page was allocated, or if that is unknown; these sizes require Linux 6.8.
    ///
    /// No counter reports how many of these folios exist. Their allocations are counted since Linux 6.10.
    func mayHaveSmallerHugePages() -> Bool {
        if hasSmallerHugePages { return true }
        do throws(FileReadError) {
            for counter in try openCounters() {
                let allocated = try files.read(counter, Self.lineOptions) { (bytes) throws(ParseError) in
                    try bytes.parseSingleSize()
                }
                if allocated != 0 { hasSmallerHugePages = true }
            }
            return hasSmallerHugePages
        } catch {
            // The next pass tries again.
            files = OpenFiles()
            counters = nil
            return true
        }
    }

    /// Returns the counters of all smaller sizes. The sizes do not change while the system runs.
    private func openCounters() throws(FileReadError) -> [Int] {
        if let counters { return counters }
        var counters: [Int] = []
        for name in try sizes() {
            do throws(FileReadError) {
                counters.append(files.keep(try root.open(Self.path(name + Array("/stats/anon_fault_alloc".utf8)).span)))
            } catch {
                guard root.lacksMemorySetting(after: error) else { throw error }
                // A size that the kernel does not use for anonymous memory, for example 8 kB, has neither a counter nor a
                // file `enabled`.
                if try exists(Self.path(name + Array("/enabled".utf8))) { hasSmallerHugePages = true }
            }
        }
        self.counters = counters
        return counters
    }

    /// Returns the names of the folders of the sizes below that of a whole huge page; none for a kernel without
    /// transparent huge pages.
    private func sizes() throws(FileReadError) -> [[UInt8]] {
        let directory: FileDescriptor
        do throws(FileReadError) {
            directory = try root.open(Self.path([]).span, as: .directory)
        } catch {
            guard root.lacksMemorySetting(after: error) else { throw error }
            return []
        }
        let whole = try Self.wholeBytes(in: root).map { Array("hugepages-\($0 >> 10)kB".utf8) }
        return try directory.subdirectoryNames().filter { $0.starts(with: Array("hugepages-".utf8)) && $0 != whole }
    }

    /// Returns the size of a whole huge page in bytes; `nil` for a kernel that does not report it.
    static func wholeBytes(in root: SystemRoot) throws(FileReadError) -> Int? {
        do throws(FileReadError) {
            return try root.read(path(Array("hpage_pmd_size".utf8)).span, lineOptions) { (bytes) throws(ParseError) in
                try bytes.parseSingleSize()
            }
        } catch {
            guard root.lacksMemorySetting(after: error) else { throw error }
            return nil
        }
    }

    /// Returns whether the kernel has a file.
    private func exists(_ path: [UInt8]) throws(FileReadError) -> Bool {
        do throws(FileReadError) {
            _ = try root.open(path.span)
            return true
        } catch {
            guard root.lacksMemorySetting(after: error) else { throw error }
            return false
        }
    }

    /// Returns the sum of `thp_fault_alloc` and `thp_collapse_alloc` in `/proc/vmstat`, counted since boot; 0 if the
    /// kernel has neither.
    static func hugePageAllocations(parsing bytes: Span<UInt8>) throws(ParseError) -> Int {
        var sum = 0
        var index = 0
        while let entry = bytes.nextEntry(at: &index) {
            guard bytes.equals("thp_fault_alloc", in: entry.key) || bytes.equals("thp_collapse_alloc", in: entry.key)
            else { continue }
            guard let count = bytes.firstField(in: entry.rest).flatMap({ bytes.decimal(in: $0) }) else {
                throw ParseError("a count of huge pages")
            }
            sum = sum.saturatingAdding(count)
        }
        return sum
    }

    private static func path(_ file: [UInt8]) -> [UInt8] {
        Array("/sys/kernel/mm/transparent_hugepage/".utf8) + file + [0]
    }

    private static var vmstat: ProcPath { ProcPath(file: "/proc/vmstat") }
    private static var vmstatOptions: FileReadOptions { FileReadOptions(expectedBytes: 8192, limitBytes: 1 << 20) }
    private static var lineOptions: FileReadOptions {
        FileReadOptions(expectedBytes: 128, limitBytes: 4096, isOnePiece: true)
    }
}
