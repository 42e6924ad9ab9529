/// `cgroup.procs` of a cgroup and of every cgroup below it.
enum CgroupProcesses {
    private static var shape: FileShape { FileShape(expectedBytes: 1024, limitBytes: 64 << 20) }

    /// The ids of the processes, ascending.
    ///
    /// - Parameter path: The cgroup as `/proc/PID/cgroup` names it, or its directory.
    static func ids(in path: String, root: KernelRoot) throws(ProcMemError) -> [Int32] {
        var ids: Set<Int32> = []
        let top = try directory(of: path, in: root)
        var pending = [top]
        while let directory = pending.popLast() {
            let file = directory + Array("/cgroup.procs".utf8) + [0]
            do {
                ids.formUnion(try root.read(file.span, shape, Self.ids(parsing:)))
                pending += try subdirectories(of: directory, in: root)
            } catch  where error.isAbsence {
                // Removed since it was listed.
                continue
            } catch .system(.notSupported) where directory != top {
                // A threaded cgroup: its processes are listed by the one above that is not.
                continue
            } catch {
                throw ProcMemError(error, path: root.text(file))
            }
        }
        return ids.sorted()
    }

    private static func ids(parsing bytes: Span<UInt8>) throws(Malformation) -> [Int32] {
        var ids: [Int32] = []
        var index = 0
        while let field = bytes.nextField(at: &index) {
            // The kernel shows a process outside of the reader's pid namespace as 0.
            guard let id = bytes.decimal(in: field), let pid = Int32(exactly: id) else {
                throw Malformation("a process id on each line")
            }
            if pid > 0 { ids.append(pid) }
        }
        return ids
    }

    /// The directory of a cgroup: the path itself where it is one, else below the memory controller's mount.
    static func directory(of path: String, in root: KernelRoot) throws(ProcMemError) -> [UInt8] {
        let bytes = Array(path.utf8)
        let lookup = CgroupHierarchy.find(.memory, of: .current, in: root)
        var candidates = [bytes]
        if let mount = lookup.hierarchy?.mount,
            let relative = CgroupHierarchy.relativePath(of: bytes, below: mount.root)
        {
            candidates.append(mount.mountPoint + relative)
        }
        for candidate in candidates where candidate.first == 0x2F {
            let file = candidate + Array("/cgroup.procs".utf8) + [0]
            if (try? root.open(file.span)) != nil { return candidate }
        }
        throw ProcMemError(
            .invalidArgument,
            path: path,
            detail: "no such cgroup; name it as /proc/PID/cgroup does, or by its directory"
        )
    }

    private static func subdirectories(of directory: [UInt8], in root: KernelRoot) throws(ReadFailure) -> [[UInt8]] {
        try root.open((directory + [0]).span, as: .directory).subdirectoryNames().map { directory + [0x2F] + $0 }
    }
}
