#if Procps && (canImport(CProcpsHasLibproc2) || canImport(CProcpsHasLibprocps) || CPROCPS_HEADERS)
    import CProcps

    /// The table of all processes, read by procps' C library: the columns that a process monitor shows.
    ///
    /// ```swift
    /// var table = try ProcessTable(reading: [.command, .rssBytes])
    /// for row in try table.read().sorted(by: \.rssBytes, .descending).prefix(10) {
    ///     print(row.pid, row.command ?? "?", row.rssBytes ?? 0)
    /// }
    /// ```
    ///
    /// The table requires the package trait `Procps`. It uses the generation of the library that is installed: libproc2
    /// (procps 4) or libprocps (procps 3.3). Both give the same rows, except that libprocps does not report two of the
    /// namespaces. Numbers come from procps. ProcMem reads texts itself, because each version of procps replaces
    /// different characters in them.
    ///
    /// Only the files that contain the requested fields are read:
    ///
    /// | source | fields | files for each process |
    /// |---|---|---|
    /// | `stat`, always read | ids, state, scheduling, ticks, faults | 1 |
    /// | `stat` again, to verify the process | ``Row/command``; required by every source below | 1 |
    /// | owner of `/proc/PID` | ``Row/userID``, ``Row/userName``, ``Row/groupID`` | 0 |
    /// | `statm` | ``Row/sizeBytes``, ``Row/rssBytes``, ``Row/sharedBytes``, ``Row/textBytes``, ``Row/dataBytes`` | 1 |
    /// | `cmdline` | ``Row/commandLine`` | 1 |
    /// | `exe` | ``Row/executablePath`` | 1 link |
    /// | `cgroup` | ``Row/cgroups`` | 1, with one line for each hierarchy |
    /// | `status` | real and saved ids, the parts of RSS, swap, locked memory, stack | 1 |
    /// | `ns` | ``Row/namespaces`` | 8 links, the most expensive source |
    ///
    /// The cost grows with the number of processes and of sources. A C program that requests the same items from
    /// libproc2 costs less, because it does not read `stat` a second time.
    ///
    /// Use the table to list processes, not for figures that are needed often: ``memoryUsage(of:mode:in:)`` and the
    /// related functions cost less for the memory of one process.
    ///
    /// A table belongs to the thread that uses it: it is neither copyable nor sendable. Readings of several tables in
    /// one program wait for each other, because procps' library keeps state that all tables share. `fork()` waits too: until
    /// a reading in progress has ended, so that the child does not inherit a locked library. Read tables from few
    /// threads: for each thread that has read a table, libproc2 keeps about 170 KiB until the program exits (measured
    /// with 4.0.2). From its first reading on, the table itself keeps memory for 1,024 processes: 0.1 to 0.8 MiB,
    /// depending on the number of files.
    @safe
    public struct ProcessTable: ~Copyable {
        // Why @safe: created in init, used only under the lock, freed in deinit, never passed to other code.
        let reader: OpaquePointer
        let sources: Sources
        var userNames = UserNames()

        /// The fields that the rows of this table have.
        public let fields: Set<Field>

        /// Creates a table without reading a process.
        ///
        /// - Parameter fields: The fields that the rows shall have, in any order.
        /// - Throws: ``ProcMemError/Code/outOfResources`` if no memory is left.
        public init(reading fields: [Field] = Field.usual) throws(ProcMemError) {
            self.fields = Set(fields)
            sources = fields.reduce(into: []) { $0.formUnion($1.source) }
            let files = sources.procpsFiles
            var reader: UnsafeMutablePointer<cprocps_reader>?
            let error = procpsLock.withLock { unsafe cprocps_reader_new(&reader, files) }
            guard error == 0, let reader = unsafe reader else {
                throw ProcMemError(.outOfResources, path: "procps", errno: error)
            }
            unsafe self.reader = OpaquePointer(reader)
        }

        deinit {
            procpsLock.withLock { unsafe cprocps_reader_free(UnsafeMutablePointer(reader)) }
        }

        /// Reads every process that `/proc` shows, in the kernel's order.
        ///
        /// The rows include kernel threads and zombies. A process that exits while it is read is omitted. So is a
        /// process if the kernel gives its pid to another process in the meantime: the start time is read again after
        /// the row.
        ///
        /// - Cost: the reads for each process that the table above lists. It grows with the number of processes, not
        ///   with their memory.
        /// - Privileges: none, except for ``Row/executablePath`` and ``Row/namespaces``. If `/proc` is mounted with
        ///   `hidepid`, the processes of other users are missing. With `LIBPROC_HIDE_KERNEL` in the environment,
        ///   libproc2 omits kernel threads.
        /// - Throws: ``ProcMemError/Code/procUnavailable`` if `/proc` does not show the calling process,
        ///   ``ProcMemError/Code/outOfResources`` if no descriptor or no memory is left. (libprocps 3.3 terminates the
        ///   program if no memory is left.)
        public mutating func read() throws(ProcMemError) -> [Row] {
            try rows(of: .all)
        }

        /// Reads the processes with these ids, in this order.
        ///
        /// The result has no row for an id that no process has, or that belongs to a thread that is not the main
        /// thread.
        ///
        /// - Cost: the same reads for each process as ``read()``, and one more file: libproc2 reads `status` for every
        ///   id.
        /// - Privileges: the same as for ``read()``.
        /// - Throws: ``ProcMemError/Code/invalidArgument`` if an id is not positive; nothing has been read then.
        ///   Otherwise the same errors as ``read()``.
        public mutating func read(pids: [Int32]) throws(ProcMemError) -> [Row] {
            if let wrong = pids.first(where: { $0 <= 0 }) {
                throw ProcMemError(.invalidArgument, path: "/proc/\(wrong)")
            }
            var found: [Int32: Row] = [:]
            var rest = Array(Set(pids))[...]
            while !rest.isEmpty {
                for row in try rows(of: .processes(Array(rest.prefix(Self.longestSelection)))) { found[row.pid] = row }
                rest = rest.dropFirst(Self.longestSelection)
            }
            return pids.compactMap { found[$0] }
        }

        /// Reads the processes of these users, in the kernel's order.
        ///
        /// A process belongs to its effective user, the owner of `/proc/PID`: both generations of procps select by this
        /// owner. This also applies to a process that is not dumpable, although root then owns most files in its
        /// directory.
        ///
        /// - Cost: the same reads as ``read()`` for each process of these users, and less for each other process: its
        ///   owner is checked. With more than 255 users, all processes are read.
        /// - Privileges: the same as for ``read()``.
        /// - Throws: the same errors as ``read()``.
        public mutating func read(userIDs: [UInt32]) throws(ProcMemError) -> [Row] {
            let wanted = Set(userIDs)
            if wanted.isEmpty { return [] }
            return try rows(of: wanted.count > Self.longestSelection ? .all : .users(Array(wanted)), ownedBy: wanted)
        }

        // libproc2 returns EINVAL for more, at least in 4.0.2 and 4.0.4; 4.0.7 accepts more.
        private static let longestSelection = 255
    }

    @available(*, unavailable, message: "a table belongs to the thread that created it")
    extension ProcessTable: Sendable {}

    /// The procps library that this build links: `libproc2` (procps 4) or `libprocps` (procps 3.3).
    ///
    /// `nil` if the build has no ``ProcessTable``: without the package trait `Procps`, or without procps' headers. A constant of
    /// the build, which costs nothing.
    public var linkedProcpsLibrary: String? { CPROCPS_LIBRARY }
#endif
