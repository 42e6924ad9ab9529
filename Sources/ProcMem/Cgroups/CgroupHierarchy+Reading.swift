extension CgroupHierarchy {
    /// What was found out about where a controller's files are.
    struct Lookup: Hashable, Sendable {
        /// `nil` where the process is in no hierarchy that carries the controller, or that is not known.
        var hierarchy: CgroupHierarchy?
        /// Whether every level from the own cgroup up to the mount's root can be seen, as far as the lookup tells.
        var isComplete = true
        var warnings: [String] = []

        fileprivate mutating func warn(_ text: String) {
            isComplete = false
            warnings.append(text)
        }
    }

    /// Finds a controller's hierarchy through `/proc/PID/cgroup` and `mountinfo`: v1 where the controller is bound to
    /// one, else v2.
    static func find(_ controller: CgroupController, of process: ProcessSelector, in root: KernelRoot) -> Lookup {
        var lookup = Lookup()
        let membershipPath = ProcPath(process, "cgroup")
        let membership: CgroupMembership
        do throws(ReadFailure) {
            membership = try root.read(membershipPath, CgroupMembership.shape) {
                CgroupMembership(parsing: $0, controller: controller)
            }
        } catch {
            lookup.warn("\(root.text(membershipPath)): \(error.summary)")
            return lookup
        }
        if membership.isEmpty {
            lookup.warn("\(root.text(membershipPath)): names no cgroup")
        }
        let version: CgroupVersion = membership.v1Path == nil ? .v2 : .v1
        guard let path = membership.v1Path ?? membership.v2Path else { return lookup }

        let mountsPath = ProcPath(mountsObserver(of: process, in: root), "mountinfo")
        do throws(ReadFailure) {
            let mount = try root.read(mountsPath, MountInfo.shape) {
                MountInfo.mount(of: controller, version, showing: path, parsing: $0)
            }
            lookup.hierarchy = mount.map { CgroupHierarchy(version, path: path, mount: $0) }
            if mount == nil {
                lookup.warn(
                    "\(root.text(mountsPath)): the \(controller.name) controller's hierarchy is not mounted here"
                )
            }
        } catch {
            lookup.warn("\(root.text(mountsPath)): \(error.summary)")
        }
        if let hierarchy = lookup.hierarchy {
            if !hierarchy.reachesOwnCgroup {
                let own = String(decoding: path.prefix(4096), as: UTF8.self)
                lookup.warn("\(root.text(membershipPath)): the cgroup \(own) is not below what is mounted here")
            }
        } else {
            lookup.hierarchy = conventional(controller, version, path: path, in: root)
        }
        return lookup
    }

    /// Whose mounts tell where the files are.
    ///
    /// The kernel names cgroups and mount roots as seen from the *reader's* cgroup namespace, and a mount point leads
    /// somewhere only in the mount namespace that it is of: live, both are the caller's own. Below a directory that
    /// stands in for `/`, the process's own table is the one that goes with it.
    private static func mountsObserver(of process: ProcessSelector, in root: KernelRoot) -> ProcessSelector {
        root.isLive ? .current : process
    }

    private static func conventional(
        _ controller: CgroupController,
        _ version: CgroupVersion,
        path: [UInt8],
        in root: KernelRoot
    ) -> CgroupHierarchy? {
        let mountPoints =
            version == .v1 ? controller.conventionalV1MountPoints : [CgroupController.conventionalV2MountPoint]
        for mountPoint in mountPoints {
            let hierarchy = CgroupHierarchy(version, path: path, conventionalMountPoint: mountPoint)
            if (try? root.open(hierarchy.path(of: ".", atLevel: 0).span, as: .directory)) != nil {
                return hierarchy
            }
            let mountRoot = CgroupHierarchy(version, path: [0x2F], conventionalMountPoint: mountPoint)
            if (try? root.open(mountRoot.path(of: ".", atLevel: 0).span, as: .directory)) != nil {
                return mountRoot
            }
        }
        return nil
    }
}
