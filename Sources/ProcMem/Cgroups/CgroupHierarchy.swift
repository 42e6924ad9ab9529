/// The location of a controller's files for one process: its own cgroup and every mounted level above it.
struct CgroupHierarchy: Hashable, Sendable {
    let version: CgroupVersion
    let mount: CgroupMount
    /// The process's own cgroup below the mount point: empty for the mount's root itself, else with a slash before each
    /// component.
    let relativePath: [UInt8]
    /// Whether `relativePath` is the process's own cgroup, and not only the part of the hierarchy that is visible
    /// instead.
    let isOwnCgroupVisible: Bool

    /// Creates the levels of a cgroup that a mount shows. If the mount does not contain the cgroup, only the mount's
    /// root is used.
    ///
    /// - Parameter path: The cgroup as written in `/proc/PID/cgroup`.
    init(_ version: CgroupVersion, path: [UInt8], mount: CgroupMount) {
        let relativePath = Self.relativePath(of: path, below: mount.root)
        self.init(version, mount, relativePath: relativePath ?? [], isOwnCgroupVisible: relativePath != nil)
    }

    /// Creates the levels below a conventional mount point, for use if no mount is known.
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

    /// The number of levels, including the mount's root.
    var levelCount: Int { relativePath.count { $0 == UInt8(ascii: "/") } + 1 }

    /// Returns the path of a file of a level, including the NUL that ends it. Level 0 is the process's own cgroup; the
    /// last level is the mount's root.
    func path(of file: StaticString, atLevel level: Int) -> [UInt8] {
        directory(atLevel: level) + [UInt8(ascii: "/")] + Array(file.description.utf8) + [0]
    }

    /// Returns the path of a level's directory, without a slash or a NUL at its end.
    func directory(atLevel level: Int) -> [UInt8] {
        var path = mount.mountPoint
        if path.last == UInt8(ascii: "/") { path.removeLast() }
        return path + relativePath[..<length(ofLevel: level)]
    }

    /// Returns the cgroup of a level, as `/proc/PID/cgroup` would name it.
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

    /// The longest accepted path. The kernel writes at most 4,096 bytes. A longer path, with a level for every two
    /// bytes, was written to make the lookup slow.
    private static let maximumPathBytes = 16384

    /// Returns the part of a path below another path, compared by whole components, in the form `/a/b`; `nil` if the
    /// path is elsewhere or leaves the other path through `..`.
    ///
    /// A process outside of its cgroup namespace's root sees `/..` at the beginning of both paths. There `..` is
    /// treated like any other component.
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
    /// The result of searching for a controller's files.
    struct Lookup: Hashable, Sendable {
        /// The hierarchy; `nil` if the process is in no hierarchy that has the controller, or if the hierarchy is
        /// unknown.
        var hierarchy: CgroupHierarchy?
        /// Whether every level from the process's own cgroup up to the mount's root is visible, as far as the lookup
        /// can determine.
        var isComplete = true
        /// Whether a file could not be read for lack of descriptors or memory, which says nothing about the hierarchy.
        var isOutOfResources = false
        var warnings: [String] = []

        fileprivate mutating func warn(_ text: String) {
            isComplete = false
            warnings.append(text)
        }

        fileprivate mutating func warn(_ path: String, _ error: FileReadError) {
            warn("\(path): \(error.summary)")
            isOutOfResources = isOutOfResources || error.isLackOfResources
        }
    }

