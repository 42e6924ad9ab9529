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

    /// Finds a controller's hierarchy through `/proc/PID/cgroup` and the mounts: v1 where the controller is bound to one,
    /// else v2.
    static func find(_ controller: CgroupController, of process: ProcessSelector, in root: KernelRoot) -> Lookup {
        var lookup = Lookup()
        let membershipPath = ProcPath(process, "cgroup")
        let membership: CgroupMembership
        do throws(ReadFailure) {
            let named = try root.read(membershipPath, CgroupMembership.shape) {
                CgroupMembership(parsing: $0, controller: controller)
            }
            membership = membershipOfThreads(controller, of: process, namedInRoot: named, in: root) ?? named
        } catch {
            lookup.warn("\(root.text(membershipPath)): \(error.summary)")
            return lookup
        }
        if membership.isEmpty {
            lookup.warn("\(root.text(membershipPath)): names no cgroup")
        }
        let version: CgroupVersion = membership.v1Path == nil ? .v2 : .v1
        guard let path = membership.v1Path ?? membership.v2Path else { return lookup }

        if root.isLive, let mount = UsualMount.mount(of: controller, version) {
            let hierarchy = CgroupHierarchy(version, path: path, mount: mount)
            if hierarchy.reachesOwnCgroup {
                lookup.hierarchy = hierarchy
                return lookup
            }
        }
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
            lookup.hierarchy = atUsualPlace(controller, version, path: path, in: root)
        }
        return lookup
    }

    /// What the threads say of a process whose main thread has ended: on v1 the kernel names the root for any thread that
    /// has, as it does for one that is in the root.
    private static func membershipOfThreads(
        _ controller: CgroupController,
        of process: ProcessSelector,
        namedInRoot named: CgroupMembership,
        in root: KernelRoot
    ) -> CgroupMembership? {
        // The caller is spared the look.
        guard case .id = process, named.isInRootOfV1, let directory = try? ProcessDirectory(process, in: root),
            let stat = try? directory.stat()
        else { return nil }
        return try? directory.answerOfThreads(leftBehind: stat) { (id) throws(ReadFailure) in
            let membership = try directory.read(ProcPath(task: id, "cgroup"), CgroupMembership.shape) {
                CgroupMembership(parsing: $0, controller: controller)
            }
            // A thread that is about to end is named in the root as well.
            return membership.isInRootOfV1 ? nil : membership
        }
    }

    /// Whose mounts tell where the files are.
    ///
    /// The kernel names cgroups and mount roots as seen from the *reader's* cgroup namespace, and a mount point leads
    /// somewhere only in the mount namespace that it is of: live, both are the caller's own. Below a directory that
    /// stands in for `/`, the process's own table is the one that goes with it.
    private static func mountsObserver(of process: ProcessSelector, in root: KernelRoot) -> ProcessSelector {
        root.isLive ? .current : process
    }

    /// What is at the usual place when the mounts do not tell.
    private static func atUsualPlace(
        _ controller: CgroupController,
        _ version: CgroupVersion,
        path: [UInt8],
        in root: KernelRoot
    ) -> CgroupHierarchy? {
        for mountPoint in controller.usualMountPoints(version) {
            let hierarchy = CgroupHierarchy(version, path: path, usualMountPoint: mountPoint)
            if (try? root.open(hierarchy.path(of: ".", atLevel: 0).span, as: .directory)) != nil {
                return hierarchy
            }
            let mountRoot = CgroupHierarchy(version, path: [0x2F], usualMountPoint: mountPoint)
            if (try? root.open(mountRoot.path(of: ".", atLevel: 0).span, as: .directory)) != nil {
                return mountRoot
            }
        }
        return nil
    }
}

extension CgroupMembership {
    fileprivate var isInRootOfV1: Bool { v1Path == [0x2F] }
}
