import Testing

@testable import ProcMem

@Suite struct CgroupHierarchyTests {
    @Test(
        arguments: [
            ("/", "/", ""), ("/a", "/", "/a"), ("/a/b", "/", "/a/b"), ("/a/b", "/a", "/b"), ("/a/b", "/a/b", ""),
            ("/a/b/", "/", "/a/b"), ("/a/b/", "/a/", "/b"), ("//a///b", "/a", "/b"), ("/a", "", "/a"),
            ("/..", "/..", ""), ("/../b", "/..", "/b"), ("/../..", "/../..", ""), ("/../../b/c", "/../../b", "/c"),
            ("/...", "/", "/..."), ("/..a/b", "/..a", "/b"), ("/a b:c\\", "/", "/a b:c\\"),
            // Outside of the mounted part.
            ("/", "/a", nil), ("/a", "/a/b", nil), ("/ab", "/a", nil), ("/a", "/ab", nil), ("/b/a", "/a", nil),
            ("/A", "/a", nil),
            // Above the namespace's root, or in a sibling of it.
            ("/..", "/", nil), ("/../b", "/", nil), ("/", "/..", nil), ("/a", "/..", nil), ("/../..", "/..", nil),
            ("/..", "/../..", nil), ("/a/../b", "/", nil), ("/a/..", "/a", nil), ("/../../b", "/../b", nil),
            // Not a path that the kernel writes.
            ("", "/", nil), ("a", "/", nil), ("a/b", "/a", nil),
        ] as [(String, String, String?)]
    )
    func whatLiesBelowIsFoundByWholeComponents(_ path: String, _ root: String, _ expected: String?) {
        let relative = CgroupHierarchy.relativePath(of: Array(path.utf8), below: Array(root.utf8))
        #expect(relative == expected.map { Array($0.utf8) })
    }

    struct Levels: CustomTestStringConvertible {
        let path: String
        let root: String
        let point: String
        let files: [String]
        let cgroups: [String]
        var isOwn = true

        var testDescription: String { "\(path) through \(root) at \(point)" }
    }

    @Test(arguments: [
        Levels(path: "/", root: "/", point: "/cg", files: ["/cg/cpu.max"], cgroups: ["/"]),
        Levels(
            path: "/a/b",
            root: "/",
            point: "/cg",
            files: ["/cg/a/b/cpu.max", "/cg/a/cpu.max", "/cg/cpu.max"],
            cgroups: ["/a/b", "/a", "/"]
        ),
        Levels(
            path: "/a/b",
            root: "/a",
            point: "/cg",
            files: ["/cg/b/cpu.max", "/cg/cpu.max"],
            cgroups: ["/a/b", "/a"]
        ),
        Levels(
            path: "/a/b",
            root: "/a/",
            point: "/cg/",
            files: ["/cg/b/cpu.max", "/cg/cpu.max"],
            cgroups: ["/a/b", "/a"]
        ),
        Levels(path: "/a", root: "/a", point: "/", files: ["/cpu.max"], cgroups: ["/a"]),
        Levels(
            path: "/../b",
            root: "/..",
            point: "/cg",
            files: ["/cg/b/cpu.max", "/cg/cpu.max"],
            cgroups: ["/../b", "/.."]
        ),
        Levels(path: "/x", root: "/a", point: "/cg", files: ["/cg/cpu.max"], cgroups: ["/a"], isOwn: false),
        Levels(path: "/../b", root: "/", point: "/cg", files: ["/cg/cpu.max"], cgroups: ["/"], isOwn: false),
        Levels(path: "", root: "/", point: "/cg", files: ["/cg/cpu.max"], cgroups: ["/"], isOwn: false),
    ])
    func everyLevelUpToTheMountsRootHasItsFileAndItsName(_ levels: Levels) {
        let mount = CgroupMount(root: Array(levels.root.utf8), mountPoint: Array(levels.point.utf8))
        let hierarchy = CgroupHierarchy(.v2, path: Array(levels.path.utf8), mount: mount)
        #expect(hierarchy.levelCount == levels.files.count)
        #expect(hierarchy.isOwnCgroupVisible == levels.isOwn)
        for level in levels.files.indices {
            #expect(hierarchy.path(of: "cpu.max", atLevel: level) == levels.files[level].nulTerminated)
            #expect(hierarchy.cgroup(atLevel: level) == levels.cgroups[level])
        }
    }

    @Test func aPathLongerThanAnyKernelsIsNotFollowed() {
        let root = CgroupMount(root: [0x2F], mountPoint: Array("/cg".utf8))
        let long = Array(String(repeating: "/a", count: 8192).utf8)
        #expect(CgroupHierarchy(.v2, path: long, mount: root).levelCount == 8193)
        #expect(CgroupHierarchy(.v2, path: long + [0x61], mount: root).levelCount == 1)
    }

    @Test(
        arguments: [
            (CgroupVersion.v2, "/sys/fs/cgroup/a/cpu.max"), (.v1, "/sys/fs/cgroup/cpu/a/cpu.max"),
        ] as [(CgroupVersion, String)]
    )
    func byConventionTheWholeTreeIsAtTheUsualPlace(_ version: CgroupVersion, _ path: String) {
        let point =
            version == .v2
            ? CgroupController.conventionalMountPoint
            : CgroupController.cpu.conventionalMountPoints(.v1)[0]
        let hierarchy = CgroupHierarchy(version, path: Array("/a".utf8), conventionalMountPoint: point)
        #expect(hierarchy.path(of: "cpu.max", atLevel: 0) == path.nulTerminated)
        #expect(!hierarchy.isOwnCgroupVisible)
    }
}
