import Foundation
import TestSupport
import Testing

@testable import ProcMem

@Suite struct CgroupProcessesTests {
    private static let mounts = "40 30 0:9 /own /cg rw - cgroup cgroup rw,memory\n"

    private func tree(_ files: [String: String], links: [String: String] = [:]) throws -> FixtureTree {
        let system = ["/proc/self/cgroup": "6:memory:/own/a\n", "/proc/self/mountinfo": Self.mounts]
        return try FixtureTree(system.merging(files) { $1 }, links: links)
    }

    private func ids(in path: String, of tree: FixtureTree) throws(ProcMemError) -> [Int32] {
        try CgroupProcesses.ids(named: path, in: tree.root())
    }

    private func error(of path: String, in tree: FixtureTree) -> ProcMemError? {
        do throws(ProcMemError) {
            _ = try ids(in: path, of: tree)
            return nil
        } catch {
            return error
        }
    }

    /// A cgroup is named as in `/proc/PID/cgroup`, with any number of slashes at the end, or by its directory.
    @Test(arguments: ["/own/a", "/own/a/", "/cg/a"]) func aCgroupHasTheProcessesOfAllBelow(_ path: String) throws {
        let tree = try tree([
            "/cg/cgroup.procs": "1\n",
            "/cg/a/cgroup.procs": "30\n7\n",
            "/cg/a/b/cgroup.procs": "",
            "/cg/a/b/c/cgroup.procs": "5\n2147483647\n",
            "/cg/a/d/cgroup.procs": "7\n6",
            "/cg/ab/cgroup.procs": "8\n",
        ])
        #expect(try ids(in: path, of: tree) == [5, 6, 7, 30, .max])
    }

    /// v2 reports a process of another pid namespace as 0.
    @Test func aProcessOutsideOfThePidNamespaceIsNotNamed() throws {
        let tree = try tree(["/cg/a/cgroup.procs": "0\n0\n17\n"])
        var budget = SearchBudget(SearchLimits())
        let directory = try CgroupDirectory(named: "/own/a", in: tree.root())
        #expect(try CgroupProcesses.ids(below: directory, in: tree.root(), within: &budget) == [17])
        #expect(budget.gaps == [.otherNamespace])
    }

    @Test func linksAreNotFollowedDownwards() throws {
        let tree = try tree(
            ["/cg/a/cgroup.procs": "7\n", "/cg/x/cgroup.procs": "8\n"],
            links: ["/cg/a/loop": "../a", "/cg/a/x": "../x"]
        )
        #expect(try ids(in: "/own/a", of: tree) == [7])
    }

    @Test(arguments: ["-1\n", "x\n", "7\n2147483648\n", "7 +8\n"]) func aListThatIsNoneIsAnError(_ list: String) throws
    {
        let tree = try tree(["/cg/a/cgroup.procs": "7\n", "/cg/a/b/cgroup.procs": list])
        let error = error(of: "/own/a", in: tree)
        #expect(error?.code == .malformed)
        #expect(error?.path == tree.directory.path + "/cg/a/b/cgroup.procs")
    }

    @Test(arguments: ["", "/", "own/a", "/elsewhere", "/own/missing", "/own/../own/a", "/own", "/cg/b"])
    func whatIsNoCgroupIsRefused(_ path: String) throws {
        let error = error(of: path, in: try tree(["/cg/a/cgroup.procs": "7\n"]))
        #expect(error?.code == .invalidArgument)
        #expect(error?.description.contains("no such cgroup; name it as /proc/PID/cgroup does") == true)
    }
}

/// Threaded cgroups, which only a real kernel has.
@Suite(.unless(Cgroup.unavailableReason(on: .v2, with: ["cgroup.type"]))) struct ThreadedCgroupTests {
    @Test func theProcessesOfThreadedCgroupsAreListedAbove() throws {
        let domain = try Cgroup.make(on: .v2)
        let child = try ChildProcess(state: "hold", 4096)
        try domain.take(child)
        let threaded = try domain.make("threaded")
        try threaded.set("cgroup.type", "threaded")
        #expect(try CgroupProcesses.ids(named: domain.directory, in: .live) == [child.pid])
        #expect(throws: ProcMemError.self) {
            try CgroupProcesses.ids(named: threaded.directory, in: .live)
        }
    }
}

extension CgroupProcesses {
    /// The ids of all processes of the cgroup, which is found by its name.
    fileprivate static func ids(named path: String, in root: SystemRoot) throws(ProcMemError) -> [Int32] {
        var budget = SearchBudget(SearchLimits())
        return try ids(below: CgroupDirectory(named: path, in: root), in: root, within: &budget)
    }
}
