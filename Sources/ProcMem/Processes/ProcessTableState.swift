#if Procps
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
#endif
