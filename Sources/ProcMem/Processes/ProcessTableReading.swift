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
            guard unsafe process.task_id == process.pid else { return nil }
            let startTicks = unsafe process.start_ticks
            guard let name = try name(of: unsafe process.pid, startTicks: startTicks) else { return nil }
            let rss = unsafe process.resident_pages.multipliedReportingOverflow(by: UInt64(Syscalls.pageSizeBytes))
            return unsafe Row(
                pid: name.pid,
                parentPID: process.parent_pid,
                command: name.command,
                commandLine: commandLine(process.arguments),
                userID: process.user_id,
                userName: nil,
                startTicks: name.startTicks,
                rssBytes: rss.partialValue == 0 || rss.overflow ? nil : Int(exactly: rss.partialValue),
                userTicks: Int(clamping: process.user_ticks),
                systemTicks: Int(clamping: process.system_ticks)
            )
        }

        /// The name of a process, `nil` where it is gone by now, or where its id has been given to another since procps
        /// read it: procps opens the files of a row one after another, by number.
        static func name(
            of pid: Int32,
            startTicks: UInt64,
            root: KernelRoot = .live
        ) throws(ProcMemError) -> StatName? {
            let path = ProcPath(.id(pid), "stat")
            do {
                let name = try root.read(path, StatName.shape) { (bytes) throws(Malformation) in
                    try StatName(parsing: bytes)
                }
                return UInt64(name.startTicks) == startTicks ? name : nil
            } catch {
                let failure = ProcMemError(error, path: path.text)
                if failure.code == .outOfResources { throw failure }
                return nil
            }
        }

        /// A vector of arguments that ends in `nil`, as one line.
        private static func commandLine(_ arguments: UnsafePointer<UnsafeMutablePointer<CChar>?>?) -> String? {
            guard var next = unsafe arguments else { return nil }
            var parts: [String] = []
            while let argument = unsafe next.pointee {
                unsafe parts.append(String(cString: argument))
                unsafe next += 1
            }
            // A program that writes its state over its arguments leaves empty ones behind it.
            while parts.last?.isEmpty == true { parts.removeLast() }
            return parts.isEmpty ? nil : parts.joined(separator: " ")
        }

        /// procps takes a `/proc` that cannot be read, or another namespace's, for one without processes.
        private static func confirmProc() throws(ProcMemError) {
            let name: StatName
            do {
                name = try KernelRoot.live.read(ProcPath(.current, "stat"), StatName.shape) {
                    (bytes) throws(Malformation) in try StatName(parsing: bytes)
                }
            } catch .system(let error) {
                throw failure(error)
            } catch {
                throw ProcMemError(error, path: ProcPath(.current, "stat").text)
            }
            guard name.pid == Syscalls.processID else {
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
