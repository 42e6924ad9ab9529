import TestSupport
import Testing

@testable import ProcMem

/// Lines of `/proc/PID/maps`.
@Suite struct MemoryMappingTests {
    struct Case: CustomTestStringConvertible {
        let line: String
        let pages: Range<Int>
        var isShared = false
        var file: FileID?
        var page = 0
        var testDescription: String { line }
    }

    private func parsed(_ line: String, pageSizeBytes: Int = 4096) throws -> MemoryMapping? {
        try KernelText.parse(line) { bytes in
            try MemoryMapping(parsing: bytes, line: 0..<bytes.count, pageSizeBytes: pageSizeBytes)
        }
    }

    @Test(arguments: [
        Case(line: "00001000-00003000 rw-p 00000000 00:00 0 ", pages: 1..<3),
        Case(line: "00001000-00003000 rw-p 00000000 00:00 0                          [heap]", pages: 1..<3),
        Case(line: "00001000-00002000 r-xp 00000000 00:00 0                          [vdso]", pages: 1..<2),
        Case(line: "00001000-00002000 rw-p 00000000 00:00 0                          [anon:[vvar]]", pages: 1..<2),
        Case(
            line: "55d0c0000000-55d0c0004000 r--p 00002000 08:01 1311                   /usr/bin/a",
            pages: 0x5_5d0c_0000..<0x5_5d0c_0004,
            file: FileID(device: 8 << 32 | 1, inode: 1311),
            page: 2
        ),
        Case(
            line: "00001000-00002000 r--p 00000000 fd:1a 7 /usr/lib/a b\\012c (deleted)",
            pages: 1..<2,
            file: FileID(device: 0xFD << 32 | 0x1A, inode: 7)
        ),
        Case(
            line: "00001000-00003000 rw-s 00001000 00:01 2048 /dev/zero (deleted)",
            pages: 1..<3,
            isShared: true,
            file: FileID(device: 1, inode: 2048),
            page: 1
        ),
        // A shared mapping without an inode: memory of a device or of the kernel.
        Case(line: "00001000-00003000 rw-s 00000000 00:00 0 anon_inode:x", pages: 1..<3, isShared: true),
        // A file whose name is like a special name, and a special name like a file's.
        Case(
            line: "00001000-00002000 r--p 00000000 08:01 9 [vvar]",
            pages: 1..<2,
            file: FileID(device: 8 << 32 | 1, inode: 9)
        ),
        // The last possible page.
        Case(line: "1fffffffffff000-200000000000000 r--p 0 0:0 0", pages: (1 << 45) - 1..<1 << 45),
        Case(
            line: "1000-2000 r--p 200000000000000 0:1 5",
            pages: 1..<2,
            file: FileID(device: 1, inode: 5),
            page: 1 << 45
        ),
    ])
    func aLine(_ expected: Case) throws {
        let mapping = try #require(try parsed(expected.line))
        #expect(mapping.pages == expected.pages)
        #expect(mapping.isShared == expected.isShared)
        #expect(mapping.source?.file == expected.file)
        #expect(mapping.source?.page ?? 0 == expected.page)
        // The line is followed by another one, which must not be read as a part of it.
        let inFile = expected.line + "\n00009000-0000a000 rw-p 00000000 08:01 77 /x"
        let again = try KernelText.parse(inFile) { bytes in
            try MemoryMapping(parsing: bytes, line: 0..<expected.line.utf8.count, pageSizeBytes: 4096)
        }
        #expect(again?.source?.file == expected.file)
        #expect(again?.pages == expected.pages)
    }

    /// Not part of RSS, or outside of the addresses that a process can use.
    @Test(arguments: [
        "ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0                  [vsyscall]",
        "7f83bbda9000-7f83bbdad000 r--p 00000000 00:00 0                          [vvar]",
        "7f83bbda9000-7f83bbdad000 r--p 00000000 00:00 0                          [vvar_vclock]",
        "7f83bbda9000-7f83bbdad000 r--p 00000000 00:00 0 [uprobes]",
        "7f83bba00000-7f83bbc00000 rw-p 00000000 00:0f 11 /anon_hugepage (deleted)",
        "1000-1000 rw-p 0 0:0 0", "2000-1000 rw-p 0 0:0 0", "1000-1fff rw-p 0 0:0 0", "0-0 rw-p 0 0:0 0",
        "0-ffffffffffffffff rw-p 0 0:0 0", "1fffffffffff000-200000000001000 r--p 0 0:0 0",
        "ffffffffffffe000-fffffffffffff000 rw-p 0 0:0 0 x",
        "1000-2000 r--p ffffffffffffffff 0:1 5 /x", "1000-2000 r--p 200000000001000 0:1 5 /x",
    ])
    func noPagesOfAProcess(_ line: String) throws {
        #expect(try parsed(line) == nil)
    }

