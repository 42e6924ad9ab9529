import Foundation
import TestSupport
import Testing

@testable import ProcMem

/// The limit files of single levels: present, missing, unreadable, malformed.
@Suite struct CgroupLevelTests {
    private func level(
        _ level: Int,
        of path: String,
        in tree: FixtureTree
    ) -> CgroupLevelFile<Int> {
        let mount = CgroupMount(root: [0x2F], mountPoint: Array("/cg".utf8))
        let hierarchy = CgroupHierarchy(.v2, path: Array(path.utf8), mount: mount)
        return CgroupLevelFile("limit", level: level, of: hierarchy, in: tree.root()) { (bytes) throws(ParseError) in
            guard let number = bytes.decimal(in: 0..<bytes.count) else { throw ParseError("a number") }
            return number
        }
    }

    @Test func aLevelSaysItsFile() throws {
        let file = level(1, of: "/a/b", in: try FixtureTree(["/cg/a/limit": "7", "/cg/a/b/limit": "8"]))
        #expect(file.value == 7)
        #expect(file.cgroup == "/a")
        #expect(file.path.hasSuffix("/cg/a/limit"))
        #expect(file.isVisible)
        #expect(file.warning == nil)
    }

    @Test(arguments: [("/", 0), ("/a", 0), ("/a/b", 1), ("/a/b", 2)] as [(String, Int)])
    func aLevelWithoutTheFileHasNoLimit(_ path: String, _ number: Int) throws {
        let file = level(number, of: path, in: try FixtureTree(["/cg/a/b/other": ""]))
        #expect(file.value == nil)
        #expect(file.isVisible)
        #expect(file.warning == nil)
    }

    @Test(arguments: [("/", 0), ("/a", 0), ("/a/b", 0), ("/a/b", 1)] as [(String, Int)])
    func aLevelThatIsNotThereIsNotSeen(_ path: String, _ number: Int) throws {
        let file = level(number, of: path, in: try FixtureTree(["/other/file": ""]))
        #expect(file.value == nil)
        #expect(!file.isVisible)
        #expect(file.warning?.hasSuffix("/limit: no such cgroup is visible") == true)
    }

    @Test func aCgroupThatBearsTheFilesNameIsNoFile() throws {
        let file = level(0, of: "/a", in: try FixtureTree(["/cg/a/limit/limit": "7"]))
        #expect(file.value == nil)
        #expect(file.isVisible)
        #expect(file.warning == nil)
    }

    @Test func aFileThatIsNotUnderstoodIsQuoted() throws {
        let file = level(0, of: "/a", in: try FixtureTree(["/cg/a/limit": "seven\n"]))
        #expect(file.value == nil)
        #expect(file.isVisible)
        #expect(file.warning?.hasSuffix("/cg/a/limit: expected a number, found \"seven\\n\"") == true)
    }

    @Test func aFileOfMoreThanAKernelWritesIsNotUnderstood() throws {
        let file = level(0, of: "/a", in: try FixtureTree(["/cg/a/limit": String(repeating: "0", count: 4097)]))
        #expect(file.value == nil)
        #expect(file.isVisible)
        #expect(file.warning?.hasSuffix("/cg/a/limit: longer than 4096 bytes") == true)
    }

    @Test func aFileThatCannotBeReadIsNotSeen() throws {
        let tree = try FixtureTree(["/cg/a/b": ""], links: ["/cg/a/limit": "limit"])
        let file = level(0, of: "/a", in: tree)
        #expect(file.value == nil)
        #expect(!file.isVisible)
        #expect(file.warning?.contains("/cg/a/limit: cannot be read (errno 40") == true)
    }

    @Test(.enabled(if: Rights.isRoot, "only root can take another user's privileges"))
    func aFileThatMayNotBeReadIsNotSeen() throws {
        let tree = try FixtureTree(["/cg/a/limit": "7"])
        try #require(chmod(tree.directory.path + "/cg/a/limit", 0o600) == 0)
        let file = try Rights.asNobody { level(0, of: "/a", in: tree) }
        #expect(file.value == nil)
        #expect(!file.isVisible)
        #expect(file.warning?.contains("/cg/a/limit: cannot be read (errno 13") == true)
    }

    @Test func levelsDeeperThanAPathCanSayAreRead() throws {
        let tree = try FixtureTree(["/cg/limit": "1"])
        let deep = try DeepTree(
            tree,
            from: "/cg",
            depth: 60,
            nameBytes: 100,
            files: [(60, "limit", "60"), (50, "limit", "50"), (20, "limit", "20")]
        )
        let path = String(deep.path.dropFirst("/cg".count))
        #expect(path.utf8.count == 6060)
        let found = (0...60).map { level($0, of: path, in: tree) }
        #expect(found.allSatisfy { $0.isVisible })
        #expect(found.compactMap { $0.value } == [60, 50, 20, 1])
        #expect([0, 10, 40, 60].allSatisfy { found[$0].value != nil })
    }
}
