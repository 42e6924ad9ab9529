#if Procps
    import CProcps
    import Synchronization

    /// The table of all processes: names, users, command lines and CPU ticks, read by procps' C library.
    ///
    /// ```swift
    /// var table = try ProcessTable()
    /// for row in try table.read() where row.userName == "postgres" {
    ///     print(row.pid, row.commandLine ?? row.command)
    /// }
    /// ```
    ///
    /// The table needs the package trait `Procps`, and reads through whichever generation of the library is installed:
    /// libproc2 (procps 4) or libprocps (procps 3.3). The rows are the same from both: numbers are procps', texts are read
    /// beside it, because each version of procps replaces other characters in them.
    ///
    /// It is made for the question who is there, not for figures that are asked for often: a row costs five times what
    /// the memory of one process costs in the mode `cheap`.
    ///
    /// A table belongs to the thread that uses it: it is neither copyable nor sendable. Readings of several tables in
    /// one program wait for one another, because the library keeps state that they share. Read from few threads: each
    /// thread that ever read a table through libproc2 leaves about 170 KiB behind until the program ends (measured with
    /// 4.0.2).
    @safe
    public struct ProcessTable: ~Copyable {
        // Why @safe: made in init, used under the lock alone, freed in deinit, handed to nobody.
        let reader: OpaquePointer
        var userNames = UserNames()

        /// Makes a table; no process is read yet.
        ///
        /// - Throws: ``ProcMemError/Code/outOfResources`` where no memory is left.
        public init() throws(ProcMemError) {
            var reader: UnsafeMutablePointer<cprocps_reader>?
            let error = procpsLock.withLock { _ in unsafe cprocps_reader_new(&reader) }
            guard error == 0, let reader = unsafe reader else {
                throw ProcMemError(.outOfResources, path: "procps", errno: error)
            }
            unsafe self.reader = OpaquePointer(reader)
        }

        deinit {
            procpsLock.withLock { _ in unsafe cprocps_reader_free(UnsafeMutablePointer(reader)) }
        }

        /// Reads every process that `/proc` shows, in the order of the kernel.
        ///
        /// Kernel threads and zombies are among them. A process that ends while it is read is left out, and so is one
        /// whose pid was given to another process meanwhile: its start time is read again after its row.
        ///
        /// - Reads: the owner of `/proc/PID`, and in it `stat`, `statm` and `cmdline`, and `stat` once more.
        /// - Cost: about 25 µs a process, in 14 system calls; it grows with the number of processes, not with their
        ///   memory.
        /// - Privileges: none. Where `/proc` is mounted with `hidepid`, the processes of other users are missing. With
        ///   `LIBPROC_HIDE_KERNEL` in the environment, libproc2 leaves out kernel threads.
        /// - Throws: ``ProcMemError/Code/procUnavailable`` where `/proc` does not show this process itself,
        ///   ``ProcMemError/Code/outOfResources`` where no descriptor or no memory is left. (libprocps 3.3 ends the
        ///   program where no memory is left.)
        public mutating func read() throws(ProcMemError) -> [Row] {
            try rows(of: [])
        }

        /// Reads the processes with these ids, in this order.
        ///
        /// An id that no process has, or that is a thread's and not a process's, has no row in the result.
        ///
        /// - Reads: the same files as ``read()``; libproc2 looks into `status` too.
        /// - Cost: about 35 µs a process.
        /// - Privileges: none, with the same exception.
        /// - Throws: ``ProcMemError/Code/invalidArgument`` where an id is not positive; nothing was read then. Else the
        ///   same as ``read()``.
        public mutating func read(pids: [Int32]) throws(ProcMemError) -> [Row] {
            if let wrong = pids.first(where: { $0 <= 0 }) {
                throw ProcMemError(.invalidArgument, path: "/proc/\(wrong)")
            }
            var found: [Int32: Row] = [:]
            var rest = Array(Set(pids))[...]
            while !rest.isEmpty {
                for row in try rows(of: Array(rest.prefix(Self.longestSelection))) { found[row.pid] = row }
                rest = rest.dropFirst(Self.longestSelection)
            }
            return pids.compactMap { found[$0] }
        }

        /// How many ticks a second has, in ``Row/startTimeTicks``, ``Row/userTicks`` and ``Row/systemTicks``; 100 on nearly
        /// every Linux.
        public static var ticksPerSecond: Int { Syscalls.ticksPerSecond }

        // libproc2 answers EINVAL to more, 4.0.2 and 4.0.4 at least; 4.0.7 takes them.
        private static let longestSelection = 255
    }

    @available(*, unavailable, message: "a table belongs to the thread that made it")
    extension ProcessTable: Sendable {}
#endif
