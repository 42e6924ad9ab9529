import ProcMem
import TestSupport
import Testing

@Suite struct SmapsRollupTests {
    /// As Linux 6.18 writes it.
    static let sample = """
        5581a1b2c000-7ffd5e5f1000 ---p 00000000 00:00 0                          [rollup]
        Rss:               10000 kB
        Pss:                4000 kB
        Pss_Dirty:          1500 kB
        Pss_Anon:           1400 kB
        Pss_File:           2500 kB
        Pss_Shmem:           100 kB
        Shared_Clean:       6000 kB
        Shared_Dirty:        500 kB
        Private_Clean:      2000 kB
        Private_Dirty:      1400 kB
        Referenced:         9000 kB
        Anonymous:          1600 kB
        KSM:                   4 kB
        LazyFree:              8 kB
        AnonHugePages:         0 kB
        ShmemPmdMapped:        0 kB
        FilePmdMapped:         0 kB
        Shared_Hugetlb:        0 kB
        Private_Hugetlb:    2048 kB
        Swap:                300 kB
        SwapPss:             200 kB
        Locked:               16 kB

        """

    static func parse(_ text: String, isSmaps: Bool = false) throws(ProcMemError) -> SmapsRollup {
        try SmapsRollup(parsing: text.utf8Span.span, isSmaps: isSmaps)
    }

    static func without(_ key: String) -> String {
        sample.split(separator: "\n").filter { !$0.hasPrefix(key + ":") }.joined(separator: "\n") + "\n"
    }

    @Test func everyFieldIsInKiB() throws {
        let rollup = try Self.parse(Self.sample)
        #expect(rollup.rssBytes == 10000 * 1024)
        #expect(rollup.pssBytes == 4000 * 1024)
        #expect(rollup.pssDirtyBytes == 1500 * 1024)
        #expect(rollup.pssAnonBytes == 1400 * 1024)
        #expect(rollup.pssFileBytes == 2500 * 1024)
        #expect(rollup.pssShmemBytes == 100 * 1024)
        #expect(rollup.sharedCleanBytes == 6000 * 1024)
        #expect(rollup.sharedDirtyBytes == 500 * 1024)
        #expect(rollup.privateCleanBytes == 2000 * 1024)
        #expect(rollup.privateDirtyBytes == 1400 * 1024)
        #expect(rollup.referencedBytes == 9000 * 1024)
        #expect(rollup.anonymousBytes == 1600 * 1024)
        #expect(rollup.ksmBytes == 4 * 1024)
        #expect(rollup.lazyFreeBytes == 8 * 1024)
        #expect(rollup.anonHugePagesBytes == 0)
        #expect(rollup.shmemPmdMappedBytes == 0)
        #expect(rollup.filePmdMappedBytes == 0)
        #expect(rollup.sharedHugetlbBytes == 0)
        #expect(rollup.privateHugetlbBytes == 2048 * 1024)
        #expect(rollup.swapBytes == 300 * 1024)
        #expect(rollup.swapPssBytes == 200 * 1024)
        #expect(rollup.lockedBytes == 16 * 1024)
        #expect(rollup.ussBytes == (2000 + 1400 + 2048) * 1024)
        #expect(!rollup.isSummedFromSmaps)
    }

    @Test func orderDoesNotMatter() throws {
        let reversed = Self.sample.split(separator: "\n").reversed().joined(separator: "\n") + "\n"
        #expect(try Self.parse(reversed) == Self.parse(Self.sample))
    }

    @Test func unknownFieldsAndTextAreIgnored() throws {
        let text = "Pss_Quantum: 7 kB\nTHPeligible: 1\nProtectionKey: 3\nVmFlags: rd wr\n\n" + Self.sample
        #expect(try Self.parse(text) == Self.parse(Self.sample))
    }

    @Test func fieldsOfLaterKernelsAreNilAndNotZero() throws {
        #expect(try Self.parse(Self.without("Pss_Anon")).pssAnonBytes == nil)
        #expect(try Self.parse(Self.without("Pss_Dirty")).pssDirtyBytes == nil)
        #expect(try Self.parse(Self.without("SwapPss")).swapPssBytes == nil)
        #expect(try Self.parse(Self.without("Swap")).swapBytes == nil)
        #expect(try Self.parse(Self.without("KSM")).ksmBytes == nil)
        #expect(try Self.parse(Self.without("Locked")).lockedBytes == nil)
    }

