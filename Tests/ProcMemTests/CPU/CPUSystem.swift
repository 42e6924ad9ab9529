import TestSupport

@testable import ProcMem

/// A small system as a file tree, with the limits that a test sets.
struct CPUSystem {
    var process = "self"
    var membership = "0::/a/b\n"
    var mounts = MountTable.system + MountTable.v2()
    var mask = "ff"
    var online: String? = "0-15\n"
    var policy = 0
    /// The content of `cpu.max` for each cgroup.
    var limits: [String: String] = [:]
    var more: [String: String] = [:]

    func tree(links: [String: String] = [:]) throws -> FixtureTree {
        var files = more
        files["/proc/\(process)/cgroup"] = membership
        files["/proc/\(process)/mountinfo"] = mounts
        files["/proc/\(process)/status"] = "Name:\tx\nTgid:\t17\nCpus_allowed:\t\(mask)\n"
        files["/proc/\(process)/stat"] =
            "17 (x) S" + String(repeating: " 1", count: 37) + " \(policy) 0\n"
        files["/sys/devices/system/cpu/online"] = online
        files["/sys/fs/cgroup/a/b/cgroup.procs"] = ""
        for (cgroup, text) in limits { files["/sys/fs/cgroup\(cgroup)/cpu.max"] = text }
        return try FixtureTree(files, links: links)
    }

    /// Returns the limits. The files exist until the call returns.
    func currentLimits(links: [String: String] = [:]) throws -> CPULimits {
        let tree = try tree(links: links)
        return try withExtendedLifetime(tree) { try CPULimits.current(in: tree.root()) }
    }
}
