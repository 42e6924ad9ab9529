import Foundation
import TestSupport
import Testing

@testable import ProcMem

@Suite struct CgroupCPUTimeTests {
    private func time(_ files: [String: String]) throws -> CgroupCPUTime {
        let tree = try FixtureTree(files)
        return withExtendedLifetime(tree) { CgroupCPUTime.current(in: tree.root()) }
    }

    /// On v2, every cgroup counts, also one without the `cpu` controller.
    @Test func v2() throws {
        let stat = "usage_usec 1500\nuser_usec 1000\nsystem_usec 500\n"
        let time = try time(MountTable.files(in: "/pod/own", root: "/", ["/sys/fs/cgroup/pod/own/cpu.stat": stat]))
        #expect(time.cgroup == "/pod/own" && time.warnings.isEmpty)
        #expect(time.usageMicroseconds == 1500 && time.userMicroseconds == 1000 && time.systemMicroseconds == 500)
    }

    private let v1 = [
        "/proc/self/cgroup": "4:cpuacct:/own\n3:cpu:/other\n",
        "/proc/self/mountinfo": "30 29 0:26 / /cg rw - cgroup cgroup rw,cpuacct\n",
    ]

    /// Nanoseconds, in the hierarchy of `cpuacct`.
    @Test func v1Nanoseconds() throws {
        let files = ["/cg/own/cpuacct.usage": "1500999\n", "/cg/own/cpuacct.stat": "user 7\nsystem 2\n"]
        let time = try time(v1.merging(files) { $1 })
        #expect(time.cgroup == "/own" && time.warnings.isEmpty)
        let tick = 1_000_000 / ticksPerSecond
        #expect(time.usageMicroseconds == 1500 && time.userMicroseconds == 7 * tick)
        #expect(time.systemMicroseconds == 2 * tick)
    }

    /// On v1, the cgroup is named by its directory in the hierarchy of the memory controller, or by its name.
    @Test(arguments: ["/job", "/mem/job", "/cg/job"]) func aNamedCgroupOfV1(_ name: String) throws {
        let tree = try FixtureTree([
            "/proc/self/cgroup": "5:memory:/own\n4:cpuacct:/own\n",
            "/proc/self/mountinfo": "30 29 0:26 / /cg rw - cgroup cgroup rw,cpuacct\n"
                + "31 29 0:27 / /mem rw - cgroup cgroup rw,memory\n",
            "/mem/job/cgroup.procs": "", "/cg/job/cgroup.procs": "", "/cg/job/cpuacct.usage": "2500000\n",
            "/cg/job/cpuacct.stat": "user 1\nsystem 0\n",
        ])
        let time = try CgroupCPUTime(ofCgroup: name, in: tree.root())
        #expect(time.cgroup == "/job" && time.usageMicroseconds == 2500 && time.warnings.isEmpty)
    }

    @Test func aNamedCgroupOfV2() throws {
        let stat = "usage_usec 1500\nuser_usec 1000\nsystem_usec 500\n"
        let files = MountTable.files(
            in: "/pod/own",
            root: "/",
            ["/sys/fs/cgroup/job/cgroup.procs": "", "/sys/fs/cgroup/job/cpu.stat": stat]
        )
        let tree = try FixtureTree(files)
        for name in ["/job", "/sys/fs/cgroup/job"] {
            let time = try CgroupCPUTime(ofCgroup: name, in: tree.root())
            #expect(time.cgroup == "/job" && time.usageMicroseconds == 1500 && time.warnings.isEmpty)
        }
        let error = #expect(throws: ProcMemError.self) { try CgroupCPUTime(ofCgroup: "/none", in: tree.root()) }
        #expect(error?.code == .invalidArgument)
    }

    @Test func whatCannotBeRead() throws {
        let malformed = try time(v1.merging(["/cg/own/cpuacct.usage": "many\n"]) { $1 })
        #expect(
            malformed.usageMicroseconds == nil && malformed.userMicroseconds == nil && malformed.warnings.count == 2
        )
        #expect(malformed.warnings[0].contains("cpuacct.usage") && malformed.warnings[1].contains("cpuacct.stat"))
        // Before Linux 4.15, `cpu.stat` has no usage.
        let files = MountTable.files(in: "/pod/own", root: "/", ["/sys/fs/cgroup/pod/own/cpu.stat": "nr_periods 0\n"])
        let old = try time(files)
        #expect(old.usageMicroseconds == nil && old.warnings.count == 1 && old.warnings[0].contains("usage_usec"))
        let hidden = try time(v1.merging(["/proc/self/cgroup": "4:cpuacct:/../other\n"]) { $1 })
        #expect(hidden.cgroup == nil && hidden.usageMicroseconds == nil && hidden.warnings.count == 1)
        let none = try time([:])
        #expect(none.usageMicroseconds == nil && !none.warnings.isEmpty)
        #expect(throws: ProcMemError.self) { try CgroupCPUTime(of: 0) }
    }

    /// The kernel's file, read by the test before and after.
    @Test(.enabled(if: CgroupCPUTime.current().cgroup != nil, "the own cgroup is not visible"))
    func theLiveCgroup() throws {
        let time = CgroupCPUTime.current()
        let own = try #require(time.usageMicroseconds, "\(time)")
        let later = try #require(try CgroupCPUTime(of: getpid()).usageMicroseconds)
        #expect(own > 0 && later >= own)
        // The test's own CPU time is part of it.
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        let used = usage.ru_utime.tv_sec + usage.ru_stime.tv_sec
        #expect(later / 1_000_000 >= used)
    }
}
