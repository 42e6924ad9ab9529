#if Procps && (canImport(CProcpsHasLibproc2) || canImport(CProcpsHasLibprocps) || CPROCPS_HEADERS)
    import CProcps

    #if canImport(Glibc)
        import Glibc
    #elseif canImport(Musl)
        import Musl
    #endif

    // libprocps 3.3 reads every file into one static buffer. All contexts of libproc2 share one handle of the NUMA
    // library.
    let procpsLock = LibraryLock()

    extension ProcessTable {
        /// The processes to read. At most 255 ids: libproc2 up to 4.0.4 does not accept more.
        enum Selection {
            case all
            case processes([Int32])
            case users([UInt32])
        }

        /// Reads the selected processes.
        ///
        /// - Parameter userIDs: The users of the processes for which rows are created; `nil` for all users.
        mutating func rows(of selection: Selection, ownedBy userIDs: Set<UInt32>? = nil) throws(ProcMemError) -> [Row] {
            try Self.confirmProc()
            let processes = try processes(of: selection)
            let asked = RequestedFields(
                fields: fields,
                pageSizeBytes: Syscalls.pageSizeBytes,
                secondsSinceBoot: Syscalls.secondsSinceBoot
            )
            var rows: [Row] = []
            rows.reserveCapacity(processes.count)
            // After the lock has been released: a user database may be a server that responds slowly.
            for process in processes where userIDs?.contains(process.user_id) ?? true {
                guard
                    var texts = try Self.texts(of: process.task_id, startTicks: process.start_ticks, from: sources)
                else { continue }
                if fields.contains(.userName) { texts.userName = userNames[process.user_id] }
                rows.append(Row(process, asked, texts))
            }
            return rows
        }

        /// Returns the numbers that procps reads for each process, without those of threads.
        private func processes(of selection: Selection) throws(ProcMemError) -> [cprocps_process] {
            var processes: [cprocps_process] = []
            try procpsLock.withLock { () throws(ProcMemError) in
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
                    // Not by the id in `status`: libproc2 mistakes `Tgid:` in a process's name for the key.
                    if unsafe process.pointee.exit_signal >= 0 { unsafe processes.append(process.pointee) }
                }
                try Self.confirmWhole(processes, selection, lastError: .current)
            }
            return processes
        }

        /// Throws if `/proc` cannot be read or is mounted for another pid namespace. procps reports no error then: it
        /// finds no processes.
        private static func confirmProc() throws(ProcMemError) {
            let path = ProcPath(.current, "stat")
            let stat: ProcessStat
            do {
                stat = try SystemRoot.live.read(path, ProcessStat.readOptions, ProcessStat.init(parsing:))
            } catch .system(let error) {
                throw failure(error)
            } catch {
                throw ProcMemError(error, path: SystemRoot.live.text(path))
            }
            guard stat.pid == Syscalls.pid else {
                throw .procUnavailable(detail: "/proc is mounted for another pid namespace")
            }
        }

        /// Throws if processes are missing because no descriptor was left: procps silently omits a process if it cannot
        /// open the files of the process.
        ///
        /// `ENOMEM` shows nothing here: `malloc` leaves it behind if the heap cannot grow in place, and then succeeds elsewhere.
        static func confirmWhole(
            _ processes: [cprocps_process],
            _ selection: Selection,
            lastError: Errno
        ) throws(ProcMemError) {
            if [.tooManyOpenFiles, .tooManyOpenFilesInSystem].contains(lastError) { throw failure(lastError) }
            if case .all = selection, !processes.contains(where: { $0.task_id == Syscalls.pid }) {
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

    extension ProcessTable {
        /// The texts of a process, which ProcMem reads itself instead of through procps.
        struct Texts {
            var command: String?
            var commandLine: String?
            var executablePath: String?
            var cgroups: [Cgroup]?
            var userName: String?
        }

        /// Reads the texts of the process with this id and start time; `nil` if the id belongs to another process by
        /// now.
        static func texts(
            of pid: Int32,
            startTicks: UInt64,
            from sources: Sources,
            root: SystemRoot = .live
        ) throws(ProcMemError) -> Texts? {
            var texts = Texts()
            guard sources.canMixProcesses else { return texts }
            do {
                // The directory descriptor refers to one process. The start time shows whether procps has read the same
                // one.
                let directory = try ProcessDirectory(.id(pid), in: root)
                let stat = try directory.stat()
                guard UInt64(clamping: stat.startTimeTicks) == startTicks else { return nil }
                if sources.contains(.command) { texts.command = stat.command }
                if sources.contains(.commandLine) {
                    texts.commandLine = try directory.readIfAvailable("cmdline", CommandLineText.readOptions) { bytes in
                        CommandLineText(parsing: bytes)
                    }?.text
                }
                if sources.contains(.executable) { texts.executablePath = directory.linkTarget("exe") }
                if sources.contains(.cgroup) {
                    texts.cgroups = try directory.readIfAvailable(
                        "cgroup",
                        CgroupMembership.readOptions,
                        Cgroup.list(parsing:)
                    )
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
        /// Reads a file; `nil` if the process is the reason why it cannot be read. Throws only if the caller lacks
        /// resources.
        fileprivate borrowing func readIfAvailable<R>(
            _ file: StaticString,
            _ readOptions: FileReadOptions,
            _ parse: (Span<UInt8>) throws(ParseError) -> R
        ) throws(FileReadError) -> R? {
            do {
                return try read(ProcPath(file: file), readOptions, parse)
            } catch {
                if ProcMemError(error, path: "").code == .outOfResources { throw error }
                return nil
            }
        }
    }

    extension ProcessTable {
        /// A cache of user names, from the user database; each name is requested once for a table.
        ///
        /// procps reports user names too, but calls `getpwuid`, and another thread of the program may overwrite its
        /// buffer.
        struct UserNames {
            private var known: [UInt32: String?] = [:]

            subscript(userID: UInt32) -> String? {
                mutating get {
                    if let name = known[userID] { return name }
                    let name = Self.name(ofUser: userID)
                    known[userID] = .some(name)
                    return name
                }
            }

            private static func name(ofUser userID: UInt32) -> String? {
                var count = 1024
                // The name, home directory and shell of an entry need far less than a megabyte.
                while count <= 1 << 20 {
                    var entry = unsafe passwd()
                    var found: UnsafeMutablePointer<passwd>?
                    var room = [CChar](repeating: 0, count: count)
                    let error = unsafe getpwuid_r(userID, &entry, &room, count, &found)
                    if error == 0 {
                        guard unsafe found != nil, let name = unsafe entry.pw_name else { return nil }
                        return unsafe String(cString: name)
                    }
                    guard error == ERANGE else { return nil }
                    count *= 4
                }
                return nil
            }
        }
    }

    /// The arguments of a process from `/proc/PID/cmdline`, as one text.
    struct CommandLineText {
        // The kernel limits arguments and environment together to 6 MiB.
        static let readOptions = FileReadOptions(expectedBytes: 4096, limitBytes: 8 << 20)

        /// `nil` if there are no arguments, or if all are empty.
        let text: String?

        /// Parses the arguments. Each ends in a NUL; a program that overwrites them with its state leaves more NULs at
        /// the end.
        init(parsing bytes: Span<UInt8>) {
            var count = bytes.count
            while count > 0, bytes[count - 1] == 0 { count -= 1 }
            let spaced = (0..<count).map { bytes[$0] == 0 ? UInt8(ascii: " ") : bytes[$0] }
            text = count == 0 ? nil : String(decoding: spaced, as: UTF8.self)
        }
    }

    extension ProcessTable.Sources {
        /// The files that procps reads, as bits of `cprocps_files`.
        var procpsFiles: UInt32 {
            var files: UInt32 = 0
            if contains(.stat) { files |= CPROCPS_STAT.rawValue }
            if contains(.statm) { files |= CPROCPS_STATM.rawValue }
            if contains(.status) { files |= CPROCPS_STATUS.rawValue }
            if contains(.namespaces) { files |= CPROCPS_NAMESPACES.rawValue }
            return files
        }
    }
#endif
