import Foundation
import TestSupport
import Testing

@testable import ProcMem

/// The way from `cgroup` and `mountinfo` to the limit files, and the warnings if the process's own cgroup is not
/// reached.
@Suite struct CgroupLookupTests {
    struct Case: CustomTestStringConvertible {
        let name: String
        var files: [String: String]
        var cgroup: String?
        var isComplete = true
        var warning: String?

        var testDescription: String { name }
    }

    private static func files(
        _ membership: String?,
        _ mounts: String?,
        _ more: [String] = [],
        process: String = "self"
    ) -> [String: String] {
        var files = Dictionary(uniqueKeysWithValues: more.map { ($0, "") })
        files["/proc/\(process)/cgroup"] = membership
        files["/proc/\(process)/mountinfo"] = mounts
        return files
    }

    private static let v2 = MountTable.system + MountTable.v2()

    static let cases: [Case] = [
        Case(name: "its own cgroup", files: files("0::/a\n", v2), cgroup: "/a"),
        Case(name: "in no hierarchy with the controller", files: files("5:cpuset:/\n", v2)),
        Case(
            name: "an empty membership",
            files: files("", v2),
            isComplete: false,
            warning: "proc/self/cgroup: names no cgroup"
        ),
        Case(
            name: "no membership",
            files: files(nil, v2),
            isComplete: false,
            warning: "proc/self/cgroup: cannot be read (errno 2, No such file or directory)"
        ),
        Case(
            name: "no table of mounts, the cgroup at the conventional mount point",
            files: files("0::/a\n", nil, ["/sys/fs/cgroup/a/cgroup.controllers"]),
            cgroup: "/a",
            isComplete: false,
            warning: "proc/self/mountinfo: cannot be read (errno 2, No such file or directory)"
        ),
        Case(
            name: "no table of mounts, only the conventional mount point",
            files: files("0::/a\n", nil, ["/sys/fs/cgroup/cgroup.controllers"]),
            cgroup: "/",
            isComplete: false,
            warning: "proc/self/mountinfo: cannot be read"
        ),
        Case(
            name: "no table of mounts, no conventional mount point",
            files: files("0::/a\n", nil),
            isComplete: false,
            warning: "proc/self/mountinfo: cannot be read"
        ),
        Case(
            name: "v1 by convention",
            files: files("1:cpu:/a\n", nil, ["/sys/fs/cgroup/cpu/a/tasks"]),
            cgroup: "/a",
            isComplete: false,
            warning: "proc/self/mountinfo: cannot be read"
        ),
        Case(
            name: "v1 by convention, joined",
            files: files("1:cpu,cpuacct:/a\n", nil, ["/sys/fs/cgroup/cpu,cpuacct/tasks"]),
            cgroup: "/",
            isComplete: false,
            warning: "proc/self/mountinfo: cannot be read"
        ),
        Case(
            name: "not mounted",
            files: files("0::/a\n", MountTable.system),
            isComplete: false,
            warning: "proc/self/mountinfo: the cpu controller's hierarchy is not mounted here"
        ),
        Case(
            name: "v1 is not searched for on v2",
            files: files("1:cpu:/a\n0::/u\n", v2),
            isComplete: false,
            warning: "proc/self/mountinfo: the cpu controller's hierarchy is not mounted here"
        ),
        Case(
            name: "elsewhere",
            files: files("0::/a b\n", MountTable.v2(25, 22, "/c", "/sys/fs/cgroup")),
            cgroup: "/c",
            isComplete: false,
            warning: "proc/self/cgroup: the cgroup /a b is outside of the mounted hierarchy"
        ),
    ]

    @Test(arguments: cases) func whatWasFoundIsSaid(_ lookup: Case) throws {
        let tree = try FixtureTree(lookup.files)
        let found = CgroupHierarchy.find(.cpu, of: .current, in: tree.root())
        #expect(found.hierarchy?.cgroup(atLevel: 0) == lookup.cgroup)
        #expect(found.isComplete == lookup.isComplete)
        #expect(found.warnings.count == (lookup.warning == nil ? 0 : 1))
        if let warning = lookup.warning {
            #expect(found.warnings.first?.contains(warning) == true, "\(found.warnings)")
        }
    }

    @Test func belowAFolderAProcessHasItsOwnMounts() throws {
        let own = MountTable.v2(25, 22, "/a", "/own")
        let tree = try FixtureTree(
            Self.files("0::/a\n", own, process: "17").merging(Self.files("0::/b\n", Self.v2)) { first, _ in first }
        )
        let found = CgroupHierarchy.find(.cpu, of: .id(17), in: tree.root())
        #expect(found.hierarchy?.path(of: "x", atLevel: 0) == "/own/x".nulTerminated)
        #expect(found.isComplete)
    }