    @Test(arguments: [
        "", " ", "1000", "1000-", "-2000", "1000-2000", "1000-2000 rw-p", "1000-2000 rw-p 0", "1000-2000 rw-p 0 0:0",
        "1000-2000 rw-p 0 0:0 x", "1000-2000 rw-p 0 0:0 -1", "1000-2000 rw-p 0 00 5", "1000-2000 rw-p 0 : 5",
        "1000-2000 rw-p 0 0: 5", "1000-2000 rw-p 0 :0 5", "1000-2000 rw-p x 0:0 5", "x-2000 rw-p 0 0:0 5",
        "0x1000-2000 rw-p 0 0:0 5", "1000-2000-3000 rw-p 0 0:0 5", "10000000000000000-2 rw-p 0 0:0 5",
        "1000-2000 rw-p 0 80000000:0 5", "1000-2000 rw-p 0 0:80000000 5", "1000-2000 rw-p 0 0:0 9223372036854775808",
        "ä-2 r p 0:0 0",
    ])
    func noLineOfTheKernels(_ line: String) {
        #expect(throws: ParseError.self) { try parsed(line) }
    }

    @Test func largerPages() throws {
        #expect(try parsed("10000-30000 rw-p 20000 0:1 7 /x", pageSizeBytes: 65536)?.pages == 1..<3)
        #expect(try parsed("10000-30000 rw-p 20000 0:1 7 /x", pageSizeBytes: 65536)?.source?.page == 2)
        #expect(try parsed("1000-3000 rw-p 0 0:0 0", pageSizeBytes: 65536) == nil)
    }

    private func mappings(_ text: String) throws(FileReadError) -> [MemoryMapping] {
        guard let tree = try? FixtureTree(["/maps": text]) else { return [] }
        return try tree.root().open("/maps".nulTerminated.span).memoryMappings(pageSizeBytes: 4096)
    }

    @Test func aFile() throws {
        let text = """
            1000-2000 rw-p 0 0:0 0
            2000-4000 r--p 0 8:1 9 /a
            7f83bbda9000-7f83bbdad000 r--p 00000000 00:00 0 [vvar]
            ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0 [vsyscall]
            """
        #expect(try mappings(text).map(\.pages) == [1..<2, 2..<4])
        #expect(try mappings("").isEmpty)
    }

    /// The kernel lists each page once. A list that does not is refused, so that no page is sampled repeatedly.
    @Test(arguments: ["1000-9000 rw-p 0 0:0 0\n2000-3000 rw-p 0 0:0 0\n", "5000-6000 r 0 0:0 0\n1000-2000 r 0 0:0 0\n"])
    func pagesThatAreListedTwice(_ text: String) {
        let failure = #expect(throws: FileReadError.self) { try mappings(text) }
        guard case .malformed(let parseError, _) = failure else {
            Issue.record("\(String(describing: failure))")
            return
        }
        #expect(parseError.expected == "mappings in ascending order")
    }

    private static let parser = MutatedParser(
        "maps",
        [
            "55d0c0000000-55d0c0004000 r--p 00002000 08:01 1311 /usr/bin/a b (deleted)",
            "ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0 [vsyscall]", "1000-3000 rw-s 0 0:0 0",
        ],
        { (bytes: Span<UInt8>) throws -> [MemoryMapping]? in
            try MemoryMapping(parsing: bytes, line: 0..<bytes.count, pageSizeBytes: 4096).map { [$0] } ?? []
        },
        holds: { (mappings: [MemoryMapping]) -> Bool in
            mappings.allSatisfy { mapping in
                !mapping.pages.isEmpty && mapping.pages.lowerBound >= 0 && mapping.pages.upperBound <= 1 << 45
                    && (0...1 << 45).contains(mapping.source?.page ?? 0)
            }
        }
    )

    @Test func whateverIsParsedIsPossible() {
        var mutator = Mutator(Self.parser.samples, seed: 2027)
        var taken = 0
        for _ in 0..<5000 {
            let bytes = mutator.next()
            let isTaken = KernelText.parse(bytes) { Self.parser.accepts($0) }
            #expect(isTaken != nil, "\(bytes)")
            if isTaken == true { taken += 1 }
        }
        #expect(taken > 100 && taken < 5000)
    }
}
