#if Procps
    extension ProcessTable {
        /// The cgroup of a process in one hierarchy: a line of `/proc/PID/cgroup`.
        public struct Cgroup: Sendable, Hashable {
            /// The hierarchy's number; 0 for the v2 hierarchy.
            public let hierarchyID: Int
            /// The controllers of a v1 hierarchy, `name=…` for one that has a name; empty for the v2 hierarchy.
            public let controllers: [String]
            /// The cgroup, seen from the root of the reader's cgroup namespace: `/..` where it lies outside.
            ///
            /// As the kernel has it, spaces and colons too; bytes that are not UTF-8 are replaced.
            public let path: String

            /// The lines of a file, in its order; what is no such line is left out.
            static func list(parsing bytes: Span<UInt8>) -> [Cgroup] {
                var cgroups: [Cgroup] = []
                var index = 0
                while let line = bytes.nextLine(at: &index) {
                    guard let line = CgroupLine(bytes, in: line), let id = bytes.decimal(in: line.hierarchyID)
                    else { continue }
                    cgroups.append(
                        Cgroup(
                            hierarchyID: id,
                            controllers: bytes.text(in: line.controllers).split(separator: ",").map(String.init),
                            path: bytes.text(in: line.path)
                        )
                    )
                }
                return cgroups
            }
        }
    }
#endif
