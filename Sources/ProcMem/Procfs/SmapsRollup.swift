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

extension SmapsRollup {
    /// The sums over all mappings of a process.
    ///
    /// The cost and the effect on the process are those of ``MemoryMode/accurate``. Where the kernel has no
    /// `smaps_rollup`, before Linux 4.14, `smaps` is read and summed, which costs more with every mapping.
    ///
    /// - Parameters:
    ///   - processID: The process's id in the caller's pid namespace. A thread's id gives the sums of its process.
    ///   - root: Where the kernel's files are.
    /// - Throws: ``ProcMemError``: `permissionDenied` without the right to trace the process; `kernelThread` and `zombie`
    ///   for what has no memory (a zombie whose other threads run on has); `noSuchProcess`, `exited`, `unsupported`, `malformed`.
    public init(of pid: Int32, in root: SystemRoot = .live) throws(ProcMemError) {
        let process = try ProcessSelector(validating: pid, in: root)
        let path = ProcPath(process, "smaps_rollup")
        do {
            self = try ProcessDirectory(process, in: root).smapsRollupOfAnyThread()
        } catch {
            throw ProcMemError(explaining: error, at: path, of: process, in: root)
        }
    }
}

extension SmapsRollup {
    // About 700 bytes as of Linux 6.18; there is room for three times the fields.
    static let readOptions = FileReadOptions(expectedBytes: 2048, limitBytes: 65536)

    /// The record in the bytes of a `smaps_rollup` or `smaps` file.
    ///
    /// - Parameters:
    ///   - bytes: The file.
    ///   - isSmaps: Whether it is `smaps`, whose mappings are added up.
    /// - Throws: ``ProcMemError`` with `malformed` where `Rss`, `Pss`, `Private_Clean` or `Private_Dirty` is missing, or a
    ///   known field has no size in kB.
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

    // A mapping takes about 700 bytes, and 65,530 of them are allowed unless an administrator allows more.
    private static var smapsLimitBytes: Int { 256 << 20 }

    /// The sums over `smaps`, read piece by piece: with 60,000 mappings it is 40 MB long.
    static func summed(_ smaps: borrowing FileDescriptor) throws(FileReadError) -> SmapsRollup {
        var sums = SmapsSums()
        try smaps.forEachLine(limitBytes: smapsLimitBytes) { (bytes, line) throws(ParseError) in
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
/// Lines are `Key:`, blanks, a number and ` kB`. They are found by their keys, in any order; a key that is not known is
/// passed over, and so is a mapping's header, whatever the name of the file in it: a name cannot begin a line, because
/// the kernel escapes newlines.
struct SmapsSums {
    private enum Field: Int {
        case rss, pss, pssDirty, pssAnon, pssFile, pssShmem, sharedClean, sharedDirty, privateClean, privateDirty
        case referenced, anonymous, ksm, lazyFree, anonHugePages, shmemPmdMapped, filePmdMapped, sharedHugetlb
        case privateHugetlb, swap, swapPss, locked

        var key: StaticString {
            switch self {
            case .rss: "Rss"
            case .pss: "Pss"
            case .pssDirty: "Pss_Dirty"
            case .pssAnon: "Pss_Anon"
            case .pssFile: "Pss_File"
            case .pssShmem: "Pss_Shmem"
            case .sharedClean: "Shared_Clean"
            case .sharedDirty: "Shared_Dirty"
            case .privateClean: "Private_Clean"
            case .privateDirty: "Private_Dirty"
            case .referenced: "Referenced"
            case .anonymous: "Anonymous"
            case .ksm: "KSM"
            case .lazyFree: "LazyFree"
            case .anonHugePages: "AnonHugePages"
            case .shmemPmdMapped: "ShmemPmdMapped"
            case .filePmdMapped: "FilePmdMapped"
            case .sharedHugetlb: "Shared_Hugetlb"
            case .privateHugetlb: "Private_Hugetlb"
            case .swap: "Swap"
            case .swapPss: "SwapPss"
            case .locked: "Locked"
            }
        }
    }

    private var sums = InlineArray<22, Int?>(repeating: nil)
    /// The place of the key after the last one: the kernel writes them in one order.
    private var expected = 0

    /// Adds one line.
    mutating func add(_ bytes: Span<UInt8>, line: Range<Int>) throws(ParseError) {
        guard let colon = bytes.firstIndex(of: UInt8(ascii: ":"), in: line),
            let field = field(bytes, key: line.lowerBound..<colon)
        else { return }
        var index = colon + 1
        guard let number = bytes.nextField(at: &index), let unit = bytes.nextField(at: &index),
            unit.upperBound <= line.upperBound, bytes.equals("kB", in: unit),
            let value = bytes.sizeBytes(in: number, unitBytes: 1024)
        else { throw ParseError(expected: "a size in kB after \(field.key)") }
        guard let sum = Int.memorySum(sums[field.rawValue] ?? 0, value) else {
            throw ParseError(expected: "sizes of \(field.key) that fit into memory")
        }
        sums[field.rawValue] = sum
    }

    private mutating func field(_ bytes: Span<UInt8>, key: Range<Int>) -> Field? {
        for offset in 0..<sums.count {
            let place = (expected + offset) % sums.count
            if let field = Field(rawValue: place), bytes.equals(field.key, in: key) {
                expected = place + 1
                return field
            }
        }
        return nil
    }

    /// The record; the file is refused when it ends before the fields that every kernel has.
    func record(isSummedFromSmaps: Bool) throws(ParseError) -> SmapsRollup {
        SmapsRollup(
            rssBytes: try required(.rss),
            pssBytes: try required(.pss),
            pssDirtyBytes: sum(.pssDirty),
            pssAnonBytes: sum(.pssAnon),
            pssFileBytes: sum(.pssFile),
            pssShmemBytes: sum(.pssShmem),
            sharedCleanBytes: sum(.sharedClean),
            sharedDirtyBytes: sum(.sharedDirty),
            privateCleanBytes: try required(.privateClean),
            privateDirtyBytes: try required(.privateDirty),
            referencedBytes: sum(.referenced),
            anonymousBytes: sum(.anonymous),
            ksmBytes: sum(.ksm),
            lazyFreeBytes: sum(.lazyFree),
            anonHugePagesBytes: sum(.anonHugePages),
            shmemPmdMappedBytes: sum(.shmemPmdMapped),
            filePmdMappedBytes: sum(.filePmdMapped),
            sharedHugetlbBytes: sum(.sharedHugetlb),
            privateHugetlbBytes: sum(.privateHugetlb),
            swapBytes: sum(.swap),
            swapPssBytes: sum(.swapPss),
            lockedBytes: sum(.locked),
            isSummedFromSmaps: isSummedFromSmaps
        )
    }

    private func sum(_ field: Field) -> Int? { sums[field.rawValue] }

    private func required(_ field: Field) throws(ParseError) -> Int {
        guard let sum = sum(field) else { throw ParseError(expected: "the field \(field.key)") }
        return sum
    }
}
