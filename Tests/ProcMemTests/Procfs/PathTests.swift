import Testing

@testable import ProcMem

@Suite struct PathTests {
    @Test(
        arguments: [
            (ProcPath(.current, "cgroup"), "/proc/self/cgroup"),
            (ProcPath(.id(1), "stat"), "/proc/1/stat"),
            (ProcPath(.id(10), "stat"), "/proc/10/stat"),
            (ProcPath(.id(.max), "smaps_rollup"), "/proc/2147483647/smaps_rollup"),
            (ProcPath(directoryOf: .id(400)), "/proc/400"),
            (ProcPath(task: 1_000_000_009, "children"), "task/1000000009/children"),
            (ProcPath(file: "/sys/devices/system/cpu/online"), "/sys/devices/system/cpu/online"),
        ] as [(ProcPath, String)]
    )
    func aProcessesFilesAreNamedAsTheKernelNamesThem(_ path: ProcPath, _ expected: String) {
        let bytes = path.withBytes { $0.bytes(in: 0..<$0.count) }
        #expect(bytes == expected.nulTerminated)
        #expect(SystemRoot.live.text(path) == expected)
        #expect(SystemRoot(directory: "/mnt").text(path) == "/mnt" + expected)
    }

    @Test(
        arguments: [
            ("/a/b", "/a", true), ("/a/b", "/a/b", true), ("/a/b", "/a/", true), ("/a", "/", true), ("/", "/", true),
            ("/a/b", "", true),
            ("/ab", "/a", false), ("/a", "/a/b", false), ("/b/a", "/a", false), ("", "/a", false),
            ("/a.b", "/a", false),
        ] as [(String, String, Bool)]
    )
    func pathsAreComparedByWholeComponents(_ path: String, _ ancestor: String, _ expected: Bool) {
        let isBelow = KernelText.parse(path + ancestor) { bytes in
            let end = path.utf8.count
            return bytes.path(0..<end, isAtOrBelow: end..<bytes.count)
        }
        #expect(isBelow == expected)
    }

    @Test(
        arguments: [
            (#"/mnt/a\040b"#, "/mnt/a b"), (#"\011\012\134"#, "\t\n\\"), (#"\134040"#, #"\040"#), (#"a\040"#, "a "),
            // Not three octal digits that give one byte: unchanged.
            (#"\04"#, #"\04"#), (#"\08"#, #"\08"#), (#"\048"#, #"\048"#), (#"\400"#, #"\400"#), (#"\"#, #"\"#),
            (#"\\040"#, #"\ "#), ("", ""),
        ] as [(String, String)]
    )
    func octalEscapesStandForOneByte(_ escaped: String, _ expected: String) {
        #expect(KernelText.parse(escaped) { $0.unescapedOctal(in: 0..<$0.count) } == Array(expected.utf8))
    }

    @Test func anEscapeThatItsRangeCutsIsNone() {
        #expect(KernelText.parse(#"a\040"#) { $0.unescapedOctal(in: 0..<4) } == Array(#"a\04"#.utf8))
    }
}