    @Test(arguments: ["Rss", "Pss", "Private_Clean", "Private_Dirty"])
    func aFileThatLacksWhatEveryKernelHasIsRefused(_ key: String) {
        let error = #expect(throws: ProcMemError.self) { try Self.parse(Self.without(key)) }
        #expect(error?.code == .malformed)
        #expect(error?.detail?.contains(key) == true)
    }

    /// Wherever the text is cut off, the result is an error, or all fields that every kernel has are correct.
    @Test func aTruncatedFileNeverGivesOtherFigures() throws {
        let whole = try Self.parse(Self.sample)
        let bytes = Array(Self.sample.utf8)
        var refused = 0
        for length in 0..<bytes.count {
            guard let cut = try? SmapsRollup(parsing: bytes.span.extracting(0..<length)) else {
                refused += 1
                continue
            }
            #expect(cut.rssBytes == whole.rssBytes)
            #expect(cut.pssBytes == whole.pssBytes)
            #expect(cut.privateDirtyBytes == whole.privateDirtyBytes)
            #expect([nil, whole.swapBytes].contains(cut.swapBytes))
            #expect([nil, whole.swapPssBytes].contains(cut.swapPssBytes))
        }
        #expect(refused > bytes.count / 3)
    }

    @Test(arguments: ["x kB", "-4 kB", "4", "4 MB", "99999999999999999999 kB", "9007199254740993 kB", "", "4kB"])
    func aKnownFieldWithoutASizeIsRefused(_ value: String) {
        let text = Self.without("Pss") + "Pss: \(value)\n"
        let error = #expect(throws: ProcMemError.self) { try Self.parse(text) }
        #expect(error?.detail?.contains("Pss") == true)
    }

    @Test func smapsIsSummedAndNamesOfMappingsAreNotRead() throws {
        let mapping = Self.sample.split(separator: "\n").dropFirst().joined(separator: "\n") + "\n"
        let text = """
            00400000-00452000 r-xp 00000000 08:02 173521 /tmp/Pss: 99 kB
            \(mapping)VmFlags: rd ex mr mw me dw
            7f00000000-7f00452000 rw-p 00000000 00:00 0 Rss:   77 kB (deleted)
            \(mapping)THPeligible:    0
            7f10000000-7f10452000 rw-p 00000000 00:00 0 [anon:Private_Dirty: 5 kB]
            \(mapping)
            """
        let sum = try Self.parse(text, isSmaps: true)
        #expect(sum.rssBytes == 3 * 10000 * 1024)
        #expect(sum.pssBytes == 3 * 4000 * 1024)
        #expect(sum.privateDirtyBytes == 3 * 1400 * 1024)
        #expect(sum.isSummedFromSmaps)
    }

    @Test func sumsBeyondMemoryAreRefused() {
        let huge = (0..<3).map { _ in "Rss: 1125899906842624 kB\nPss: 1 kB\nPrivate_Clean: 0 kB\nPrivate_Dirty: 0 kB\n"
        }
        let error = #expect(throws: ProcMemError.self) { try Self.parse(huge.joined(), isSmaps: true) }
        #expect(error?.code == .malformed)
    }

    @Test func smapsIsReadWhereThereIsNoRollup() throws {
        let tree = try FixtureTree(["proc/17/smaps": Self.sample, "proc/17/statm": "9 8 7 6 0 5 0\n"])
        let rollup = try SmapsRollup(of: 17, in: tree.root())
        #expect(rollup.isSummedFromSmaps)
        #expect(rollup.pssBytes == 4000 * 1024)

        try tree.write("17 (x) S 1 1 1 0 -1 4194304 0 0 0 0 0 0 0 0 20 0 1 0 55 0 0\n", to: "proc/17/stat")
        let usage = try memoryUsage(of: 17, mode: .accurate, in: tree.root())
        #expect(usage.source == .smaps)
        #expect(usage.ussBytes == rollup.ussBytes)
    }

    /// 40 MB and 60,000 mappings, streamed through a buffer that splits lines.
    @Test func manyMappingsAreStreamed() throws {
        let mapping =
            "7f10000000-7f10452000 rw-p 00000000 00:00 0 /a/rather/long/path/to/a/library.so.1.2.3\n"
            + "Rss: 8 kB\nPss: 3 kB\nPrivate_Clean: 1 kB\nPrivate_Dirty: 2 kB\nSwap: 4 kB\nVmFlags: rd mr mw me\n"
        let tree = try FixtureTree()
        let count = 60_000
        try tree.write(String(repeating: mapping, count: count), to: "proc/17/smaps")
        let rollup = try SmapsRollup(of: 17, in: tree.root())
        #expect(rollup.rssBytes == count * 8 * 1024)
        #expect(rollup.swapBytes == count * 4 * 1024)
    }
}