    /// Finds a controller's hierarchy through `/proc/PID/cgroup` and the mounts: v1 if the controller is bound to a v1
    /// hierarchy, else v2.
    static func find(_ controller: CgroupController, of process: ProcessSelector, in root: SystemRoot) -> Lookup {
        var lookup = Lookup()
        let membershipPath = ProcPath(process, "cgroup")
        let membership: CgroupMembership
        do throws(FileReadError) {
            let named = try root.read(membershipPath, CgroupMembership.readOptions) {
                CgroupMembership(parsing: $0, controller: controller)
            }
            membership = try membershipOfThreads(controller, of: process, namedInRoot: named, in: root) ?? named
        } catch {
            lookup.warn(root.text(membershipPath), error)
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
        var mountsPath = ProcPath(.current, "mountinfo")
        do throws(FileReadError) {
            let mount = try readMountTable(for: process, in: root, at: &mountsPath) {
                CgroupMount.find(controller, version, showing: path, parsing: $0)
            }
            lookup.hierarchy = mount.map { CgroupHierarchy(version, path: path, mount: $0) }
            if mount == nil {
                lookup.warn(
                    "\(root.text(mountsPath)): the \(controller.name) controller's hierarchy is not mounted here"
                )
            }
        } catch {
            lookup.warn(root.text(mountsPath), error)
        }
        if let hierarchy = lookup.hierarchy {
            if !hierarchy.isOwnCgroupVisible {
                let own = String(decoding: path.prefix(4096), as: UTF8.self)
                lookup.warn("\(root.text(membershipPath)): the cgroup \(own) is outside of the mounted hierarchy")
            }
        } else {
            let hierarchy = atConventionalMountPoint(controller, version, path: path, in: root, &lookup)
            lookup.hierarchy = hierarchy
        }
        return lookup
    }

    /// Returns the membership that the threads report for a process whose main thread has exited. On v1, the kernel
    /// names the root for any exited thread, and also for a thread that is in the root.
    ///
    /// - Returns: `nil` if the membership in the root is right, as far as the threads show.
    /// - Throws: The failure to read a thread, unless the thread has exited.
    private static func membershipOfThreads(
        _ controller: CgroupController,
        of process: ProcessSelector,
        namedInRoot named: CgroupMembership,
        in root: SystemRoot
    ) throws(FileReadError) -> CgroupMembership? {
        // Not needed for the calling process.
        guard case .id = process, named.isInRootOfV1 else { return nil }
        do throws(FileReadError) {
            let directory = try ProcessDirectory(process, in: root)
            return try directory.firstValueFromLiveThread(of: directory.stat()) { (id) throws(FileReadError) in
                let membership = try directory.read(ProcPath(task: id, "cgroup"), CgroupMembership.readOptions) {
                    CgroupMembership(parsing: $0, controller: controller)
                }
                // A thread that is exiting is named in the root too.
                return membership.isInRootOfV1 ? nil : membership
            }
        } catch  where error.isExit {
            return nil
        }
    }

    /// Reads the mount table that shows where the files are.
    ///
    /// The kernel reports cgroups and mount roots as seen from the *reader's* cgroup namespace, and a mount point is
    /// valid only in its own mount namespace. On the live system, the caller's own table is therefore the right one for
    /// both. Below a directory that replaces `/`, it is the table of process 1, to which the directory is `/`; if the
    /// directory does not have it, as with the captured files of one process, that of the process itself. If the table of
    /// process 1 exists and cannot be read, no other is read, which might show less.
    ///
    /// - Parameter path: Becomes the path of the table.
    private static func readMountTable<R>(
        for process: ProcessSelector,
        in root: SystemRoot,
        at path: inout ProcPath,
        _ parse: (Span<UInt8>) -> R
    ) throws(FileReadError) -> R {
        let own = ProcPath(root.isLive ? .current : process, "mountinfo")
        path = root.isLive ? own : ProcPath(.id(1), "mountinfo")
        do throws(FileReadError) {
            return try root.read(path, MountLine.readOptions, parse)
        } catch {
            guard !root.isLive, error.isMissingPath else { throw error }
        }
        path = own
        return try root.read(path, MountLine.readOptions, parse)
    }

    /// Returns the hierarchy at a conventional mount point, for use if the mounts do not show where it is.
    private static func atConventionalMountPoint(
        _ controller: CgroupController,
        _ version: CgroupVersion,
        path: [UInt8],
        in root: SystemRoot,
        _ lookup: inout Lookup
    ) -> CgroupHierarchy? {
        for mountPoint in controller.conventionalMountPoints(version) {
            for path in [path, [UInt8(ascii: "/")]] {
                let hierarchy = CgroupHierarchy(version, path: path, conventionalMountPoint: mountPoint)
                do throws(FileReadError) {
                    _ = try root.open(hierarchy.path(of: ".", atLevel: 0).span, as: .directory)
                    return hierarchy
                } catch {
                    lookup.isOutOfResources = lookup.isOutOfResources || error.isLackOfResources
                }
            }
        }
        return nil
    }
}

extension CgroupMembership {
    fileprivate var isInRootOfV1: Bool { v1Path == [UInt8(ascii: "/")] }
}
