#if Procps
    /// The arguments of a process in `/proc/PID/cmdline`, as one text.
    struct CommandLineText {
        // The kernel lets arguments and environment together take 6 MiB.
        static let shape = FileShape(expectedBytes: 4096, limitBytes: 8 << 20)

        /// `nil` where there is no argument, or where all are empty.
        let text: String?

        /// Each argument ends in a NUL, and a program that writes its state over them leaves more NULs behind it.
        init(parsing bytes: Span<UInt8>) {
            var count = bytes.count
            while count > 0, bytes[count - 1] == 0 { count -= 1 }
            let spaced = (0..<count).map { bytes[$0] == 0 ? 0x20 : bytes[$0] }
            text = count == 0 ? nil : String(decoding: spaced, as: UTF8.self)
        }
    }
#endif
