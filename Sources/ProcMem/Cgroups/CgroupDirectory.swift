/// The directory of one cgroup.
struct CgroupDirectory: Hashable, Sendable {
    /// Without a slash at its end.
    let path: [UInt8]

    private init(_ path: [UInt8]) {
        self.path = path.last == UInt8(ascii: "/") && path.count > 1 ? path.dropLast() : path
    }

    init(level: Int, of hierarchy: CgroupHierarchy) {
        self.init(hierarchy.directory(atLevel: level))
    }

    /// The directory of a cgroup: the name itself where it is one, else below the memory controller's mount.
    ///
    /// - Parameter name: The cgroup as `/proc/PID/cgroup` names it, or its directory.
    init(named name: String, in root: SystemRoot) throws(ProcMemError) {
        let bytes = Array(name.utf8)
        let lookup = CgroupHierarchy.find(.memory, of: .current, in: root)
        var candidates = [CgroupDirectory(bytes)]
        if let mount = lookup.hierarchy?.mount,
            let relative = CgroupHierarchy.relativePath(of: bytes, below: mount.root)
        {
            candidates.append(CgroupDirectory(mount.mountPoint + relative))
        }
        for candidate in candidates where candidate.path.first == UInt8(ascii: "/") {
            do throws(FileReadError) {
                _ = try root.open(candidate.file("cgroup.procs").span)
                self = candidate
                return
            } catch  where error.isAbsence {
                continue
            } catch {
                throw ProcMemError(error, path: root.text(candidate.file("cgroup.procs")))
            }
        }
        throw ProcMemError(
            .invalidArgument,
            path: name,
            detail: "no such cgroup; name it as /proc/PID/cgroup does, or by its directory"
        )
    }

    /// The directory of the cgroup that a process is in by the memory controller.
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

    /// The path of a file in the directory, with the NUL that ends it.
    func file(_ name: StaticString) -> [UInt8] {
        path + [UInt8(ascii: "/")] + Array(name.description.utf8) + [0]
    }

    func child(_ name: [UInt8]) -> CgroupDirectory {
        CgroupDirectory(path + [UInt8(ascii: "/")] + name)
    }

    /// The cgroups in this one.
    func children(in root: SystemRoot) throws(FileReadError) -> [CgroupDirectory] {
        try root.open((path + [0]).span, as: .directory).subdirectoryNames().map(child)
    }
}

/// A limit file of one level of a hierarchy, read.
struct CgroupLevelFile<Value> {
    /// The cgroup, as `/proc/PID/cgroup` names it.
    let cgroup: String
    /// The file.
    let path: String
    /// What the file says; `nil` where the level has no such file, or it cannot be read or understood.
    private(set) var value: Value?
    /// Whether the level is there and may be read. One without the file is: it has no limit.
    private(set) var isVisible = true
    /// What was odd: the file, and what was found there.
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
            // A child cgroup that bears the file's name: possible only where the level has no such file.
        } catch  where error.isAbsence {
            // Without the controller, and at the root of all, a level has no such file. A level that is not there at all
            // is another matter: the process has been moved, or its cgroup removed. The mount's root is there when a level
            // below it is.
            let isMountRoot = level + 1 == hierarchy.levelCount
            let folder = hierarchy.path(of: ".", atLevel: level)
            if level == 0 || !isMountRoot, (try? root.open(folder.span, as: .directory)) == nil {
                isVisible = false
                warning = "\(path): no such cgroup is visible"
            }
        } catch {
            if case .system = error { isVisible = false }
            warning = "\(path): \(error.summary)"
        }
    }

    /// Limits are one line.
    private static var readOptions: FileReadOptions {
        FileReadOptions(expectedBytes: 128, limitBytes: 4096, isOneLine: true)
    }
}
