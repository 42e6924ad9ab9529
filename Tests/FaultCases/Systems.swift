import ProcMem
import TestSupport

/// File trees with every file that ProcMem reads: small systems, on which each answer is the same in every run.
enum Systems {
    /// Process 17 and its two children, in the cgroup `/a/b` of cgroup v2, with a quota and memory limits.
    static func v2() throws -> FixtureTree {
        var files = machine
        for (pid, parent) in [(17, 1), (18, 17), (19, 17)] {
            files.merge(process(pid, parent: parent, cgroup: "0::/a/b\n", mounts: MountTable.system + MountTable.v2()))
            {
                $1
            }
        }
        files["/proc/17/task/17/children"] = "18 19 "
        nameSelf(in: &files)
        files["/proc/self/task/17/children"] = "18 19 "
        for (cgroup, limit) in [("", nil), ("/a", "1073741824"), ("/a/b", "536870912")] as [(String, String?)] {
            let path = "/sys/fs/cgroup" + cgroup
            files["\(path)/cgroup.procs"] = cgroup == "/a/b" ? "17\n18\n19\n" : ""
            files["\(path)/cgroup.controllers"] = "cpu memory\n"
            files["\(path)/cgroup.subtree_control"] = "cpu memory\n"
            files["\(path)/memory.stat"] = memoryStat
            files["\(path)/cpu.stat"] =
                "usage_usec 9\nnr_periods 30\nnr_throttled 4\nthrottled_usec 512\nnr_bursts 0\nburst_usec 0\n"
            guard let limit else { continue }
            files["\(path)/cgroup.events"] = "populated 1\nfrozen 0\n"
            files["\(path)/cpu.max"] = cgroup == "/a" ? "150000 100000\n" : "max 100000\n"
            files["\(path)/cpu.stat.local"] = "throttled_usec 777\n"
            files["\(path)/memory.max"] = limit + "\n"
            files["\(path)/memory.high"] = cgroup == "/a" ? "805306368\n" : "max\n"
            files["\(path)/memory.current"] = "104857600\n"
            files["\(path)/memory.peak"] = "204857600\n"
            files["\(path)/memory.events"] = "low 1\nhigh 2\nmax 3\noom 4\noom_kill 5\noom_group_kill 6\n"
            files["\(path)/memory.events.local"] = "low 0\nhigh 0\nmax 1\noom 0\noom_kill 0\n"
            files["\(path)/memory.swap.events"] = "high 0\nmax 7\nfail 8\n"
            files["\(path)/memory.swap.max"] = "268435456\n"
            files["\(path)/memory.swap.current"] = "12288\n"
            files["\(path)/memory.pressure"] = """
                some avg10=1.50 avg60=0.50 avg300=0.10 total=4000
                full avg10=0.25 avg60=0.00 avg300=0.00 total=1000

                """
        }
        return try FixtureTree(files)
    }

    /// Makes process 17 the caller.
    private static func nameSelf(in files: inout [String: String]) {
        for (path, text) in files where path.hasPrefix("/proc/17/") && !path.hasPrefix("/proc/17/task") {
            files["/proc/self/" + path.dropFirst("/proc/17/".count)] = text
        }
    }

    /// The same process in the cgroup `/a` of v1, with a quota and a memory limit.
    static func v1() throws -> FixtureTree { try FixtureTree(filesOfV1()) }

    /// The same with an empty v2 hierarchy beside v1, as systemd mounts it.
    static func hybrid() throws -> FixtureTree {
        var files = filesOfV1(unified: MountTable.v2(33, 30, "/", "/sys/fs/cgroup/unified"))
        files["/sys/fs/cgroup/unified/a/cgroup.events"] = "populated 1\nfrozen 0\n"
        return try FixtureTree(files)
    }

    private static func filesOfV1(unified: String = "") -> [String: String] {
        let mounts =
            MountTable.system + MountTable.tmpfs(30, 22, "/sys/fs/cgroup") + MountTable.v1(31, 30)
            + "32 30 0:28 / /sys/fs/cgroup/memory rw,nosuid shared:10 - cgroup cgroup rw,memory\n" + unified
        let cgroup = "6:memory:/a\n4:cpu,cpuacct:/a\n" + (unified.isEmpty ? "" : "0::/a\n")
        var files = machine
        files.merge(process(17, parent: 1, cgroup: cgroup, mounts: mounts)) { $1 }
        nameSelf(in: &files)
        for (cgroup, isLimited) in [("", false), ("/a", true)] {
            let cpu = "/sys/fs/cgroup/cpu" + cgroup
            files["\(cpu)/cpu.cfs_quota_us"] = isLimited ? "150000\n" : "-1\n"
            files["\(cpu)/cpu.cfs_period_us"] = "100000\n"
            files["\(cpu)/cpu.stat"] = "nr_periods 30\nnr_throttled 4\nthrottled_time 512000\n"
            files["\(cpu)/cgroup.procs"] = isLimited ? "17\n" : ""
            let memory = "/sys/fs/cgroup/memory" + cgroup
            files["\(memory)/memory.limit_in_bytes"] = isLimited ? "536870912\n" : "9223372036854771712\n"
            files["\(memory)/memory.memsw.limit_in_bytes"] = isLimited ? "805306368\n" : "9223372036854771712\n"
            files["\(memory)/memory.usage_in_bytes"] = "104857600\n"
            files["\(memory)/memory.kmem.usage_in_bytes"] = "43352064\n"
            files["\(memory)/memory.max_usage_in_bytes"] = "204857600\n"
            files["\(memory)/memory.failcnt"] = "3\n"
            files["\(memory)/memory.oom_control"] = "oom_kill_disable 0\nunder_oom 0\noom_kill 5\n"
            files["\(memory)/memory.use_hierarchy"] = "1\n"
            files["\(memory)/memory.stat"] = memoryStatOfV1
            files["\(memory)/cgroup.procs"] = isLimited ? "17\n" : ""
        }
        files["/sys/fs/cgroup/cpu/release_agent"] = "\n"
        files["/sys/fs/cgroup/memory/release_agent"] = "\n"
        return files
    }

