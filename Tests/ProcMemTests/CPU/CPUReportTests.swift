import TestSupport
import Testing

@testable import ProcMem

/// What explains a count: hidden cgroups, the CPUs that are online and isolated, the masks of other threads.
@Suite struct CPUReportTests {
    @Test func cgroupsAboveWhatIsMounted() throws {
        var system = CPUSystem()
        #expect(try !system.currentLimits().hasHiddenAncestors)
        system.more["/sys/fs/cgroup/cgroup.events"] = "populated 1\n"
        #expect(try system.currentLimits().hasHiddenAncestors)
        // The levels from the own cgroup up to the mount's root are all visible.
        #expect(try system.currentLimits().isComplete)
        system.more = [:]
        system.mounts = MountTable.system + MountTable.v2(25, 22, "/a", "/sys/fs/cgroup")
        system.more["/sys/fs/cgroup/b/cgroup.procs"] = ""
        #expect(try system.currentLimits().hasHiddenAncestors)
    }

    @Test(
        arguments: [
            // lxcfs counts from 0: the numbers of the two files do not agree.
            ("112", "0-2\n", 3), ("f0", "0-3\n", 4), ("112", "0\n", 3),
            // CPUs that are offline: the list is the kernel's.
            ("ff", "0-3\n", 4), ("f", "0-7\n", 4), ("ff", "0-3,6\n", 5), ("f", "2-5\n", 2), ("f0", "1-4\n", 1),
        ]
    )
    func onlineRestrictsTheMaskWhereTheNumbersAgree(_ mask: String, _ online: String, _ count: Int) throws {
        let system = CPUSystem(mask: mask, online: online)
        #expect(try system.currentLimits().affinity.count == count)
    }

    @Test(
        arguments: [
            ("ffff", "0-1\n", nil, true), ("112", "0-2\n", nil, true), ("ffff", "0-1\n", "0-15\n", true),
            // The other CPUs do not exist, or are offline and the mask of a running system omits them.
            ("ffff", "0-1\n", "0-1\n", false), ("3", "0-1\n", nil, false), ("f", "0-15\n", nil, false),
        ] as [(String, String, String?, Bool)]
    )
    func aMaskWithMoreCPUsThanAreOnline(_ mask: String, _ online: String, _ present: String?, _ warns: Bool) throws {
        var system = CPUSystem(mask: mask, online: online)
        system.more["/sys/devices/system/cpu/present"] = present
        // Without a hidden cgroup, CPUs that are offline explain the difference.
        #expect(try system.currentLimits().warnings.isEmpty)
        system.more["/sys/fs/cgroup/cgroup.events"] = "populated 1\n"
        let warnings = try system.currentLimits().warnings
        #expect(warnings.contains { $0.contains("such as lxcfs covers the file") } == warns, "\(warnings)")
    }

    /// lxcfs counts from 0, and lists as many CPUs as the cpuset or a quota allows. The quota may be a visible one.
    @Test(
        arguments: [
            ("24", "0-1\n", nil, " and gives the CPUs other numbers"),
            ("ffff", "0-1\n", "150000 100000\n", ", which shows the quota"),
            ("ffff", "0-1\n", "300000 100000\n", ", mostly because of a quota that is not visible"),
            ("ffff", "0-1\n", nil, ", mostly because of a quota that is not visible"),
        ] as [(String, String, String?, String)]
    )
    func theCauseOfACoveredList(_ mask: String, _ online: String, _ quota: String?, _ cause: String) throws {
        var system = CPUSystem(mask: mask, online: online)
        system.more["/sys/fs/cgroup/cgroup.events"] = "populated 1\n"
        if let quota { system.limits["/a/b"] = quota }
        let warnings = try system.currentLimits().warnings
        #expect(warnings.count == 1 && warnings[0].hasSuffix("a file system such as lxcfs covers the file" + cause))
    }

    @Test(
        arguments: [("2-3\n", "2-3"), ("6-9\n", "6-7"), ("8\n", nil), ("\n", nil), (nil, nil)] as [(String?, String?)]
    )
    func isolatedCPUsInTheMask(_ isolated: String?, _ expected: String?) throws {
        var system = CPUSystem()
        system.more["/sys/devices/system/cpu/isolated"] = isolated
        #expect(try system.currentLimits().isolatedCPUs?.description == expected)
    }

    @Test func aMainThreadThatIsPinned() throws {
        var system = CPUSystem(mask: "1", online: "0-7\n")
        system.more["/proc/self/task/17/status"] = "Cpus_allowed:\t1\n"
        #expect(try system.currentLimits().otherThreadsAffinity == nil)
        system.more["/proc/self/task/18/status"] = "Cpus_allowed:\tff\n"
        let limits = try system.currentLimits()
        #expect(limits.affinity.count == 1)
        #expect(limits.otherThreadsAffinity?.description == "0-7")
        // Without the list of CPUs that are online, the threads are examined too.
        system.online = nil
        #expect(try system.currentLimits().otherThreadsAffinity?.description == "0-7")
        system.more["/proc/self/task/18/status"] = "Cpus_allowed:\t1\n"
        #expect(try system.currentLimits().otherThreadsAffinity == nil)
    }
}
