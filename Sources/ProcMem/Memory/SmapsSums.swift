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
    mutating func add(_ bytes: Span<UInt8>, line: Range<Int>) throws(Malformation) {
        guard let colon = bytes.firstIndex(of: 0x3A, in: line),
            let field = field(bytes, key: line.lowerBound..<colon)
        else { return }
        var index = colon + 1
        guard let number = bytes.nextField(at: &index), let unit = bytes.nextField(at: &index),
            unit.upperBound <= line.upperBound, bytes.equals("kB", in: unit),
            let value = bytes.sizeBytes(in: number, unitBytes: 1024)
        else { throw Malformation(expected: "a size in kB after \(field.key)") }
        guard let sum = Int.memorySum(sums[field.rawValue] ?? 0, value) else {
            throw Malformation(expected: "sizes of \(field.key) that fit into memory")
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
    func record(isSummedFromSmaps: Bool) throws(Malformation) -> SmapsRollup {
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

    private func required(_ field: Field) throws(Malformation) -> Int {
        guard let sum = sum(field) else { throw Malformation(expected: "the field \(field.key)") }
        return sum
    }
}
