/// Where the files of a controller are for one process: its own cgroup and every level above it that is mounted.
struct CgroupHierarchy: Hashable, Sendable {
    let version: CgroupVersion
    let mount: CgroupMount
    /// The process's own cgroup below the mount point: empty for the mount's root itself, else with a slash before each
    /// component.
    let relativePath: [UInt8]
    /// Whether `relativePath` is the process's own cgroup, and not merely what could be seen instead.
    let reachesOwnCgroup: Bool

    /// What a mount shows of a cgroup: its own levels, or, where it lies elsewhere, the mount's root alone.
    ///
    /// - Parameter path: The cgroup as `/proc/PID/cgroup` names it.
    init(_ version: CgroupVersion, path: [UInt8], mount: CgroupMount) {
        let relativePath = Self.relativePath(of: path, below: mount.root)
        self.init(version, mount, relativePath: relativePath ?? [], reachesOwnCgroup: relativePath != nil)
    }

    /// What is there by convention when no mount is known.
    init(_ version: CgroupVersion, path: [UInt8], usualMountPoint: StaticString) {
        let mountPoint = Array(usualMountPoint.description.utf8)
        self.init(
            version,
            CgroupMount(root: [0x2F], mountPoint: mountPoint),
            relativePath: Self.relativePath(of: path, below: [0x2F]) ?? [],
            reachesOwnCgroup: false
        )
    }

    private init(_ version: CgroupVersion, _ mount: CgroupMount, relativePath: [UInt8], reachesOwnCgroup: Bool) {
        self.version = version
        self.mount = mount
        self.relativePath = relativePath
        self.reachesOwnCgroup = reachesOwnCgroup
    }

    /// How many levels there are, the mount's root among them.
    var levelCount: Int { relativePath.count { $0 == 0x2F } + 1 }

    /// The path of a file of a level, with the NUL that ends it. Level 0 is the own cgroup, the last the mount's root.
    func path(of file: StaticString, atLevel level: Int) -> [UInt8] {
        directory(atLevel: level) + [0x2F] + Array(file.description.utf8) + [0]
    }

    /// The path of a level's directory, without a slash or a NUL at its end.
    func directory(atLevel level: Int) -> [UInt8] {
        var path = mount.mountPoint
        if path.last == 0x2F { path.removeLast() }
        return path + relativePath[..<length(ofLevel: level)]
    }

    /// The cgroup of a level, as `/proc/PID/cgroup` would name it.
    func cgroup(atLevel level: Int) -> String {
        var path = mount.root
        if path.last == 0x2F { path.removeLast() }
        path += relativePath[..<length(ofLevel: level)]
        return path.isEmpty ? "/" : String(decoding: path, as: UTF8.self)
    }

    private func length(ofLevel level: Int) -> Int {
        var length = relativePath.count
        var remaining = level
        while remaining > 0, length > 0 {
            length -= 1
            if relativePath[length] == 0x2F { remaining -= 1 }
        }
        return length
    }

    /// The kernel writes at most 4,096. A longer path, with a level for every two bytes, was written to be slow.
    private static let maximumPathBytes = 16384

    /// A path below another by whole components, as `/a/b`; `nil` where it lies elsewhere or leads out by `..`.
    ///
    /// Outside its cgroup namespace a process sees `/..` at the beginning of both: there it is a component like another.
    static func relativePath(of path: [UInt8], below root: [UInt8]) -> [UInt8]? {
        guard path.first == 0x2F, path.count <= maximumPathBytes else { return nil }
        let rootComponents = root.split(separator: 0x2F)
        let components = path.split(separator: 0x2F)
        guard components.starts(with: rootComponents) else { return nil }
        let below = components.dropFirst(rootComponents.count)
        if below.contains(where: { $0.elementsEqual([0x2E, 0x2E]) }) { return nil }
        return below.reduce(into: []) { $0 += [0x2F] + $1 }
    }
}
