#if Procps
    import CProcps
    import Synchronization

    // libprocps 3.3 reads every file into one static buffer; libproc2 shares the handle of the NUMA library.
    let procpsLock = Mutex(())

    extension ProcessTable {
        /// The rows of these processes, at most 255, or of all where none is named.
        mutating func rows(of pids: [Int32]) throws(ProcMemError) -> [Row] {
            try Self.confirmProc()
            var rows: [Row] = []
            try procpsLock.withLock { (_) throws(ProcMemError) in
                let reader = unsafe UnsafeMutablePointer<cprocps_reader>(reader)
                let error = unsafe pids.withUnsafeBufferPointer {
                    unsafe cprocps_reader_begin(reader, $0.baseAddress, Int32($0.count))
                }
                guard error == 0 else { throw Self.failure(Errno(rawValue: error)) }
                defer { unsafe cprocps_reader_end(reader) }
                while let process = unsafe cprocps_reader_next(reader) {
                    if let row = try unsafe Self.row(process.pointee) { rows.append(row) }
                }
                if pids.isEmpty { try Self.confirmWhole(rows, lastError: .current) }
            }
            // Behind the lock: a user database may be a server that does not answer at once.
            for index in rows.indices { rows[index].userName = userNames[rows[index].userID] }
            return rows
        }

        /// Makes a row without its user's name; `nil` where the process is gone by now, or the id was a thread's.
        private static func row(_ process: cprocps_process) throws(ProcMemError) -> Row? {
            // Not by the id in `status`: libproc2 takes `Tgid:` in a process's name for the key.
            guard process.exit_signal >= 0 else { return nil }
            let commandLine = try read("cmdline", of: process.task_id, CommandLineText.shape) { bytes in
                CommandLineText(parsing: bytes)
            }
            // Last, because every file of a row is opened by number, and the number may have been given out again.
            guard let stat = try stat(of: process.task_id, startTicks: process.start_ticks) else { return nil }
            let rss = process.resident_pages.multipliedReportingOverflow(by: UInt64(Syscalls.pageSizeBytes))
            return Row(
                pid: stat.processID,
                parentPID: process.parent_pid,
                command: stat.command,
                commandLine: commandLine?.text,
                userID: process.user_id,
                userName: nil,
                startTimeTicks: stat.startTimeTicks,
                rssBytes: rss.partialValue == 0 || rss.overflow ? nil : Int(exactly: rss.partialValue),
                userTicks: Int(clamping: process.user_ticks),
                systemTicks: Int(clamping: process.system_ticks)
            )
        }

        /// `stat` of the process with this id, `nil` where it is not the one that started then.
        static func stat(
            of pid: Int32,
            startTicks: UInt64,
            root: KernelRoot = .live
        ) throws(ProcMemError) -> ProcessStat? {
            let stat = try read("stat", of: pid, ProcessStat.shape, root: root, ProcessStat.init(parsing:))
            guard let stat, UInt64(clamping: stat.startTimeTicks) == startTicks else { return nil }
            return stat
        }

        /// Reads a file of a process, `nil` where it cannot be read for a reason that lies in the process.
        private static func read<R>(
            _ file: StaticString,
            of pid: Int32,
            _ shape: FileShape,
            root: KernelRoot = .live,
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

        /// procps takes a `/proc` that cannot be read, or another namespace's, for one without processes.
        private static func confirmProc() throws(ProcMemError) {
            let path = ProcPath(.current, "stat")
            let stat: ProcessStat
            do {
                stat = try KernelRoot.live.read(path, ProcessStat.shape, ProcessStat.init(parsing:))
            } catch .system(let error) {
                throw failure(error)
            } catch {
                throw ProcMemError(error, path: KernelRoot.live.text(path))
            }
            guard stat.processID == Syscalls.processID else {
                throw .procUnavailable(detail: "shows another pid namespace")
            }
        }

        /// procps leaves out a process whose files it cannot open, for want of a descriptor too.
        private static func confirmWhole(_ rows: [Row], lastError: Errno) throws(ProcMemError) {
            let own = Syscalls.processID
            if rows.contains(where: { $0.pid == own }) { return }
            let failure = failure(lastError)
            throw failure.code == .outOfResources ? failure : .procUnavailable(detail: "does not list this process")
        }

        private static func failure(_ error: Errno) -> ProcMemError {
            let code = ProcMemError.Code(error)
            return ProcMemError(
                code == .noSuchProcess ? .procUnavailable : code,
                path: "/proc",
                errno: error.rawValue
            )
        }
    }

    extension ProcMemError {
        static func procUnavailable(detail: String) -> ProcMemError {
            ProcMemError(.procUnavailable, path: "/proc", detail: detail)
        }
    }
#endif
