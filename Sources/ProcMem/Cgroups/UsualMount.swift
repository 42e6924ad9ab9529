/// The mount of a hierarchy at its usual place, asked of the kernel by `statmount(2)`.
///
/// `mountinfo` costs 30 µs for 20 mounts and grows with them, most of what a count of CPUs costs. Where the usual place
/// shows the whole hierarchy, no other mount can show more, and the table need not be read. `statmount` is there since
/// Linux 6.8, with a mount's options since 6.11; where it is missing or forbidden, the table answers.
enum UsualMount {
    /// The mount, if it shows its hierarchy from the root of the caller's cgroup namespace on.
    static func mount(of controller: CgroupController, _ version: CgroupVersion) -> CgroupMount? {
        for place in controller.usualMountPoints(version) {
            let path = Array(place.description.utf8)
            guard let mount = try? Syscalls.mount(at: (path + [0]).span) else { continue }
            let type = mount.type.span
            let options = mount.options.span
            let isMount =
                switch version {
                case .v1:
                    type.equals("cgroup", in: 0..<type.count)
                        && options.list(in: 0..<options.count, contains: controller.name)
                case .v2: type.equals("cgroup2", in: 0..<type.count)
                }
            // Another root shows a part: then the table tells whether another mount shows more.
            guard isMount, mount.root == [0x2F] else { continue }
            return CgroupMount(root: mount.root, mountPoint: path)
        }
        return nil
    }
}
