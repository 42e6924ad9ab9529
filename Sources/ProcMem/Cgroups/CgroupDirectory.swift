/// The directory of one cgroup.
struct CgroupDirectory: Hashable, Sendable {
    /// Without a slash at its end.
    let path: [UInt8]

    private init(_ path: [UInt8]) {
        self.path = path.last == 0x2F && path.count > 1 ? path.dropLast() : path
    }

    init(level: Int, of hierarchy: CgroupHierarchy) {
        self.init(hierarchy.directory(atLevel: level))
    }

    /// The directory of a cgroup: the name itself where it is one, else below the memory controller's mount.
    ///
    /// - Parameter name: The cgroup as `/proc/PID/cgroup` names it, or its directory.
    init(named name: String, in root: KernelRoot) throws(ProcMemError) {
        let bytes = Array(name.utf8)
        let lookup = CgroupHierarchy.find(.memory, of: .current, in: root)
        var candidates = [CgroupDirectory(bytes)]
        if let mount = lookup.hierarchy?.mount,
            let relative = CgroupHierarchy.relativePath(of: bytes, below: mount.root)
        {
            candidates.append(CgroupDirectory(mount.mountPoint + relative))
        }
        for candidate in candidates where candidate.path.first == 0x2F {
            do throws(ReadFailure) {
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
    init(of process: ProcessSelector, in root: KernelRoot) throws(ProcMemError) {
        let lookup = try ProcessIdentity.holding(process, in: root) { () throws(ProcMemError) in
            CgroupHierarchy.find(.memory, of: process, in: root)
        }
        guard let hierarchy = lookup.hierarchy, hierarchy.reachesOwnCgroup else {
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
        path + [0x2F] + Array(name.description.utf8) + [0]
    }

    func child(_ name: [UInt8]) -> CgroupDirectory {
        CgroupDirectory(path + [0x2F] + name)
    }

    /// The cgroups in this one.
    func children(in root: KernelRoot) throws(ReadFailure) -> [CgroupDirectory] {
        try root.open((path + [0]).span, as: .directory).subdirectoryNames().map(child)
    }
}
