/// `/proc/PID/smaps_rollup`: the sums over all mappings of a process, in bytes.
///
/// A field that the kernel does not provide is `nil`. Only ``sharedHugetlbBytes`` and ``privateHugetlbBytes`` include
/// hugetlbfs pages. No figure includes device mappings (`VM_PFNMAP`). On a kernel that is built with
/// `CONFIG_NO_PAGE_MAPCOUNT`, which requires Linux 6.15, PSS and the private and shared parts are estimates.
public struct SmapsRollup: Sendable, Hashable {
    /// `Rss`: the resident set size (RSS). Each shared page counts in full.
    public fileprivate(set) var rssBytes: Int = 0
    /// `Pss`: the proportional set size (PSS). The size of each page is divided by the number of processes that map it.
    public fileprivate(set) var pssBytes: Int = 0
    /// `Pss_Dirty`: the part of PSS that consists of dirty pages. Requires Linux 6.0.
    public fileprivate(set) var pssDirtyBytes: Int?
    /// `Pss_Anon`: the part of PSS that consists of anonymous pages. Requires Linux 5.4.
    public fileprivate(set) var pssAnonBytes: Int?
    /// `Pss_File`: the part of PSS that consists of pages of files. Requires Linux 5.4.
    public fileprivate(set) var pssFileBytes: Int?
    /// `Pss_Shmem`: the part of PSS that consists of shared memory and tmpfs pages. Requires Linux 5.4.
    public fileprivate(set) var pssShmemBytes: Int?
    /// `Shared_Clean`: the pages that are mapped more than once and are not dirty.
    public fileprivate(set) var sharedCleanBytes: Int?
    /// `Shared_Dirty`: the pages that are mapped more than once and are dirty.
    public fileprivate(set) var sharedDirtyBytes: Int?
    /// `Private_Clean`: the pages that are mapped exactly once and are not dirty.
    public fileprivate(set) var privateCleanBytes: Int = 0
    /// `Private_Dirty`: the pages that are mapped exactly once and are dirty.
    public fileprivate(set) var privateDirtyBytes: Int = 0
    /// `Referenced`: the pages that are currently marked as referenced or accessed.
    public fileprivate(set) var referencedBytes: Int?
    /// `Anonymous`: the part of RSS that does not belong to a file. It includes private copies of file pages
    /// (copy-on-write).
    public fileprivate(set) var anonymousBytes: Int?
    /// `KSM`: the pages that the kernel merged because they were equal, without zero pages. Requires Linux 6.6.
    public fileprivate(set) var ksmBytes: Int?
    /// `LazyFree`: the pages that were marked with `MADV_FREE`. The kernel frees them when it needs memory. Requires
    /// Linux 4.12.
    public fileprivate(set) var lazyFreeBytes: Int?
    /// `AnonHugePages`: the anonymous memory that is mapped as transparent huge pages.
    public fileprivate(set) var anonHugePagesBytes: Int?
    /// `ShmemPmdMapped`: the shared memory and tmpfs pages that are mapped as huge pages. Requires Linux 4.8.
    public fileprivate(set) var shmemPmdMappedBytes: Int?
    /// `FilePmdMapped`: the page cache that is mapped as huge pages. Requires Linux 5.4.
    public fileprivate(set) var filePmdMappedBytes: Int?
    /// `Shared_Hugetlb`: the hugetlbfs pages that are mapped more than once. They are not part of RSS or PSS. Requires
    /// Linux 4.4.
    public fileprivate(set) var sharedHugetlbBytes: Int?
    /// `Private_Hugetlb`: the hugetlbfs pages that are mapped exactly once. They are not part of RSS or PSS. Requires
    /// Linux 4.4.
    public fileprivate(set) var privateHugetlbBytes: Int?
    /// `Swap`: the memory that is swapped out. Each shared page counts in full.
    public fileprivate(set) var swapBytes: Int?
    /// `SwapPss`: the proportional share of swap. The size of each swapped-out page is divided by the number of
    /// processes that share it. Unlike `Swap`, it excludes swapped-out pages of shared memory objects. Requires
    /// Linux 4.3.
    public fileprivate(set) var swapPssBytes: Int?
    /// `Locked`: the PSS of the mappings that are locked in memory (`mlock(2)`).
    public fileprivate(set) var lockedBytes: Int?
    /// Whether the figures are sums over `/proc/PID/smaps`, because the kernel has no `smaps_rollup`.
    ///
    /// `smaps` rounds PSS down to KiB in every mapping, so the sum may be too low by some hundred KiB.
    public fileprivate(set) var isSummedFromSmaps = false

