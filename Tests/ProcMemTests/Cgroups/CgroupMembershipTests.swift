import Testing

@testable import ProcMem

@Suite struct CgroupMembershipTests {
    struct Case: CustomTestStringConvertible {
        let name: String
        let file: String
        var v1: String?
        var v2: String?
        var isEmpty = false

        var testDescription: String { name }
    }

    static let cpu: [Case] = [
        Case(name: "v2", file: "0::/a/b\n", v2: "/a/b"),
        Case(name: "v2, no newline", file: "0::/a/b", v2: "/a/b"),
        Case(name: "v2, root", file: "0::/\n", v2: "/"),
        Case(name: "v2, above its namespace", file: "0::/../b\n", v2: "/../b"),
        Case(name: "v1", file: "4:cpu:/a\n", v1: "/a"),
        Case(name: "v1, joined", file: "4:cpu,cpuacct:/a\n", v1: "/a"),
        Case(name: "v1, joined in the other order", file: "4:cpuacct,cpu:/a\n", v1: "/a"),
        Case(name: "v1, joined with three", file: "4:cpuset,cpu,cpuacct:/a\n", v1: "/a"),
        Case(name: "v1, joined with its own name", file: "4:cpu,name=x:/a\n", v1: "/a"),
        Case(name: "neither cpuacct nor cpuset is cpu", file: "2:cpuacct:/no\n3:cpuset:/no\n4:cpu:/a\n", v1: "/a"),
        Case(name: "no cpu at all", file: "2:cpuacct:/no\n3:cpuset:/no\n"),
        Case(name: "a hierarchy named cpu has no controller", file: "5:name=cpu:/no\n"),
        Case(name: "hybrid", file: "9:name=systemd:/s\n1:cpu:/a\n0::/u\n", v1: "/a", v2: "/u"),
        Case(name: "hybrid, v2 first", file: "0::/u\n1:cpu:/a\n", v1: "/a", v2: "/u"),
        Case(name: "hybrid, cpu on v2", file: "5:memory:/m\n0::/u\n", v2: "/u"),
        Case(name: "colons in the path", file: "0::/a:b::c\n1:cpu:/:x:\n", v1: "/:x:", v2: "/a:b::c"),
        Case(name: "spaces and a tab in the path", file: "0::/a b/ c\td \n", v2: "/a b/ c\td "),
        Case(
            name: "backslashes remain, because this file has no escapes",
            file: #"0::/a\040b\"# + "\n",
            v2: #"/a\040b\"#
        ),
        Case(name: "a path that is like a line", file: "0::/1:cpu:/x\n", v2: "/1:cpu:/x"),
        Case(name: "deleted", file: "0::/a (deleted)\n", v2: "/a (deleted)"),
        Case(name: "the first of two lines of a kind", file: "1:cpu:/a\n2:cpu:/b\n0::/c\n0::/d\n", v1: "/a", v2: "/c"),
        Case(name: "v2 has the number 0 and no other", file: "7::/a\n"),
        Case(name: "a path of no bytes", file: "0::\n", v2: ""),
        Case(name: "malformed lines", file: "junk\n\n:\n1:cpu\n0::/a\n", v2: "/a"),
        Case(name: "only malformed lines", file: "junk\n1:cpu\n/a/b\n", isEmpty: true),
        Case(name: "blank lines", file: "\n\n \n", isEmpty: true),
        Case(name: "nothing", file: "", isEmpty: true),
    ]

    @Test(arguments: cpu) func eachLineIsOneHierarchy(_ membership: Case) {
        let found = KernelText.parse(membership.file) { CgroupMembership(parsing: $0, controller: .cpu) }
        #expect(found.v1Path == membership.v1.map { Array($0.utf8) })
        #expect(found.v2Path == membership.v2.map { Array($0.utf8) })
        #expect(found.isEmpty == membership.isEmpty)
    }

    @Test func eachControllerHasItsOwnLine() {
        let file = "4:memory:/m\n1:cpu,cpuacct:/c\n0::/u\n"
        #expect(
            KernelText.parse(file) { CgroupMembership(parsing: $0, controller: .memory) }.v1Path == Array("/m".utf8)
        )
        #expect(KernelText.parse(file) { CgroupMembership(parsing: $0, controller: .cpu) }.v1Path == Array("/c".utf8))
    }

    @Test func aPathNeedNotBeUTF8() {
        let path: [UInt8] = [0x2F, 0xFF, 0xFE, 0x0D, 0x80, 0x00, 0x2F, 0xC3]
        let file = Array("0::".utf8) + path + [0x0A]
        #expect(KernelText.parse(file) { CgroupMembership(parsing: $0, controller: .cpu) }.v2Path == path)
    }
}
