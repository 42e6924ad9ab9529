@testable import ProcMem

/// Lines of `mountinfo`, and what is found in them.
enum MountTable {
    /// `/`, `/proc` and `/sys`, as every table begins.
    static let system = """
        20 1 8:1 / / rw,relatime shared:1 - ext4 /dev/root rw
        21 20 0:19 / /proc rw,nosuid - proc proc rw
        22 20 0:20 / /sys rw,nosuid - sysfs sysfs rw

        """

    /// One cgroup2 mount.
    static func v2(_ id: Int, _ parent: Int, _ root: String, _ mountPoint: String) -> String {
        "\(id) \(parent) 0:22 \(root) \(mountPoint) rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n"
    }

    /// One v1 mount of the cpu controller.
    static func v1(_ id: Int, _ parent: Int, _ root: String, _ mountPoint: String) -> String {
        "\(id) \(parent) 0:27 \(root) \(mountPoint) rw,nosuid shared:9 - cgroup cgroup rw,cpu,cpuacct\n"
    }

    static func tmpfs(_ id: Int, _ parent: Int, _ mountPoint: String) -> String {
        "\(id) \(parent) 0:26 / \(mountPoint) ro,nosuid - tmpfs tmpfs ro,mode=755\n"
    }

    /// The mount that is chosen, as `ROOT at MOUNTPOINT`.
    static func mount(
        _ version: CgroupVersion = .v2,
        showing cgroup: String = "/",
        in table: String,
        _ controller: CgroupController = .cpu
    ) -> String? {
        KernelText.parse(table) {
            CgroupMount.find(controller, version, showing: Array(cgroup.utf8), parsing: $0)
        }.map {
            "\(String(decoding: $0.root, as: UTF8.self)) at \(String(decoding: $0.mountPoint, as: UTF8.self))"
        }
    }
}
