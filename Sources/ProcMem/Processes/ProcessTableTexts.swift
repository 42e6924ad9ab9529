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
            guard sources.canMixProcesses else { return texts }
            do {
                // The directory holds one process; that it is the one which procps has read, its start time says.
                let directory = try ProcessDirectory(.id(pid), in: root)
                let stat = try directory.stat()
                guard UInt64(clamping: stat.startTimeTicks) == startTicks else { return nil }
                if sources.contains(.command) { texts.command = stat.command }
                if sources.contains(.commandLine) {
                    texts.commandLine = try directory.readIfTold("cmdline", CommandLineText.shape) { bytes in
                        CommandLineText(parsing: bytes)
                    }?.text
                }
                if sources.contains(.executable) { texts.executablePath = directory.linkTarget("exe") }
                if sources.contains(.cgroup) {
                    texts.cgroups = try directory.readIfTold("cgroup", CgroupMembership.shape, Cgroup.list(parsing:))
                }
                return texts
            } catch {
                let failure = ProcMemError(error, path: root.text(ProcPath(directoryOf: .id(pid))))
                if failure.code == .outOfResources { throw failure }
                return nil
            }
        }
    }

    extension ProcessDirectory {
        /// Reads a file; `nil` where it cannot be read for a reason that lies in the process.
        fileprivate borrowing func readIfTold<R>(
            _ file: StaticString,
            _ shape: FileShape,
            _ parse: (Span<UInt8>) throws(Malformation) -> R
        ) throws(ReadFailure) -> R? {
            do {
                return try read(ProcPath(file: file), shape, parse)
            } catch {
                if ProcMemError(error, path: "").code == .outOfResources { throw error }
                return nil
            }
        }
    }
#endif
