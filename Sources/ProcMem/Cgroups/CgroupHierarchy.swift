/// Where the files of a controller are for one process: its own cgroup and every level above it that is mounted.
struct CgroupHierarchy: Hashable, Sendable {
    let version: CgroupVersion
    let mount: CgroupMount
    /// The process's own cgroup below the mount point: empty for the mount's root itself, else with a slash before each
    /// component.
    let relativePath: [UInt8]
    /// Whether `relativePath` is the process's own cgroup, and not merely what could be seen instead.
    let isOwnCgroupVisible: Bool

    /// What a mount shows of a cgroup: its own levels, or, where it lies elsewhere, the mount's root alone.
    ///
    /// - Parameter path: The cgroup as `/proc/PID/cgroup` names it.
    init(_ version: CgroupVersion, path: [UInt8], mount: CgroupMount) {
        let relativePath = Self.relativePath(of: path, below: mount.root)
        self.init(version, mount, relativePath: relativePath ?? [], isOwnCgroupVisible: relativePath != nil)
    }

    /// What is there by convention when no mount is known.
    init(_ version: CgroupVersion, path: [UInt8], conventionalMountPoint: StaticString) {
        let mountPoint = Array(conventionalMountPoint.description.utf8)
        self.init(
            version,
            CgroupMount(root: [UInt8(ascii: "/")], mountPoint: mountPoint),
            relativePath: Self.relativePath(of: path, below: [UInt8(ascii: "/")]) ?? [],
            isOwnCgroupVisible: false
        )
    }

    private init(_ version: CgroupVersion, _ mount: CgroupMount, relativePath: [UInt8], isOwnCgroupVisible: Bool) {
        self.version = version
        self.mount = mount
        self.relativePath = relativePath
        self.isOwnCgroupVisible = isOwnCgroupVisible
    }

    /// How many levels there are, the mount's root among them.
    var levelCount: Int { relativePath.count { $0 == UInt8(ascii: "/") } + 1 }

    /// The path of a file of a level, with the NUL that ends it. Level 0 is the own cgroup, the last the mount's root.
    func path(of file: StaticString, atLevel level: Int) -> [UInt8] {
        directory(atLevel: level) + [UInt8(ascii: "/")] + Array(file.description.utf8) + [0]
    }

    /// The path of a level's directory, without a slash or a NUL at its end.
    func directory(atLevel level: Int) -> [UInt8] {
        var path = mount.mountPoint
        if path.last == UInt8(ascii: "/") { path.removeLast() }
        return path + relativePath[..<length(ofLevel: level)]
    }

    /// The cgroup of a level, as `/proc/PID/cgroup` would name it.
    func cgroup(atLevel level: Int) -> String {
        var path = mount.root
        if path.last == UInt8(ascii: "/") { path.removeLast() }
        path += relativePath[..<length(ofLevel: level)]
        return path.isEmpty ? "/" : String(decoding: path, as: UTF8.self)
    }

    private func length(ofLevel level: Int) -> Int {
        var length = relativePath.count
        var remaining = level
        while remaining > 0, length > 0 {
            length -= 1
            if relativePath[length] == UInt8(ascii: "/") { remaining -= 1 }
        }
        return length
    }

    /// The kernel writes at most 4,096. A longer path, with a level for every two bytes, was written to be slow.
    private static let maximumPathBytes = 16384

    /// A path below another by whole components, as `/a/b`; `nil` where it lies elsewhere or leads out by `..`.
    ///
    /// Outside its cgroup namespace a process sees `/..` at the beginning of both: there it is a component like another.
    static func relativePath(of path: [UInt8], below root: [UInt8]) -> [UInt8]? {
        guard path.first == UInt8(ascii: "/"), path.count <= maximumPathBytes else { return nil }
        let rootComponents = root.split(separator: UInt8(ascii: "/"))
        let components = path.split(separator: UInt8(ascii: "/"))
        guard components.starts(with: rootComponents) else { return nil }
        let below = components.dropFirst(rootComponents.count)
        if below.contains(where: { $0.elementsEqual([UInt8(ascii: "."), UInt8(ascii: ".")]) }) { return nil }
        return below.reduce(into: []) { $0 += [UInt8(ascii: "/")] + $1 }
    }
}

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
    static func find(_ controller: CgroupController, of process: ProcessSelector, in root: SystemRoot) -> Lookup {
        var lookup = Lookup()
        let membershipPath = ProcPath(process, "cgroup")
        let membership: CgroupMembership
        do throws(FileReadError) {
            let named = try root.read(membershipPath, CgroupMembership.readOptions) {
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

        if root.isLive, let mount = ConventionalMount.mount(of: controller, version) {
            let hierarchy = CgroupHierarchy(version, path: path, mount: mount)
            if hierarchy.isOwnCgroupVisible {
                lookup.hierarchy = hierarchy
                return lookup
            }
        }
        let mountsPath = ProcPath(mountsObserver(of: process, in: root), "mountinfo")
        do throws(FileReadError) {
            let mount = try root.read(mountsPath, MountLine.readOptions) {
                CgroupMount.find(controller, version, showing: path, parsing: $0)
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
            if !hierarchy.isOwnCgroupVisible {
                let own = String(decoding: path.prefix(4096), as: UTF8.self)
                lookup.warn("\(root.text(membershipPath)): the cgroup \(own) is not below what is mounted here")
            }
        } else {
            lookup.hierarchy = atConventionalPlace(controller, version, path: path, in: root)
        }
        return lookup
    }

    /// What the threads say of a process whose main thread has ended: on v1 the kernel names the root for any thread that
    /// has, as it does for one that is in the root.
    private static func membershipOfThreads(
        _ controller: CgroupController,
        of process: ProcessSelector,
        namedInRoot named: CgroupMembership,
        in root: SystemRoot
    ) -> CgroupMembership? {
        // The caller is spared the look.
        guard case .id = process, named.isInRootOfV1, let directory = try? ProcessDirectory(process, in: root),
            let stat = try? directory.stat()
        else { return nil }
        return try? directory.firstValueFromLiveThread(leftBehind: stat) { (id) throws(FileReadError) in
            let membership = try directory.read(ProcPath(task: id, "cgroup"), CgroupMembership.readOptions) {
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
    private static func mountsObserver(of process: ProcessSelector, in root: SystemRoot) -> ProcessSelector {
        root.isLive ? .current : process
    }

    /// What is at the usual place when the mounts do not tell.
    private static func atConventionalPlace(
        _ controller: CgroupController,
        _ version: CgroupVersion,
        path: [UInt8],
        in root: SystemRoot
    ) -> CgroupHierarchy? {
        for mountPoint in controller.conventionalMountPoints(version) {
            let hierarchy = CgroupHierarchy(version, path: path, conventionalMountPoint: mountPoint)
            if (try? root.open(hierarchy.path(of: ".", atLevel: 0).span, as: .directory)) != nil {
                return hierarchy
            }
            let mountRoot = CgroupHierarchy(version, path: [UInt8(ascii: "/")], conventionalMountPoint: mountPoint)
            if (try? root.open(mountRoot.path(of: ".", atLevel: 0).span, as: .directory)) != nil {
                return mountRoot
            }
        }
        return nil
    }
}

extension CgroupMembership {
    fileprivate var isInRootOfV1: Bool { v1Path == [UInt8(ascii: "/")] }
}
