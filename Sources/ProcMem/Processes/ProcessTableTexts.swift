#if Procps
    extension ProcessTable {
        /// What of a process ProcMem reads itself, beside procps.
        struct Texts {
            var command: String?
            var commandLine: String?
            var executablePath: String?
            var cgroups: [Cgroup]?
            var userName: String?
        }

        /// Reads the texts of the process with this id; `nil` where it is not the one that started then.
        static func texts(
            of pid: Int32,
            startTicks: UInt64,
            from sources: Sources,
            root: KernelRoot = .live
        ) throws(ProcMemError) -> Texts? {
            var texts = Texts()
            if sources.contains(.commandLine) {
                texts.commandLine = try read("cmdline", of: pid, CommandLineText.shape, root) { bytes in
                    CommandLineText(parsing: bytes)
                }?.text
            }
            if sources.contains(.executable) { texts.executablePath = executablePath(of: pid) }
            if sources.contains(.cgroup) {
                texts.cgroups = try read("cgroup", of: pid, CgroupMembership.shape, root, Cgroup.list(parsing:))
            }
            guard sources.canMixProcesses else { return texts }
            // Last, because every file of a row is opened by number, and the number may have been given out again.
            let stat = try read("stat", of: pid, ProcessStat.shape, root, ProcessStat.init(parsing:))
            guard let stat, UInt64(clamping: stat.startTimeTicks) == startTicks else { return nil }
            if sources.contains(.command) { texts.command = stat.command }
            return texts
        }

        private static func executablePath(of pid: Int32) -> String? {
            let path = ProcPath(.id(pid), "exe")
            let link = try? path.withBytes { (path) throws(Errno) in try Syscalls.readLink(path) }
            return link.map { String(decoding: $0, as: UTF8.self) }
        }

        /// Reads a file of a process, `nil` where it cannot be read for a reason that lies in the process.
        private static func read<R>(
            _ file: StaticString,
            of pid: Int32,
            _ shape: FileShape,
            _ root: KernelRoot,
            _ parse: (Span<UInt8>) throws(Malformation) -> R
        ) throws(ProcMemError) -> R? {
            let path = ProcPath(.id(pid), file)
            do {
                return try root.read(path, shape, parse)
            } catch {
                let failure = ProcMemError(error, path: root.text(path))
                if failure.code == .outOfResources { throw failure }
                return nil
            }
        }
    }
#endif
