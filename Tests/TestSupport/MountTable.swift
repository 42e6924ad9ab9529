/// Lines of `mountinfo`, and the files with which a process's cgroup is found.
package enum MountTable {
    /// `/`, `/proc` and `/sys`, the beginning of every table.
    package static let system = """
        20 1 8:1 / / rw,relatime shared:1 - ext4 /dev/root rw
        21 20 0:19 / /proc rw,nosuid - proc proc rw
        22 20 0:20 / /sys rw,nosuid - sysfs sysfs rw

        """

    /// Returns a line of a cgroup2 mount.
    package static func v2(
        _ id: Int = 25,
        _ parent: Int = 22,
        _ root: String = "/",
        _ mountPoint: String = "/sys/fs/cgroup"
    ) -> String {
        "\(id) \(parent) 0:22 \(root) \(mountPoint) rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n"
    }

    /// Returns a line of a v1 mount of the cpu controller.
    package static func v1(
        _ id: Int = 25,
        _ parent: Int = 22,
        _ root: String = "/",
        _ mountPoint: String = "/sys/fs/cgroup/cpu"
    ) -> String {
        "\(id) \(parent) 0:27 \(root) \(mountPoint) rw,nosuid shared:9 - cgroup cgroup rw,cpu,cpuacct\n"
    }

    package static func tmpfs(_ id: Int, _ parent: Int, _ mountPoint: String) -> String {
        "\(id) \(parent) 0:26 / \(mountPoint) ro,nosuid - tmpfs tmpfs ro,mode=755\n"
    }

    /// Returns the files of a system with cgroup v2 at its conventional mount point: `cgroup` and `mountinfo` of a
    /// process in a cgroup, and the given files.
    ///
    /// - Parameters:
    ///   - root: The cgroup that the mount shows as its root.
    ///   - process: A pid, or `self`.
    package static func files(
        in cgroup: String,
        root: String = "/",
        of process: String = "self",
        _ more: [String: String] = [:]
    ) -> [String: String] {
        let files = [
            "/proc/\(process)/cgroup": "0::\(cgroup)\n",
            "/proc/\(process)/mountinfo": v2(25, 22, root),
        ]
        return files.merging(more) { $1 }
    }
}
