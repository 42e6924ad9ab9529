#if Procps
    import CProcps
    import Synchronization

    /// The table of all processes: what a process monitor shows, read by procps' C library.
    ///
    /// ```swift
    /// var table = try ProcessTable(reading: [.command, .rssBytes])
    /// for row in try table.read().sorted(by: \.rssBytes, .descending).prefix(10) {
    ///     print(row.pid, row.command ?? "?", row.rssBytes ?? 0)
    /// }
    /// ```
    ///
    /// The table needs the package trait `Procps`, and reads through whichever generation of the library is installed:
    /// libproc2 (procps 4) or libprocps (procps 3.3). The rows are the same from both, but for two namespaces that
    /// libprocps does not know: numbers are procps', texts are read beside it, because each version of procps replaces
    /// other characters in them.
    ///
    /// Only the files are read that the chosen fields are in:
    ///
    /// | source | fields | a process |
    /// |---|---|---|
    /// | `stat`, always read | ids, state, scheduling, ticks, faults | 15 µs |
    /// | `stat` again, to tell whose the rest is | ``Row/command``; needed beside whatever follows | 9 µs |
    /// | owner of `/proc/PID` | ``Row/userID``, ``Row/userName``, ``Row/groupID`` | nothing more |
    /// | `statm` | ``Row/sizeBytes``, ``Row/rssBytes``, ``Row/sharedBytes``, ``Row/textBytes``, ``Row/dataBytes`` | 6 µs |
    /// | `cmdline` | ``Row/commandLine`` | 7 µs |
    /// | `exe` | ``Row/executablePath`` | 4 µs |
    /// | `cgroup` | ``Row/cgroups`` | 16 µs with ten hierarchies |
    /// | `status` | real and saved ids, the parts of RSS, swap, locked memory, stack | 17 µs |
    /// | `ns`, eight links | ``Row/namespaces`` | 57 µs |
    ///
    /// That makes 39 µs a process for ``Field/usual`` and 129 µs for all fields, where a C program takes 28 µs and 112 µs
    /// with the same items of libproc2: it does not look at `stat` again. (200 idle processes, Linux 6.18, libproc2 4.0.2;
    /// all from one run, in turns, the fastest tenth of 57 readings on a busy machine. Medians are up to half as large again.)
    ///
    /// It is made for the question who is there, not for figures that are asked for often: ``memoryUsage(of:mode:in:)`` and
    /// its like cost less for the memory of one process.
    ///
    /// A table belongs to the thread that uses it: it is neither copyable nor sendable. Readings of several tables in
    /// one program wait for one another, because the library keeps state that they share. Read from few threads: each
    /// thread that ever read a table through libproc2 leaves about 170 KiB behind until the program ends (measured with
    /// 4.0.2). The table itself holds room for 1,024 processes from its first reading on, 0.1 to 0.8 MiB with the number of
    /// files.
    @safe
    public struct ProcessTable: ~Copyable {
        // Why @safe: made in init, used under the lock alone, freed in deinit, handed to nobody.
        let reader: OpaquePointer
        let sources: Sources
        var userNames = UserNames()

        /// What the rows of this table have.
        public let fields: Set<Field>

        /// Makes a table; no process is read yet.
        ///
        /// - Parameter fields: What its rows shall have, in any order.
        /// - Throws: ``ProcMemError/Code/outOfResources`` where no memory is left.
        public init(reading fields: [Field] = Field.usual) throws(ProcMemError) {
            self.fields = Set(fields)
            sources = fields.reduce(into: []) { $0.formUnion($1.source) }
            let files = sources.procpsFiles
            var reader: UnsafeMutablePointer<cprocps_reader>?
            let error = procpsLock.withLock { _ in unsafe cprocps_reader_new(&reader, files) }
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
        /// - Cost: that of each process, as the table above says; it grows with the number of processes, not with their
        ///   memory.
        /// - Privileges: none but for ``Row/executablePath`` and ``Row/namespaces``. Where `/proc` is mounted with
        ///   `hidepid`, the processes of other users are missing. With `LIBPROC_HIDE_KERNEL` in the environment, libproc2
        ///   leaves out kernel threads.
        /// - Throws: ``ProcMemError/Code/procUnavailable`` where `/proc` does not show this process itself,
        ///   ``ProcMemError/Code/outOfResources`` where no descriptor or no memory is left. (libprocps 3.3 ends the
        ///   program where no memory is left.)
        public mutating func read() throws(ProcMemError) -> [Row] {
            try rows(of: .all)
        }

        /// Reads the processes with these ids, in this order.
        ///
        /// An id that no process has, or that is a thread's and not a process's, has no row in the result.
        ///
        /// - Cost: that of each process, and 16 µs more because libproc2 looks into `status` for every id.
        /// - Privileges: as for ``read()``.
        /// - Throws: ``ProcMemError/Code/invalidArgument`` where an id is not positive; nothing was read then. Else the
        ///   same as ``read()``.
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

        /// Reads the processes of these users, in the order of the kernel.
        ///
        /// A process counts as its effective user's, the owner of `/proc/PID`: so do both generations of procps, which
        /// select by it. That a process is undumpable changes nothing about it, though most files in the directory are
        /// root's then.
        ///
        /// - Cost: that of each process of these users, and 3 µs for each of the others. Above 255 users all processes
        ///   are read.
        /// - Privileges: as for ``read()``.
        /// - Throws: the same as ``read()``.
        public mutating func read(userIDs: [UInt32]) throws(ProcMemError) -> [Row] {
            let wanted = Set(userIDs)
            if wanted.isEmpty { return [] }
            return try rows(of: wanted.count > Self.longestSelection ? .all : .users(Array(wanted)), ownedBy: wanted)
        }

        /// How many ticks a second has, in ``Row/startTimeTicks``, ``Row/userTicks`` and ``Row/systemTicks``; 100 on nearly
        /// every Linux.
        public static var ticksPerSecond: Int { Syscalls.ticksPerSecond }

        // libproc2 answers EINVAL to more, 4.0.2 and 4.0.4 at least; 4.0.7 takes them.
        private static let longestSelection = 255
    }

    @available(*, unavailable, message: "a table belongs to the thread that made it")
    extension ProcessTable: Sendable {}

    extension ProcessTable {
        /// Which rows come first.
        public enum Order: Sendable, Hashable {
            /// The smallest first, or the first in the alphabet.
            case ascending
            /// The largest first.
            case descending
        }
    }

    extension Sequence where Element == ProcessTable.Row {
        /// The rows in the order of a property, those that lack it last in either order.
        ///
        /// ```swift
        /// let rows = try table.read()
        /// let largest = rows.sorted(by: \.rssBytes, .descending).prefix(10)
        /// ```
        ///
        /// Rows with equal values stay in the order that they had. Texts are compared as Swift compares strings, whatever
        /// the locale.
        public func sorted<Value: Comparable>(
            by property: (ProcessTable.Row) -> Value?,
            _ order: ProcessTable.Order = .ascending
        ) -> [ProcessTable.Row] {
            // Not procps_pids_sort: libprocps 3.3 has none, up to 4.0.4 it is not stable, it takes what is not known for 0, and
            // the texts here are not procps'.
            let rows = Array(self)
            let keys = rows.map(property)
            let places = rows.indices.sorted { left, right in
                switch (keys[left], keys[right]) {
                case (let a?, let b?) where a < b: order == .ascending
                case (let a?, let b?) where b < a: order == .descending
                case (.some, nil): true
                case (nil, .some): false
                default: left < right
                }
            }
            return places.map { rows[$0] }
        }
    }
#endif