    /// A process in a container has its own mount table: there its cgroup is at `/sys/fs/cgroup`, where the host has the
    /// root cgroup.
    @Test(arguments: ["17", "self"]) func theMountPointsBelowAFolderAreThoseOfProcess1(_ process: String) throws {
        let container = MountTable.v2(25, 22, "/docker/abc", "/sys/fs/cgroup")
        var files = Self.files("0::/docker/abc\n", container, process: process)
        files["/proc/1/mountinfo"] = MountTable.v2(30, 22, "/", "/sys/fs/cgroup")
        let selector = Int32(process).map { ProcessSelector.id($0) } ?? .current
        func lookup() throws -> CgroupHierarchy.Lookup {
            let tree = try FixtureTree(files)
            return CgroupHierarchy.find(.memory, of: selector, in: tree.root())
        }
        let host = try lookup()
        #expect(host.hierarchy?.path(of: "x", atLevel: 0) == "/sys/fs/cgroup/docker/abc/x".nulTerminated)
        #expect(host.hierarchy?.levelCount == 3)
        #expect(host.isComplete && host.warnings.isEmpty)
        // Captured within the container, where process 1 has the same mounts.
        files["/proc/1/mountinfo"] = container
        let captured = try lookup()
        #expect(captured.hierarchy?.path(of: "x", atLevel: 0) == "/sys/fs/cgroup/x".nulTerminated)
        #expect(captured.hierarchy?.levelCount == 1 && captured.isComplete)
        // A table that is no file is not replaced by another one, which may show less.
        files["/proc/1/mountinfo"] = nil
        files["/proc/1/mountinfo/x"] = ""
        #expect(try !lookup().isComplete)
        #expect(try lookup().warnings.first?.contains("proc/1/mountinfo: ") == true)
    }

    @Test func anEndlessPathIsNotQuotedWhole() throws {
        let tree = try FixtureTree(Self.files("0::" + String(repeating: "/a", count: 300_000) + "\n", Self.v2))
        let found = CgroupHierarchy.find(.cpu, of: .current, in: tree.root())
        #expect(found.hierarchy?.levelCount == 1)
        #expect(!found.isComplete)
        #expect(found.warnings.allSatisfy { $0.utf8.count < 5000 })
    }

    @Test func anEndlessMembershipIsRefused() throws {
        let tree = try FixtureTree(Self.files("0::/" + String(repeating: "a", count: 1 << 20), Self.v2))
        let found = CgroupHierarchy.find(.cpu, of: .current, in: tree.root())
        #expect(found.hierarchy == nil)
        #expect(found.warnings.first?.hasSuffix("proc/self/cgroup: longer than 1048576 bytes") == true)
    }

    /// On v1, the kernel names the root for a thread that has exited, and its cgroup for the others. If these cannot be read,
    /// the root is not known to be right.
    @Test(arguments: [nil, "task", "cgroup"]) func threadsThatCannotBeRead(_ unreadable: String?) throws {
        let tree = try FixtureTree([
            "/proc/17/cgroup": "4:cpu,cpuacct:/\n", "/proc/17/mountinfo": MountTable.system + MountTable.v1(25, 22),
            "/proc/17/stat": "17 (a) Z 1 1 1 0 -1 4194304 0 0 0 0 0 0 0 0 20 0 2 0 55 0 0\n",
            "/proc/17/task/18/cgroup": "4:cpu,cpuacct:/a\n",
        ])
        if let unreadable {
            let path = unreadable == "task" ? "proc/17/task" : "proc/17/task/18/cgroup"
            let file = tree.directory.appending(path: path)
            try FileManager.default.removeItem(at: file)
            // ELOOP stands for every failure that is not the exit of the thread.
            try FileManager.default.createSymbolicLink(atPath: file.path, withDestinationPath: file.lastPathComponent)
        }
        let lookup = CgroupHierarchy.find(.cpu, of: .id(17), in: tree.root())
        #expect(lookup.isComplete == (unreadable == nil))
        #expect(lookup.warnings.isEmpty == (unreadable == nil))
        #expect(lookup.hierarchy?.cgroup(atLevel: 0) == (unreadable == nil ? "/a" : nil))
        #expect(!lookup.isOutOfResources)
    }

    /// The threads exit while they are read: the membership of the process is right.
    @Test func threadsThatExit() throws {
        let tree = try FixtureTree([
            "/proc/17/cgroup": "4:cpu,cpuacct:/\n", "/proc/17/mountinfo": MountTable.system + MountTable.v1(25, 22),
            "/proc/17/stat": "17 (a) Z 1 1 1 0 -1 4194304 0 0 0 0 0 0 0 0 20 0 2 0 55 0 0\n",
            "/proc/17/task/18/status": "",
        ])
        let lookup = CgroupHierarchy.find(.cpu, of: .id(17), in: tree.root())
        #expect(lookup.isComplete && lookup.hierarchy?.cgroup(atLevel: 0) == "/")
    }
}
