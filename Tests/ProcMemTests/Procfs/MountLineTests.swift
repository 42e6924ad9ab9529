import TestSupport
import Testing

@testable import ProcMem

@Suite struct MountLineTests {
    @Test(
        arguments: [
            ("", "no optional field"), (" shared:4", "one"), (" shared:4 master:1", "two"),
            (" shared:4 master:1 propagate_from:2", "three"),
            (" shared:4 master:1 propagate_from:2 unbindable", "four"),
            (" a b c d e", "five unknown ones"),
        ] as [(String, String)]
    )
    func anyNumberOfOptionalFieldsIsPassedOver(_ fields: String, _ name: String) {
        let line = "25 22 0:22 /a /sys/fs/cgroup rw,nosuid\(fields) - cgroup2 cgroup2 rw\n"
        #expect(MountTable.mount(showing: "/a", in: line) == "/a at /sys/fs/cgroup")
    }

    @Test(
        arguments: [
            ("rw", "cgroup2 cgroup2 rw", true), ("rw", "cgroup2 none rw,nsdelegate", true),
            ("rw", "cgroup2  rw", true), ("rw", "cgroup2 rw", true), ("rw", "cgroup2 a\\040b rw", true),
            ("ro,cgroup2", "tmpfs cgroup2 rw", false), ("rw", "cgroup2x cgroup2 rw", false),
            ("rw", "cgroup cgroup rw,cgroup2", false), ("rw", "tmpfs cgroup2 cgroup2", false),
            // Without the fields that must follow the type.
            ("rw", "cgroup2", false), ("rw", "", false),
        ] as [(String, String, Bool)]
    )
    func v2IsRecognisedByTheTypeAlone(_ options: String, _ rest: String, _ isFound: Bool) {
        let found = MountTable.mount(in: "25 22 0:22 / /sys/fs/cgroup \(options) - \(rest)\n")
        #expect((found != nil) == isFound)
    }

    @Test(
        arguments: [
            ("cgroup cgroup rw,cpu", true), ("cgroup cgroup rw,cpu,cpuacct", true),
            ("cgroup cgroup rw,cpuacct,cpu", true),
            ("cgroup cgroup cpu", true), ("cgroup  rw,cpu", true),
            ("cgroup none rw,xattr,name=x,cpu,clone_children", true),
            ("cgroup cpu rw,cpuacct", false), ("cgroup cgroup rw,cpuset", false), ("cgroup cgroup rw,cpuacct", false),
            ("cgroup cgroup rw,name=cpu", false), ("cgroup2 cgroup rw,cpu", false), ("tmpfs cgroup rw,cpu", false),
        ] as [(String, Bool)]
    )
    func aV1ControllerIsAmongTheLastOptions(_ rest: String, _ isFound: Bool) {
        let found = MountTable.mount(.v1, in: "25 22 0:22 / /sys/fs/cgroup/cpu rw,cpu - \(rest)\n")
        #expect((found != nil) == isFound)
    }

    @Test(
        arguments: [
            (#"/mnt/a\040b"#, "/mnt/a b"), (#"/mnt/a\011b"#, "/mnt/a\tb"), (#"/mnt/a\012b"#, "/mnt/a\nb"),
            (#"/mnt/a\134b"#, #"/mnt/a\b"#), (#"/mnt/\134040"#, #"/mnt/\040"#), (#"/mnt/a#b"#, "/mnt/a#b"),
            (#"/mnt/\040-\040cgroup"#, "/mnt/ - cgroup"), (#"/mnt/a\043"#, "/mnt/a#"), ("/mnt/ä", "/mnt/ä"),
            // The kernel does not escape these characters.
            ("/mnt/a\u{0B}b", "/mnt/a\u{0B}b"), ("/mnt/a\rb", "/mnt/a\rb"),
        ] as [(String, String)]
    )
    func bothPathsAreUnescaped(_ escaped: String, _ path: String) {
        #expect(MountTable.mount(in: MountTable.v2(25, 22, "/", escaped)) == "/ at \(path)")
        #expect(MountTable.mount(showing: path, in: MountTable.v2(25, 22, escaped, "/cg")) == "\(path) at /cg")
    }

    @Test(arguments: [
        "", "\n", "junk", "25", "25 22", "25 22 0:22 / /sys/fs/cgroup rw", "25 22 0:22 / /sys/fs/cgroup rw -",
        "25 22 0:22 / /sys/fs/cgroup - cgroup2", "x 22 0:22 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw",
        "25 -1 0:22 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw", "25 22 0:22 / /sys/fs/cgroup rw cgroup2 cgroup2 rw",
        "99999999999999999999 22 0:22 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw",
    ])
    func aLineThatIsNoneIsPassedOver(_ line: String) {
        #expect(MountTable.mount(in: line) == nil)
        let good = MountTable.v2(25, 22, "/", "/cg")
        #expect(MountTable.mount(in: line + "\n" + good + line) == "/ at /cg")
    }

    @Test func theLastLineMayLackItsNewline() {
        #expect(MountTable.mount(in: "25 22 0:22 / /cg rw - cgroup2 cgroup2 rw") == "/ at /cg")
    }

    @Test func eachControllerHasItsOwnMount() {
        let table = MountTable.v1(31, 30, "/", "/cg/cpu") + "32 30 0:9 / /cg/memory rw - cgroup cgroup rw,memory\n"
        #expect(MountTable.mount(.v1, in: table, .memory) == "/ at /cg/memory")
        #expect(MountTable.mount(.v1, in: table, .cpu) == "/ at /cg/cpu")
        #expect(MountTable.mount(.v2, in: table, .cpu) == nil)
    }
}
