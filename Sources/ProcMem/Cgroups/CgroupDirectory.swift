/// The directory of one cgroup.
struct CgroupDirectory: Hashable, Sendable {
    /// The path, without a slash at its end.
    let path: [UInt8]

    private init(_ path: [UInt8]) {
        self.path = path.last == UInt8(ascii: "/") && path.count > 1 ? path.dropLast() : path
    }

    init(level: Int, of hierarchy: CgroupHierarchy) {
        self.init(hierarchy.directory(atLevel: level))
    }

    /// Finds the directory of a cgroup: the given path itself if it is a cgroup directory, else the path below the
    /// memory controller's mount.
    ///
    /// - Parameter name: The cgroup as written in `/proc/PID/cgroup`, or the path of its directory.
    init(named name: String, in root: SystemRoot) throws(ProcMemError) {
        let bytes = Array(name.utf8)
        if let found = try CgroupDirectory(bytes).existing(in: root) {
            self = found
            return
        }
        let lookup = CgroupHierarchy.find(.memory, of: .current, in: root)
        if let mount = lookup.hierarchy?.mount,
            let relative = CgroupHierarchy.relativePath(of: bytes, below: mount.root),
            let found = try CgroupDirectory(mount.mountPoint + relative).existing(in: root)
        {
            self = found
            return
        }
        throw ProcMemError(
            .invalidArgument,
            path: name,
            detail: "no such cgroup; name it as /proc/PID/cgroup does, or by its directory"
        )
    }

    /// Returns the directory if it is that of a cgroup, else `nil`.
    private func existing(in root: SystemRoot) throws(ProcMemError) -> CgroupDirectory? {
        guard path.first == UInt8(ascii: "/") else { return nil }
        do throws(FileReadError) {
            _ = try root.open(file("cgroup.procs").span)
            return self
        } catch  where error.isMissingPath || error == .system(.noSuchDevice) {
            // It does not exist, or is being removed.
            return nil
        } catch {
            throw ProcMemError(error, path: root.text(file("cgroup.procs")))
        }
    }

    /// Finds the directory of a process's cgroup in the hierarchy of the memory controller.
    init(of process: ProcessSelector, in root: SystemRoot) throws(ProcMemError) {
        let lookup = try ProcessIdentity.withStableIdentity(process, in: root) { () throws(ProcMemError) in
            CgroupHierarchy.find(.memory, of: process, in: root)
        }
        guard let hierarchy = lookup.hierarchy, hierarchy.isOwnCgroupVisible else {
            throw ProcMemError(
                .unsupported,
                path: root.text(ProcPath(process, "cgroup")),
                detail: lookup.warnings.first ?? "the process is in no cgroup of the memory controller"
            )
        }
        self.init(level: 0, of: hierarchy)
    }

    /// Returns the path of a file in the directory, including the NUL that ends it.
    func file(_ name: StaticString) -> [UInt8] {
        path + [UInt8(ascii: "/")] + Array(name.description.utf8) + [0]
    }

    func child(_ name: [UInt8]) -> CgroupDirectory {
        CgroupDirectory(path + [UInt8(ascii: "/")] + name)
    }

    /// Returns the direct children of the cgroup.
    func children(in root: SystemRoot) throws(FileReadError) -> [CgroupDirectory] {
        try root.open((path + [0]).span, as: .directory).subdirectoryNames().map(child)
    }
}

extension CgroupHierarchy {
    /// Returns the levels of another cgroup of the same mount; `nil` if the directory is elsewhere.
    func levels(of directory: CgroupDirectory) -> CgroupHierarchy? {
        guard let below = Self.relativePath(of: directory.path, below: mount.mountPoint) else { return nil }
        let levels = CgroupHierarchy(version, path: mount.root + below, mount: mount)
        return levels.isOwnCgroupVisible ? levels : nil
    }

    /// Returns whether there are cgroups above the mount's root, hidden by a cgroup namespace or by the mount. Their
    /// limits apply, although their files are not visible.
    ///
    /// Only the root of a v1 hierarchy has the file `release_agent`, and only the root of v2 lacks `cgroup.events`. If
    /// the file cannot be opened for another reason than absence, cgroups above are assumed.
    func hasHiddenAncestors(in root: SystemRoot) -> Bool { hiddenAncestors(in: root).mayExist }

    /// Returns the same, and whether the file could not be opened for lack of descriptors or memory.
    func hiddenAncestors(in root: SystemRoot) -> (mayExist: Bool, isOutOfResources: Bool) {
        if mount.root != [UInt8(ascii: "/")] { return (true, false) }
        let file: StaticString = version == .v1 ? "release_agent" : "cgroup.events"
        do throws(FileReadError) {
            _ = try root.open(path(of: file, atLevel: levelCount - 1).span)
            return (version == .v2, false)
        } catch {
            return (version == .v1 || !error.isMissingPath, error.isLackOfResources)
        }
    }
}

/// The result of reading a limit file of one level of a hierarchy.
struct CgroupLevelFile<Value> {
    /// The cgroup, as written in `/proc/PID/cgroup`.
    let cgroup: String
    /// The path of the file.
    let path: String
    /// The parsed contents of the file; `nil` if the level does not have the file, or it cannot be read or parsed.
    private(set) var value: Value?
    /// Whether the level exists and can be read. A level without the file is visible, and has no limit.
    private(set) var isVisible = true
    /// Whether the file could not be read for lack of descriptors or memory.
    private(set) var isOutOfResources = false
    /// The problem that was found, with the path of the file.
    private(set) var warning: String?

    init(
        _ file: StaticString,
        level: Int,
        of hierarchy: CgroupHierarchy,
        in root: SystemRoot,
        readOptions: FileReadOptions? = nil,
        _ parse: (Span<UInt8>) throws(ParseError) -> Value
    ) {
        let bytes = hierarchy.path(of: file, atLevel: level)
        cgroup = hierarchy.cgroup(atLevel: level)
        path = root.text(bytes)
        do {
            value = try root.read(bytes.span, readOptions ?? Self.readOptions, parse)
        } catch .system(.isDirectory) {
            // A child cgroup has the name of the file, which is possible only if the level does not have the limit
            // file.
        } catch  where error.isMissingPath {
            // A level without the controller does not have the file, and neither has the root of the hierarchy. If the
            // level itself does not exist, the process was moved or its cgroup was removed. The mount's root exists if
            // a level below it does.
            let isMountRoot = level + 1 == hierarchy.levelCount
            let folder = hierarchy.path(of: ".", atLevel: level)
            guard level == 0 || !isMountRoot else { return }
            do throws(FileReadError) {
                _ = try root.open(folder.span, as: .directory)
            } catch {
                isVisible = false
                isOutOfResources = error.isLackOfResources
                let isGone = error.isMissingPath || error == .system(.noSuchDevice)
                warning = "\(path): \(isGone ? "no such cgroup is visible" : error.summary)"
            }
        } catch {
            if case .system = error { isVisible = false }
            isOutOfResources = error.isLackOfResources
            warning = "\(path): \(error.summary)"
        }
    }

    /// The options for a limit file, which has one line.
    private static var readOptions: FileReadOptions {
        FileReadOptions(expectedBytes: 128, limitBytes: 4096, isOnePiece: true)
    }
}
