#if Procps
    extension ProcessTable {
        /// The state of a process: the letter in field 3 of `stat`.
        ///
        /// Earlier kernels report other letters and later ones may add more, so any letter is a valid state.
        public struct State: RawRepresentable, Sendable, Hashable {
            private let letter: UInt8

            /// The kernel's letter.
            public var rawValue: Character { Character(UnicodeScalar(letter)) }

            /// Creates a state from the kernel's letter; `nil` if it is not an ASCII letter.
            public init?(rawValue: Character) {
                guard rawValue.isLetter, let letter = rawValue.asciiValue else { return nil }
                self.letter = letter
            }

            init?(letter: Int8) {
                guard let letter = UInt8(exactly: letter) else { return nil }
                self.init(rawValue: Character(UnicodeScalar(letter)))
            }

            private init(_ scalar: UnicodeScalar) { letter = UInt8(ascii: scalar) }

            /// `R`: the main thread runs or waits for a CPU.
            public static var running: State { State("R") }
            /// `S`: the main thread waits for an event; a signal interrupts the wait.
            public static var sleeping: State { State("S") }
            /// `D`: the main thread waits, in most cases for a disk, and signals do not interrupt the wait.
            public static var uninterruptible: State { State("D") }
            /// `T`: a signal has stopped the process.
            public static var stopped: State { State("T") }
            /// `t`: a debugger has stopped the process.
            public static var traced: State { State("t") }
            /// `Z`: the main thread has exited, and the parent has not reaped the process yet.
            public static var zombie: State { State("Z") }
            /// `X`: the kernel is removing the process.
            public static var dead: State { State("X") }
            /// `I`: a kernel thread that is idle. Requires Linux 4.14.
            public static var idle: State { State("I") }
            /// `P`: a kernel thread that is parked.
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
            /// The id of the hierarchy; 0 for the v2 hierarchy.
            public let hierarchyID: Int
            /// The controllers of a v1 hierarchy, `name=…` for a named hierarchy; empty for the v2 hierarchy.
            public let controllers: [String]
            /// The cgroup's path from the root of the caller's cgroup namespace; it starts with `/..` outside of that
            /// root.
            ///
            /// The path is as the kernel reports it and may contain spaces and colons. Bytes that are not UTF-8 are
            /// replaced.
            public let path: String

            /// Returns the cgroups in the order of the lines; malformed lines are skipped.
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
        /// The namespaces of a process, as inode numbers: equal numbers mean the same namespace.
        ///
        /// An unknown number is `nil`: procps reports 0, which is not a valid inode number, if the caller may not read
        /// the link or if the kernel does not support the namespace.
        public struct Namespaces: Sendable, Hashable {
            /// The cgroup namespace, `ns/cgroup`: which cgroup appears as the root. Requires Linux 4.6 and libproc2;
            /// libprocps 3.3 does not report it.
            public let cgroup: UInt64?
            /// The IPC namespace, `ns/ipc`: System V IPC and POSIX message queues.
            public let ipc: UInt64?
            /// The mount namespace, `ns/mnt`. Requires Linux 3.8, as ``pid`` and ``user`` do.
            public let mnt: UInt64?
            /// The network namespace, `ns/net`: network devices, addresses and ports.
            public let net: UInt64?
            /// The pid namespace, `ns/pid`: where the process has its id.
            public let pid: UInt64?
            /// The time namespace, `ns/time`: the offsets of the clocks. Requires Linux 5.6 and libproc2; libprocps 3.3
            /// does not report it.
            public let time: UInt64?
            /// The user namespace, `ns/user`: user ids and capabilities.
            public let user: UInt64?
            /// The UTS namespace, `ns/uts`: the host name.
            public let uts: UInt64?
        }
    }

    extension ProcessTable {
        /// The number of ticks per second in ``Row/startTimeTicks``, ``Row/userTicks`` and ``Row/systemTicks``: 100 on
        /// nearly every Linux system.
        public static var ticksPerSecond: Int { Syscalls.ticksPerSecond }
    }
#endif
