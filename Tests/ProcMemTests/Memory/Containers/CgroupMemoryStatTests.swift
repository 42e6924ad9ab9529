import Testing

@testable import ProcMem

/// `memory.stat` as kernels write it, and malformed.
@Suite struct CgroupMemoryStatTests {
    private func stat(_ text: String, _ version: CgroupVersion) throws -> CgroupMemoryStat {
        try KernelText.parse(text) { try CgroupMemoryStat(parsing: $0, version) }
    }

    @Test func version2() throws {
        let stat = try stat(MemoryStatText.v2, .v2)
        #expect(stat.anonBytes == 151_552)
        #expect(stat.fileBytes == 1_986_560)
        #expect(stat.shmemBytes == 1_540_096)
        #expect(stat.mappedFileBytes == 1634304)
        #expect(stat.inactiveFileBytes == 446_464)
        #expect(stat.kernelBytes == 8192)
        #expect(stat.swapBytes == nil && stat.memoryLimit == nil && stat.memorySwapLimit == nil)
    }

    /// The figures of the cgroup with its descendants, as on v2, not those of the cgroup alone.
    @Test func version1() throws {
        let stat = try stat(MemoryStatText.v1(), .v1)
        #expect(stat.anonBytes == 366_739_456)
        #expect(stat.fileBytes == 925_003_776)
        #expect(stat.shmemBytes == 9_068_544)
        #expect(stat.mappedFileBytes == 288014336)
        #expect(stat.inactiveFileBytes == 535_601_152)
        #expect(stat.swapBytes == 4096)
        #expect(stat.kernelBytes == nil)
        #expect(stat.memoryLimit == MemoryLimitFile(limit: 100_663_296))
        #expect(stat.memorySwapLimit == MemoryLimitFile(limit: nil))
    }

    /// A key is a whole word at the beginning of a line.
    @Test(arguments: [CgroupVersion.v1, .v2]) func otherNamesArePassedOver(_ version: CgroupVersion) throws {
        let text = """
            anon_thp 1
            xanon 2
            file_mapped_x 3
            total_rss_huge 4
            inactive_file_x 5
            new anon 6
            nothing

             \t
            kernel_stack_x 7
            """
        #expect(try stat(text, version) == stat("", version))
    }

    /// The same key has another meaning in the other version.
    @Test func namesAreTheVersionsOwn() throws {
        #expect(try stat(MemoryStatText.v1(), .v2).anonBytes == nil)
        #expect(try stat(MemoryStatText.v2, .v1) == stat("", .v1))
    }

    @Test func theLastLineMayLackItsEnd() throws {
        #expect(try stat("file 1\nanon 2", .v2).anonBytes == 2)
        #expect(try stat("anon\t 2  \n", .v2).anonBytes == 2)
    }

    @Test(
        arguments: [
            "anon", "anon \nfile 3\n", "anon -1\n", "anon x\n", "anon 1kB\n", "anon 0x10\n",
            "file 99999999999999999999\n", "kernel 1152921504606846977\n", "shmem +1\n", "inactive_file 1.5\n",
        ]
    ) func aNumberThatIsNoneIsRefused(_ text: String) {
        #expect(throws: ParseError.self) { try stat(text, .v2) }
    }

    @Test(arguments: ["hierarchical_memory_limit\n", "hierarchical_memory_limit -1\n", "hierarchical_memsw_limit x\n"])
    func aLimitThatIsNoneIsRefused(_ text: String) {
        #expect(throws: ParseError.self) { try stat(text, .v1) }
    }

    @Test(arguments: ["9223372036854771712", "18446744073709551615", "max"]) func noLimit(_ text: String) throws {
        let limit = try stat("hierarchical_memory_limit \(text)\n", .v1).memoryLimit
        #expect(limit == MemoryLimitFile(limit: nil))
    }
}

extension MemoryLimitFile {
    fileprivate init?(limit: Int?) {
        let text = limit.map(String.init) ?? "max"
        guard let limit = KernelText.parse(text, { MemoryLimitFile($0, in: 0..<$0.count) }) else { return nil }
        self = limit
    }
}