    /// Creates a record without values, which ``SmapsSums`` fills.
    fileprivate init() {}

    /// USS, the unique set size: `Private_Clean`, `Private_Dirty` and, if the kernel reports it, `Private_Hugetlb`.
    public var ussBytes: Int {
        privateCleanBytes + privateDirtyBytes + (privateHugetlbBytes ?? 0)
    }
}

extension SmapsRollup {
    /// Reads the sums over all mappings of a process.
    ///
    /// The cost and the delay of the process are those of ``MemoryMode/accurate``. Before Linux 4.14, which introduced
    /// `smaps_rollup`, `smaps` is read and summed instead, at a cost that also grows with the number of mappings.
    ///
    /// - Parameters:
    ///   - pid: The process's id in the caller's pid namespace. A thread's id yields the sums of its process.
    ///   - root: The location of the kernel's files.
    /// - Throws: ``ProcMemError``: `permissionDenied` without the right to trace the process; `kernelThread` or
    ///   `zombie` for a process without memory (a zombie with running threads has memory); `noSuchProcess`, `exited`,
    ///   `unsupported`, `malformed`.
    public init(of pid: Int32, in root: SystemRoot = .live) throws(ProcMemError) {
        let process = try ProcessSelector(validating: pid, in: root)
        let path = ProcPath(process, "smaps_rollup")
        do {
            let directory = try ProcessDirectory(process, in: root)
            self = try directory.retryingAfterExec { () throws(FileReadError) in
                try directory.smapsRollupOfAnyThread()
            }
        } catch {
            throw ProcMemError(explaining: error, at: path, of: process, in: root)
        }
    }
}

extension SmapsRollup {
    // The file has about 700 bytes on Linux 6.18; there is room for three times as many fields.
    static let readOptions = FileReadOptions(expectedBytes: 2048, limitBytes: 65536)

    /// Parses the contents of a `smaps_rollup` or `smaps` file.
    ///
    /// - Parameters:
    ///   - bytes: The contents of the file.
    ///   - isSmaps: Whether the file is `smaps`; its mappings are then summed.
    /// - Throws: ``ProcMemError`` with `malformed` if `Rss`, `Pss`, `Private_Clean` or `Private_Dirty` is missing, or
    ///   if a known field does not contain a size in kB.
    public init(parsing bytes: Span<UInt8>, isSmaps: Bool = false) throws(ProcMemError) {
        do {
            self = try SmapsRollup(validating: bytes, isSmaps: isSmaps)
        } catch {
            let path = isSmaps ? "smaps" : "smaps_rollup"
            throw ProcMemError(.malformed(error, found: bytes.excerpt), path: path)
        }
    }

    init(validating bytes: Span<UInt8>, isSmaps: Bool) throws(ParseError) {
        var sums = SmapsSums()
        var index = 0
        while let line = bytes.nextLine(at: &index) {
            try sums.add(bytes, line: line)
        }
        self = try sums.record(isSummedFromSmaps: isSmaps)
    }

    // A mapping takes about 700 bytes, and a process may have 65,530 mappings unless an administrator allows more.
    private static var smapsLimitBytes: Int { 256 << 20 }

    /// Sums the mappings in `smaps`, which is read in parts: with 60,000 mappings it has 40 MB.
    static func summed(_ smaps: borrowing FileDescriptor) throws(FileReadError) -> SmapsRollup {
        var sums = SmapsSums()
        try smaps.forEachMappingLine(limitBytes: smapsLimitBytes) { (bytes, line) throws(ParseError) in
            try sums.add(bytes, line: line)
        }
        do {
            return try sums.record(isSummedFromSmaps: true)
        } catch {
            throw .malformed(error, found: "the end of the file")
        }
    }
}

/// The fields of `smaps_rollup`, or their sums over the mappings in `smaps`.
///
/// A line consists of `Key:`, spaces, a number and ` kB`. The keys may come in any order. Unknown keys are ignored, and
/// so are the header lines of mappings, whatever file name they contain: the kernel escapes newlines, so a file name
/// cannot begin a line.
struct SmapsSums {
    /// A key of the file, and the property of the record that its sizes are added to.
    private struct Field: Sendable {
        let key: StaticString
        /// Whether every kernel writes the field.
        let isRequired: Bool
        /// Returns `false` if the sum is too large to be memory.
        let add: @Sendable (_ record: inout SmapsRollup, _ size: Int) -> Bool

