import Foundation
import TestSupport
import Testing

/// The helper that creates cgroups for the other tests.
@Suite(.memoryCgroups, .timeLimit(.minutes(5))) struct CgroupHelperTests {
    private func make(_ controller: Cgroup.Controller) throws -> Cgroup {
        if let unavailableReason = Cgroup.unavailableReason(controller) { try Test.cancel("\(unavailableReason)") }
        return try Cgroup.make(controller)
    }

    /// Its process is killed, and its child cgroup is removed too.
    @Test(arguments: [Cgroup.Controller.cpu, .memory]) func isRemovedWithTheLastReference(
        _ controller: Cgroup.Controller
    ) throws {
        var cgroup: Cgroup? = try make(controller)
        var own: Cgroup? = try cgroup?.make()
        let directories = try [#require(cgroup).directory, #require(own).directory]
        let child = try ChildProcess(state: "hold", 4096)
        // Moved by its pid, so that the child holds no reference to the cgroup.
        try own?.take(child.pid)
        #expect(directories.allSatisfy(KernelFile.exists))
        (cgroup, own) = (nil, nil)
        #expect(!directories.contains(where: KernelFile.exists))
        #expect(child.status(within: .seconds(60)) == 128 + SIGKILL)
    }

    @Test func isKeptByItsProcess() throws {
        var cgroup: Cgroup? = try make(.memory)
        let directory = try #require(cgroup?.directory)
        var child: ChildProcess? = try cgroup?.child(state: "hold", 4096)
        cgroup = nil
        let pid = try #require(child?.pid)
        #expect(try KernelFile.text("\(directory)/cgroup.procs") == "\(pid)\n")
        child = nil
        #expect(!KernelFile.exists(directory))
    }

    @Test func isRemovedAfterAnError() throws {
        var directory = ""
        func fail() throws {
            let cgroup = try make(.memory)
            directory = cgroup.directory
            try cgroup.set("memory.no_such_file", "1")
        }
        #expect(throws: KernelFile.Failure.self) { try fail() }
        #expect(!directory.isEmpty && !KernelFile.exists(directory))
    }

    /// Another cgroup may then have the same name.
    @Test func isNotRemovedTwice() throws {
        let parent = try make(.memory)
        var first: Cgroup? = try parent.make()
        try first?.remove()
        let second = try parent.make()
        first = nil
        #expect(KernelFile.exists(second.directory))
    }

    @Test func removesWhatAKilledProcessLeft() throws {
        let place = try make(.memory)
        let leftover = place.directory.replacing(Cgroup.namePrefix(of: getpid()), with: Cgroup.namePrefix(of: .max))
        try #require(mkdir(leftover, 0o755) == 0)
        Cgroup.removeLeftovers(of: .max)
        #expect(!KernelFile.exists(leftover))
        #expect(KernelFile.exists(place.directory))
    }

    @Test func whatTheKernelReportsIsVerified() throws {
        // Not a multiple of the page size: the kernel rounds it down.
        let cgroup = try make(.memory)
        #expect(throws: Cgroup.Mismatch.self) { try cgroup.set(memoryLimit: 64 << 20 + 1) }
        try cgroup.set(memoryLimit: 64 << 20)
    }

    /// A hybrid host: v2 is mounted beside v1, and has none of these controllers.
    @Test(
        .enabled(
            if: FileManager.default.fileExists(atPath: "/sys/fs/cgroup/unified/cgroup.controllers"),
            "v2 is not beside v1 here"
        )
    )
    func anEmptyHierarchyIsTheReasonOfASkip() throws {
        let offered = try KernelFile.text("/sys/fs/cgroup/unified/cgroup.controllers")
        for controller in [Cgroup.Controller.cpu, .memory] {
            try #require(!offered.split(whereSeparator: \.isWhitespace).contains(Substring(controller.rawValue)))
            let unavailableReason = Cgroup.unavailableReason(controller, on: .v2)
            let reason =
                "no cgroup can be made for a test: cgroup v2 at /sys/fs/cgroup/unified does not have the "
                + "\(controller.rawValue) controller"
            #expect(unavailableReason?.hasPrefix(reason) == true, "\(unavailableReason ?? "none")")
        }
    }

    @Test func aFileThatIsMissingIsTheReasonOfASkip() {
        #expect(Cgroup.unavailableReason(.memory, with: ["memory.nonsense"]) == "the kernel has no memory.nonsense")
    }
}