    private static let machine = [
        "/proc/meminfo": """
        MemTotal:       16777216 kB
        MemFree:         8388608 kB
        MemAvailable:   12582912 kB
        HugePages_Total:       8
        HugePages_Free:        8
        Hugepagesize:       2048 kB
        Hugetlb:           16384 kB

        """,
        "/proc/loadavg": "0.00 0.01 0.05 1/123 19\n",
        "/proc/sys/kernel/osrelease": "6.18.0\n",
        "/proc/vmstat": "nr_free_pages 1\nthp_fault_alloc 0\n",
        "/sys/devices/system/cpu/online": "0-7\n",
        "/sys/devices/system/cpu/isolated": "3\n",
        "/sys/kernel/mm/transparent_hugepage/enabled": "always madvise [never]\n",
        "/sys/kernel/mm/transparent_hugepage/shmem_enabled": "always within_size advise [never] deny force\n",
        "/sys/kernel/mm/ksm/run": "0\n",
        "/sys/kernel/mm/ksm/pages_shared": "0\n",
    ]

    private static func process(_ pid: Int, parent: Int, cgroup: String, mounts: String) -> [String: String] {
        let head =
            "\(pid) (worker) S \(parent) 17 17 0 -1 4194304 900 0 3 0 10 5 0 0 20 0 1 0 \(1000 + pid) 8388608 600"
        let tail =
            "18446744073709551615 4194304 4198400 140720000000000 0 0 0 0 0 0 0 0 0 17 1 0 0 0 0 0 "
            + "5242880 5246976 9437184 140720000001000 140720000001100 140720000001100 140720000002000 0\n"
        let status = """
            Name:\tworker
            State:\tS (sleeping)
            Tgid:\t\(pid)
            Pid:\t\(pid)
            PPid:\t\(parent)
            VmHWM:\t    3000 kB
            VmRSS:\t    2400 kB
            RssAnon:\t    1200 kB
            RssFile:\t    1200 kB
            RssShmem:\t       0 kB
            VmSwap:\t      16 kB
            HugetlbPages:\t       0 kB
            Threads:\t1
            Cpus_allowed:\tf
            Cpus_allowed_list:\t0-3

            """
        let maps = """
            00400000-00401000 r-xp 00000000 08:01 1311 /usr/bin/worker
            00900000-00a2c000 rw-p 00000000 00:00 0 [heap]

            """
        let sums = """
            Rss:                2400 kB
            Pss:                1600 kB
            Pss_Dirty:           800 kB
            Pss_Anon:            800 kB
            Pss_File:            800 kB
            Pss_Shmem:             0 kB
            Shared_Clean:       1200 kB
            Shared_Dirty:        800 kB
            Private_Clean:         0 kB
            Private_Dirty:       400 kB
            Referenced:         2400 kB
            Anonymous:          1200 kB
            KSM:                   0 kB
            LazyFree:              0 kB
            AnonHugePages:         0 kB
            ShmemPmdMapped:        0 kB
            FilePmdMapped:         0 kB
            Shared_Hugetlb:        0 kB
            Private_Hugetlb:       0 kB
            Swap:                 16 kB
            SwapPss:              16 kB
            Locked:                0 kB

            """
        let directory = "/proc/\(pid)"
        return [
            "\(directory)/cgroup": cgroup,
            "\(directory)/mountinfo": mounts,
            "\(directory)/status": status,
            "\(directory)/stat": "\(head) \(tail)",
            "\(directory)/task/\(pid)/stat": "\(head) \(tail)",
            "\(directory)/task/\(pid)/status": status,
            "\(directory)/task/\(pid)/children": "",
            "\(directory)/statm": "2048 600 300 1 0 400 0\n",
            "\(directory)/maps": maps,
            "\(directory)/smaps_rollup": "00400000-7ffd3b9c1000 ---p 00000000 00:00 0 [rollup]\n" + sums,
            "\(directory)/smaps": "00400000-00a2c000 rw-p 00000000 00:00 0 [heap]\nSize: 4096 kB\n" + sums,
        ]
    }

    private static let memoryStat = """
        anon 52428800
        file 20971520
        kernel 10485760
        sock 0
        shmem 4096
        inactive_anon 26214400
        active_anon 26214400
        inactive_file 10485760
        active_file 10485760
        slab_reclaimable 5242880
        slab_unreclaimable 5242880

        """

    private static let memoryStatOfV1 = """
        cache 20971520
        rss 52428800
        hierarchical_memory_limit 536870912
        hierarchical_memsw_limit 805306368
        total_cache 20971520
        total_rss 52428800
        total_shmem 4096
        total_swap 12288
        total_inactive_anon 26214400
        total_active_anon 26214400
        total_inactive_file 10485760
        total_active_file 10485760

        """
}
