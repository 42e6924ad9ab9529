import TestSupport
import Testing

@testable import ProcMem

@Suite struct ProcessStatusTests {
    private func parsed(_ text: String) -> ProcessStatus? {
        try? KernelText.parse(text) { try ProcessStatus(parsing: $0) }
    }

    @Test(
        arguments: [
            ("Name:\tx\nTgid:\t17\nPid:\t18\nCpus_allowed:\tff\nCpus_allowed_list:\t0-7\n", 17, "0-7"),
            ("Cpus_allowed:\t00000000,00000003\nTgid:\t1\n", 1, "0-1"), ("Tgid:17\nCpus_allowed:f", 17, "0-3"),
            ("Tgid:\t2147483647\n", .max, nil), ("Cpus_allowed:\t1\n", nil, "0"), ("", nil, nil),
            ("\n\n:\n:x\n", nil, nil),
            // A key is a whole word at the beginning of a line.
            ("NTgid:\t5\nTgid:\t17\n", 17, nil), (" Tgid:\t5\n", nil, nil), ("TGID:\t5\n", nil, nil),
            ("Name:\tTgid:\t5\\nTgid:\t6\nTgid:\t17\n", 17, nil), ("Cpus_allowed_list:\t0-7\n", nil, nil),
            ("Mems_allowed:\t1\nCpus_allowe:\t1\n", nil, nil),
            // A key without a value does not take its value from the next line.
            ("Tgid:\n17\n", nil, nil), ("Tgid:\t\nCpus_allowed:\nPid:\t1\n", nil, nil),
            ("Tgid:\t-1\n", nil, nil), ("Tgid:\t2147483648\n", nil, nil), ("Tgid:\tx\n", nil, nil),
        ] as [(String, Int32?, String?)]
    )
    func keysAreFoundWhereverTheyStand(_ text: String, _ pid: Int32?, _ cpus: String?) throws {
        let status = try #require(parsed(text))
        #expect(status.pid == pid)
        #expect(status.allowedCPUs?.description == cpus)
    }

    @Test(arguments: ["0", "00000000,00000000", "0x1", "1-3", "ff ff".replacing(" ", with: "\u{A0}"), "ÿ"])
    func aMaskThatIsNoneIsRefused(_ mask: String) {
        #expect(throws: ParseError("a CPU mask after Cpus_allowed, for example ff,ffffffff")) {
            try KernelText.parse("Tgid:\t17\nCpus_allowed:\t\(mask)\n") { try ProcessStatus(parsing: $0) }
        }
    }

    @Test func aThreadNamesItsProcess() throws {
        let child = try ChildProcess(state: "thread")
        let thread = try #require(child.ids.first)
        #expect(thread != child.pid)
        let status = try SystemRoot.live.read(ProcPath(.id(thread), "status"), ProcessStatus.readOptions) {
            (bytes) throws(ParseError) in try ProcessStatus(parsing: bytes)
        }
        #expect(status.pid == child.pid)
        // The mask may name CPUs that are offline.
        let affinity = try CPULimits(of: child.pid).affinity
        #expect(status.allowedCPUs?.intersection(affinity) == affinity)
    }
}