        init(
            _ key: StaticString,
            isRequired: Bool = false,
            add: @escaping @Sendable (_ record: inout SmapsRollup, _ size: Int) -> Bool
        ) {
            self.key = key
            self.isRequired = isRequired
            self.add = add
        }
    }

    /// All fields, in the order in which the kernel writes them.
    private static let fields = [
        Field("Rss", isRequired: true) { $0.rssBytes.addSize($1) },
        Field("Pss", isRequired: true) { $0.pssBytes.addSize($1) },
        Field("Pss_Dirty") { $0.pssDirtyBytes.addSize($1) },
        Field("Pss_Anon") { $0.pssAnonBytes.addSize($1) },
        Field("Pss_File") { $0.pssFileBytes.addSize($1) },
        Field("Pss_Shmem") { $0.pssShmemBytes.addSize($1) },
        Field("Shared_Clean") { $0.sharedCleanBytes.addSize($1) },
        Field("Shared_Dirty") { $0.sharedDirtyBytes.addSize($1) },
        Field("Private_Clean", isRequired: true) { $0.privateCleanBytes.addSize($1) },
        Field("Private_Dirty", isRequired: true) { $0.privateDirtyBytes.addSize($1) },
        Field("Referenced") { $0.referencedBytes.addSize($1) },
        Field("Anonymous") { $0.anonymousBytes.addSize($1) },
        Field("KSM") { $0.ksmBytes.addSize($1) },
        Field("LazyFree") { $0.lazyFreeBytes.addSize($1) },
        Field("AnonHugePages") { $0.anonHugePagesBytes.addSize($1) },
        Field("ShmemPmdMapped") { $0.shmemPmdMappedBytes.addSize($1) },
        Field("FilePmdMapped") { $0.filePmdMappedBytes.addSize($1) },
        Field("Shared_Hugetlb") { $0.sharedHugetlbBytes.addSize($1) },
        Field("Private_Hugetlb") { $0.privateHugetlbBytes.addSize($1) },
        Field("Swap") { $0.swapBytes.addSize($1) },
        Field("SwapPss") { $0.swapPssBytes.addSize($1) },
        Field("Locked") { $0.lockedBytes.addSize($1) },
    ]

    private var record = SmapsRollup()
    /// A bit for each field that was read, by its index in the table.
    private var found: UInt64 = 0
    /// The index of the field that is expected next, because the kernel writes the fields in a fixed order.
    private var expected = 0

    /// Adds one line.
    mutating func add(_ bytes: Span<UInt8>, line: Range<Int>) throws(ParseError) {
        guard let colon = bytes.firstIndex(of: UInt8(ascii: ":"), in: line),
            let fieldIndex = fieldIndex(bytes, key: line.lowerBound..<colon)
        else { return }
        let field = Self.fields[fieldIndex]
        var index = colon + 1
        guard let number = bytes.nextField(at: &index), let unit = bytes.nextField(at: &index),
            unit.upperBound <= line.upperBound, bytes.equals("kB", in: unit),
            let value = bytes.sizeBytes(in: number, unitBytes: 1024)
        else { throw ParseError(expected: "a size in kB after \(field.key)") }
        guard field.add(&record, value) else {
            throw ParseError(expected: "sizes after \(field.key) of at most 2^60 bytes in total")
        }
        found |= 1 << UInt64(fieldIndex)
    }

    private mutating func fieldIndex(_ bytes: Span<UInt8>, key: Range<Int>) -> Int? {
        let count = Self.fields.count
        for offset in 0..<count {
            let index = (expected + offset) % count
            if bytes.equals(Self.fields[index].key, in: key) {
                expected = index + 1
                return index
            }
        }
        return nil
    }

    /// Returns the record, unless the file ended before the fields that every kernel writes.
    func record(isSummedFromSmaps: Bool) throws(ParseError) -> SmapsRollup {
        for (index, field) in Self.fields.enumerated() where field.isRequired && found & 1 << UInt64(index) == 0 {
            throw ParseError(expected: "the field \(field.key)")
        }
        var record = record
        record.isSummedFromSmaps = isSummedFromSmaps
        return record
    }
}

extension Int {
    /// Adds a size; returns `false` if the sum is too large to be memory.
    fileprivate mutating func addSize(_ size: Int) -> Bool {
        guard let sum = Int.memorySum(self, size) else { return false }
        self = sum
        return true
    }
}

extension Int? {
    /// Adds a size, to 0 if there is none yet; returns `false` if the sum is too large to be memory.
    fileprivate mutating func addSize(_ size: Int) -> Bool {
        var sum = self ?? 0
        guard sum.addSize(size) else { return false }
        self = sum
        return true
    }
}
