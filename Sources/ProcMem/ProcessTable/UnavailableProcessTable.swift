#if Procps && !(canImport(CProcpsHasLibproc2) || canImport(CProcpsHasLibprocps) || CPROCPS_HEADERS)
    /// The table of all processes, in a build without procps' headers: it cannot be created.
    ///
    /// The package builds, and only the use of the table is an error, with the name of the package to install. SwiftPM does
    /// not rebuild when a header of the system appears: run `swift package clean` first. If the headers are not in
    /// `/usr/include`, build with `-Xswiftc -DCPROCPS_HEADERS`, and with their folder as `-Xcc -I`.
    public struct ProcessTable: ~Copyable {
        /// The fields that the rows of this table have.
        public let fields: Set<Field>

        /// Requires procps' headers.
        @available(
            *,
            unavailable,
            message: """
                procps' headers are missing: install libproc2-dev (Debian 12, Ubuntu 24.04 and later), libprocps-dev (older) \
                or procps-ng-devel (Fedora, RHEL), then run `swift package clean` and build again
                """
        )
        public init(reading fields: [Field] = Field.usual) throws(ProcMemError) {
            throw ProcMemError(.unsupported, path: "procps")
        }

        /// Reads every process. Requires procps' headers.
        public mutating func read() throws(ProcMemError) -> [Row] { [] }
        /// Reads the processes with these ids. Requires procps' headers.
        public mutating func read(pids: [Int32]) throws(ProcMemError) -> [Row] { [] }
        /// Reads the processes of these users. Requires procps' headers.
        public mutating func read(userIDs: [UInt32]) throws(ProcMemError) -> [Row] { [] }
    }

    @available(*, unavailable, message: "a table belongs to the thread that created it")
    extension ProcessTable: Sendable {}
#endif
