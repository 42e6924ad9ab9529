import Foundation
import TestSupport
import Testing

@testable import ProcMem

/// Whether processes are exactly those of a cgroup: 10 is the root of a tree, 11 and 12 are its children, and 1 is the
/// parent of 10.
@Suite struct CgroupFillingTests {
    enum Version: String, CaseIterable, CustomTestStringConvertible {
        case v1, v2

        var testDescription: String { rawValue }

        func membership(_ path: String) -> String { self == .v1 ? "6:memory:\(path)\n0::/x\n" : "0::\(path)\n" }

        var mounts: String {
            self == .v1
                ? "40 30 0:9 / /cg rw - cgroup cgroup rw,memory\n" : MountTable.v2(25, 22, "/", "/cg")
        }
    }

    private static let filling = CgroupFilling([10, 11, 12], holders: [10, 11, 12], maximumDuration: .seconds(60))

    /// Returns the path below `/cg` of the cgroup that the processes fill.
    private func filled(
        _ version: Version,
        _ lists: [String: String],
        own: String = "/a",
        parent: String = "/",
        charged: [String] = ["", "/a"],
        _ filling: CgroupFilling = filling
    ) throws -> String? {
        var files = [
            "/proc/10/cgroup": version.membership(own), "/proc/1/cgroup": version.membership(parent),
            "/proc/10/mountinfo": version.mounts, "/proc/self/mountinfo": version.mounts,
        ]
        for (path, list) in lists { files["/cg\(path)/cgroup.procs"] = list }
        for path in charged { files["/cg\(path)/memory.stat"] = "anon 0\ntotal_rss 0\n" }
        let tree = try FixtureTree(files)
        return try withExtendedLifetime(tree) {
            let root = tree.root()
            guard let found = filling.cgroup(of: 10, parent: 1, in: root) else { return nil }
            let path = String(decoding: found.path, as: UTF8.self)
            let isFilled = filling.fills(found, in: root)
            try #require(isFilled && path.hasPrefix("/cg"))
            return String(path.dropFirst(3))
        }
    }

    @Test(arguments: Version.allCases) func aTreeInACgroup(_ version: Version) throws {
        #expect(try filled(version, ["": "1\n2\n", "/a": "10\n11\n12\n"]) == "/a")
        #expect(try filled(version, ["": "1\n", "/a": "10\n", "/a/b": "12\n", "/a/b/c": "11\n"]) == "/a")
    }

    /// The root of the tree is in a cgroup of its own, as systemd and container engines have it.
    @Test(arguments: Version.allCases) func aTreeInSeveralCgroups(_ version: Version) throws {
        let lists = ["": "1\n", "/a": "", "/a/init": "10\n", "/a/b": "11\n", "/a/b/c": "12\n"]
        #expect(try filled(version, lists, own: "/a/init", charged: ["/a", "/a/init"]) == "/a")
        #expect(try filled(version, lists.merging(["/a/d": "13\n"]) { $1 }, own: "/a/init") == nil)
    }

    /// One other process, in any of the cgroups, or one that has no id in the pid namespace of the caller.
    @Test(
        arguments: Version.allCases,
        [
            ["/a": "10\n11\n12\n13\n"], ["/a": "10\n11\n12\n", "/a/b": "13\n"], ["/a": "0\n10\n11\n12\n"],
            ["/a": "1\n10\n11\n12\n"], ["/a": "10\n11\n12\n", "/a/b": "0\n"], ["/a": "10\n11\nx\n12\n"],
        ]
    )
    func anotherProcess(_ version: Version, _ lists: [String: String]) throws {
        #expect(try filled(version, lists.merging(["": "1\n"]) { $1 }) == nil)
    }

    /// A list that is too long has other processes. It is not read to its end.
    @Test func manyOtherProcesses() throws {
        let others = (1000..<9000).map { "\($0)\n" }.joined()
        #expect(try filled(.v2, ["": "1\n", "/a": "10\n11\n12\n" + others]) == nil)
    }

    @Test(arguments: Version.allCases) func aProcessElsewhere(_ version: Version) throws {
        #expect(try filled(version, ["": "1\n", "/a": "10\n11\n", "/b": "12\n"]) == nil)
        #expect(try filled(version, ["": "1\n"]) == nil)
    }

