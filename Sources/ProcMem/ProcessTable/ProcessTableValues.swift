#if Procps
    import CProcps

    extension ProcessTable {
        /// What a process does, as the letter in field 3 of `stat`.
        ///
        /// Kernels have had other letters, and may have new ones: any letter is a state.
        public struct State: RawRepresentable, Sendable, Hashable {
            private let letter: UInt8

            /// The kernel's letter.
            public var rawValue: Character { Character(UnicodeScalar(letter)) }

            /// A state by the kernel's letter; `nil` where it is not an ASCII letter.
            public init?(rawValue: Character) {
                guard rawValue.isLetter, let letter = rawValue.asciiValue else { return nil }
                self.letter = letter
            }

            init?(letter: Int8) {
                guard let letter = UInt8(exactly: letter) else { return nil }
                self.init(rawValue: Character(UnicodeScalar(letter)))
            }

            private init(_ scalar: UnicodeScalar) { letter = UInt8(ascii: scalar) }

            /// `R`: running, or waiting for a CPU.
            public static var running: State { State("R") }
            /// `S`: asleep until something happens.
            public static var sleeping: State { State("S") }
            /// `D`: asleep, and not to be disturbed by signals; most often waiting for a disk.
            public static var uninterruptible: State { State("D") }
            /// `T`: stopped by a signal.
            public static var stopped: State { State("T") }
            /// `t`: stopped by a debugger.
            public static var traced: State { State("t") }
            /// `Z`: ended, and not yet collected by its parent.
            public static var zombie: State { State("Z") }
            /// `X`: being taken down.
            public static var dead: State { State("X") }
            /// `I`: a kernel thread with nothing to do. Since Linux 4.14.
            public static var idle: State { State("I") }
            /// `P`: a kernel thread that was parked.
            public static var parked: State { State("P") }
        }
    }

    extension ProcessTable.State: CustomStringConvertible {
        /// The kernel's letter.
        public var description: String { String(rawValue) }
    }

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

    extension ProcessTable {
        /// The namespaces that a process is in, as inode numbers: equal numbers are one namespace.
        ///
        /// A number that is not known is `nil`: procps says 0, which is no inode's number, where the link may not be read
        /// or this kernel has no such namespace.
        public struct Namespaces: Sendable, Hashable {
            /// `ns/cgroup`, which cgroup is seen as the root. Since Linux 4.6; libprocps 3.3 does not tell it.
            public let cgroup: UInt64?
            /// `ns/ipc`, System V IPC and POSIX message queues.
            public let ipc: UInt64?
            /// `ns/mnt`, the mounts. Since Linux 3.8, as `pid` and `user`.
            public let mnt: UInt64?
            /// `ns/net`, network devices, addresses and ports.
            public let net: UInt64?
            /// `ns/pid`, in which the process's id is counted.
            public let pid: UInt64?
            /// `ns/time`, the offsets of the clocks. Since Linux 5.6; libprocps 3.3 does not tell it.
            public let time: UInt64?
            /// `ns/user`, user ids and capabilities.
            public let user: UInt64?
            /// `ns/uts`, the host's name.
            public let uts: UInt64?

            /// `nil` where no link could be read.
            init?(_ process: cprocps_process) {
                func known(_ inode: UInt64) -> UInt64? { inode == 0 ? nil : inode }
                cgroup = known(process.ns_cgroup)
                ipc = known(process.ns_ipc)
                mnt = known(process.ns_mnt)
                net = known(process.ns_net)
                pid = known(process.ns_pid)
                time = known(process.ns_time)
                user = known(process.ns_user)
                uts = known(process.ns_uts)
                if [cgroup, ipc, mnt, net, pid, time, user, uts].allSatisfy({ $0 == nil }) { return nil }
            }
        }
    }
#endif
