import Foundation
import TestSupport

/// File trees that stand in for a system. Sizes in `statm` are in pages of the running system.
enum Systems {
    static let pageSizeBytes = Int(sysconf(Int32(_SC_PAGESIZE)))

    /// Returns a system with four CPUs in the affinity mask, and a v2 cgroup with a quota ("QUOTA PERIOD" or "max
    /// PERIOD").
    static func cpus(quota: String) throws -> FixtureTree {
        try FixtureTree(
            MountTable.files(
                in: "/kubepods/pod1",
                [
                    "/proc/self/status": "Name:\tworker\nTgid:\t42\nCpus_allowed:\t0f\n",
                    "/proc/self/stat": stat(42, "worker", parent: 1),
                    "/proc/meminfo": "MemTotal:        8388608 kB\n",
                    "/sys/devices/system/cpu/online": "0-7\n",
                    "/sys/fs/cgroup/kubepods/cpu.max": "max 100000\n",
                    "/sys/fs/cgroup/kubepods/memory.max": "1073741824\n",
                    "/sys/fs/cgroup/kubepods/pod1/cpu.max": quota + "\n",
                    "/sys/fs/cgroup/kubepods/pod1/memory.max": "max\n",
                ]
            )
        )
    }

    /// Returns a container on v2 with a limit of 4 GiB, on a machine with 8 GiB.
    static func container() throws -> FixtureTree {
        let own = "/sys/fs/cgroup/kubepods/pod1"
        return try FixtureTree(
            MountTable.files(
                in: "/kubepods/pod1",
                [
                    "/proc/meminfo": "MemTotal:        8388608 kB\n",
                    "/sys/fs/cgroup/kubepods/memory.max": "max\n",
                    "/sys/fs/cgroup/kubepods/memory.high": "max\n",
                    "/sys/fs/cgroup/kubepods/memory.swap.max": "max\n",
                    "/sys/fs/cgroup/kubepods/memory.current": "2147483648\n",
                    "\(own)/memory.max": "4294967296\n",
                    "\(own)/memory.high": "3221225472\n",
                    "\(own)/memory.swap.max": "1073741824\n",
                    "\(own)/memory.current": "1288490189\n",
                    "\(own)/memory.swap.current": "0\n",
                    "\(own)/memory.peak": "1300000000\n",
                    "\(own)/memory.events": "low 0\nhigh 12\nmax 0\noom 0\noom_kill 1\noom_group_kill 0\n",
                    "\(own)/memory.stat":
                        "anon 536870912\nfile 700000000\nkernel 10485760\nshmem 209715200\ninactive_file 322122547\n",
                    "\(own)/memory.pressure":
                        "some avg10=1.50 avg60=0.50 avg300=0.10 total=4000\nfull avg10=0.25 avg60=0.00 avg300=0.00 total=1000\n",
                ]
            )
        )
    }

    /// Returns a server (100) with a worker (101) and a zombie (102), and a kernel thread (2). The server is in a
    /// cgroup, and the worker in a cgroup below it.
    static func processes(serverName: String = "server") throws -> FixtureTree {
        try FixtureTree(
            MountTable.files(
                in: "/",
                [
                    "/proc/2/stat": stat(2, "kthreadd", parent: 0, flags: 0x20_8040),
                    "/proc/100/stat": stat(100, serverName, parent: 1),
                    "/proc/100/statm": "5000 2000 500 1 0 100 0\n",
                    "/proc/100/status": status(100, file: 1200, shmem: 800, peak: 9000, swap: 48, hugetlb: 0),
                    "/proc/101/status": status(101, file: 2000, shmem: 400, peak: 20000, swap: 0, hugetlb: 0),
                    "/proc/100/smaps_rollup": rollup(rss: 8000, pss: 6000, privateDirty: 5000, swap: 64),
                    "/proc/100/task/100/children": "101 102 ",
                    "/proc/101/stat": stat(101, "worker", parent: 100),
                    "/proc/101/statm": "5000 1000 600 1 0 100 0\n",
                    "/proc/101/smaps_rollup": rollup(rss: 4000, pss: 3000, privateDirty: 2000, swap: 0),
                    "/proc/101/task/101/children": "",
                    "/proc/102/stat": stat(102, "gone", parent: 100, state: "Z"),
                    "/proc/102/task/102/children": "",
                    "/sys/fs/cgroup/cgroup.procs": "2\n",
                    "/sys/fs/cgroup/web/cgroup.procs": "100\n",
                    "/sys/fs/cgroup/web/workers/cgroup.procs": "101\n",
                ]
            )
        )
    }

    static func stat(_ pid: Int, _ name: String, parent: Int, state: String = "S", flags: Int = 0x40_0000) -> String {
        let tail = String(repeating: " 0", count: 22)
        return "\(pid) (\(name)) \(state) \(parent) 1 1 0 -1 \(flags) 0 0 0 0 0 0 0 0 20 0 1 0 \(1000 + pid)\(tail)\n"
    }

    /// Returns the contents of `status`. Sizes are in KiB.
    static func status(_ pid: Int, file: Int, shmem: Int, peak: Int, swap: Int, hugetlb: Int) -> String {
        """
        Name:\tany
        Tgid:\t\(pid)
        VmHWM:\(kilobytes(peak))
        RssFile:\(kilobytes(file))
        RssShmem:\(kilobytes(shmem))
        VmSwap:\(kilobytes(swap))
        HugetlbPages:\(kilobytes(hugetlb))

        """
    }

    /// Returns the contents of `smaps_rollup`. Sizes are in KiB.
    static func rollup(rss: Int, pss: Int, privateDirty: Int, swap: Int) -> String {
        """
        55f6d0a00000-7ffd4a5f2000 ---p 00000000 00:00 0                          [rollup]
        Rss:\(kilobytes(rss))
        Pss:\(kilobytes(pss))
        Shared_Clean:\(kilobytes(rss - privateDirty))
        Shared_Dirty:\(kilobytes(0))
        Private_Clean:\(kilobytes(0))
        Private_Dirty:\(kilobytes(privateDirty))
        Anonymous:\(kilobytes(privateDirty))
        Private_Hugetlb:\(kilobytes(0))
        Swap:\(kilobytes(swap))
        SwapPss:\(kilobytes(swap / 2))

        """
    }

    private static func kilobytes(_ size: Int) -> String {
        let digits = "\(size)"
        return String(repeating: " ", count: 12 - digits.count) + digits + " kB"
    }
}
