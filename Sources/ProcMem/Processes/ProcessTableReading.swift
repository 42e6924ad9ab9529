#if Procps
    import CProcps
    import Synchronization

    // libprocps 3.3 reads every file into one static buffer; libproc2 shares the handle of the NUMA library.
    let procpsLock = Mutex(())

    extension ProcessTable {
        /// Which processes a reading is about; at most 255 ids, which is what libproc2 takes up to 4.0.4.
        enum Selection {
            case all
            case processes([Int32])
            case users([UInt32])
        }

        /// - Parameter userIDs: Whose processes become rows; everybody's where it is `nil`.
        mutating func rows(of selection: Selection, ownedBy userIDs: Set<UInt32>? = nil) throws(ProcMemError) -> [Row] {
            try Self.confirmProc()
            let processes = try processes(of: selection)
            let asked = Asked(
                fields: fields,
                pageSizeBytes: Syscalls.pageSizeBytes,
                secondsSinceBoot: Syscalls.secondsSinceBoot
            )
            var rows: [Row] = []
            rows.reserveCapacity(processes.count)
            // Behind the lock: a user database may be a server that does not answer at once.
            for process in processes where userIDs?.contains(process.user_id) ?? true {
                guard
                    var texts = try Self.texts(of: process.task_id, startTicks: process.start_ticks, from: sources)
                else { continue }
                if fields.contains(.userName) { texts.userName = userNames[process.user_id] }
                rows.append(Row(process, asked, texts))
            }
            return rows
        }

        /// The numbers that procps reads, of processes and not of threads.
        private func processes(of selection: Selection) throws(ProcMemError) -> [cprocps_process] {
            var processes: [cprocps_process] = []
            try procpsLock.withLock { (_) throws(ProcMemError) in
                let reader = unsafe UnsafeMutablePointer<cprocps_reader>(reader)
                let error =
                    switch selection {
                    case .all:
                        unsafe cprocps_reader_begin(reader, CPROCPS_ALL, nil, 0)
                    case .processes(let pids):
                        unsafe cprocps_reader_begin(
                            reader,
                            CPROCPS_PIDS,
                            pids.map { UInt32(bitPattern: $0) },
                            Int32(pids.count)
                        )
                    case .users(let userIDs):
                        unsafe cprocps_reader_begin(reader, CPROCPS_USERS, userIDs, Int32(userIDs.count))
                    }
                guard error == 0 else { throw Self.failure(Errno(rawValue: error)) }
                defer { unsafe cprocps_reader_end(reader) }
                while let process = unsafe cprocps_reader_next(reader) {
                    // Not by the id in `status`: libproc2 takes `Tgid:` in a process's name for the key.
                    if unsafe process.pointee.exit_signal >= 0 { unsafe processes.append(process.pointee) }
                }
                try Self.confirmWhole(processes, selection, lastError: .current)
            }
            return processes
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
        private static func confirmWhole(
            _ processes: [cprocps_process],
            _ selection: Selection,
            lastError: Errno
        ) throws(ProcMemError) {
            let failure = failure(lastError)
            if failure.code == .outOfResources { throw failure }
            if case .all = selection, !processes.contains(where: { $0.task_id == Syscalls.processID }) {
                throw .procUnavailable(detail: "does not list this process")
            }
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