    /// The parent shows it without a list: the cgroup of the tree has a process that is not one of the tree.
    @Test(arguments: Version.allCases) func theParentIsInTheSameCgroup(_ version: Version) throws {
        let lists = ["/a": "10\n11\n12\n"]
        #expect(try filled(version, lists, parent: "/b") == "/a")
        for parent in ["/a", "/a/b"] { #expect(try filled(version, lists, parent: parent) == nil) }
        // One name is the beginning of the other.
        #expect(try filled(version, lists, parent: "/ab") == "/a")
    }

    /// Without the memory controller, the memory is charged to an ancestor, which may have other processes.
    @Test func theControllerIsEnabledForAnAncestor() throws {
        let lists = ["": "1\n", "/a": "", "/a/b": "10\n11\n12\n"]
        #expect(try filled(.v2, lists, own: "/a/b") == "/a")
        #expect(try filled(.v2, lists.merging(["/a/c": "13\n"]) { $1 }, own: "/a/b") == nil)
        #expect(try filled(.v2, ["/a": "10\n11\n12\n"], charged: []) == nil)
    }

    /// A zombie maps nothing: an old kernel lists it, and a new one does not.
    @Test(arguments: ["10\n11\n", "10\n11\n12\n"]) func aZombie(_ list: String) throws {
        let filling = CgroupFilling([10, 11, 12], holders: [10, 11], maximumDuration: .seconds(60))
        #expect(try filled(.v2, ["": "1\n", "/a": list], filling) == "/a")
    }

    /// Many empty cgroups below would take longer than reading the processes.
    @Test func manyEmptyCgroups() throws {
        var lists = ["": "1\n", "/a": "10\n11\n12\n"]
        for number in 0..<60 { lists["/a/\(number)"] = "" }
        #expect(try filled(.v2, lists) == "/a")
        for number in 60..<80 { lists["/a/\(number)"] = "" }
        #expect(try filled(.v2, lists) == nil)
    }

    /// Without time, one list is read. If it is not sufficient, the processes count as not filling the cgroup, also in the
    /// check after a pass.
    @Test func noTime() throws {
        let hurried = CgroupFilling([10, 11, 12], holders: [10, 11, 12], maximumDuration: .zero)
        #expect(try filled(.v2, ["": "1\n", "/a": "10\n11\n", "/a/b": "12\n"], hurried) == nil)
        let tree = try FixtureTree(["/cg/a/cgroup.procs": "10\n11\n", "/cg/a/b/cgroup.procs": "12\n"])
        let directory = try CgroupDirectory(named: "/cg/a", in: tree.root())
        #expect(!hurried.fills(directory, in: tree.root()))
        #expect(Self.filling.fills(directory, in: tree.root()))
    }
}

/// What the running kernel lists.
@Suite(.unless(Cgroup.unavailableReason(on: .v2, with: ["cgroup.type"]))) struct CgroupFillingLiveTests {
    private func isFilled(_ cgroup: Cgroup, by pids: [Int32], holders: [Int32]? = nil) throws -> Bool {
        let directory = try CgroupDirectory(named: cgroup.directory, in: .live)
        return CgroupFilling(pids, holders: holders ?? pids, maximumDuration: .seconds(60)).fills(directory, in: .live)
    }

    /// The kernel lists the processes of threaded cgroups in the nearest cgroup above that is not threaded.
    @Test func aThreadedCgroup() throws {
        let domain = try Cgroup.make(on: .v2)
        let child = try ChildProcess(state: "thread")
        try domain.take(child)
        let threaded = try domain.make("threaded")
        try threaded.set("cgroup.type", "threaded")
        try threaded.set("cgroup.threads", "\(child.ids[0])")
        #expect(try isFilled(domain, by: [child.pid]))
        #expect(try !isFilled(domain, by: [child.pid, 1], holders: [child.pid, 1]))
        // The process itself, not only one of its threads.
        try threaded.set("cgroup.threads", "\(child.pid)")
        #expect(try isFilled(domain, by: [child.pid]))
        #expect(try !isFilled(threaded, by: [child.pid]))
    }

    @Test func aZombieNeedNotBeListed() throws {
        let cgroup = try Cgroup.make(on: .v2)
        let parent = try cgroup.child(state: "zombie")
        let listed = try cgroup.text("cgroup.procs")
        let tree = [parent.pid, parent.ids[0]]
        #expect(try isFilled(cgroup, by: tree, holders: [parent.pid]))
        // Linux 5.2 and later.
        #expect(listed == "\(parent.pid)")
        #expect(try !isFilled(cgroup, by: tree))
    }
}
