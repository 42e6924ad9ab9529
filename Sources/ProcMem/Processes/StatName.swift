#if Procps
    /// What names a process in `/proc/PID/stat`: its id, the kernel's name for it and when it started.
    struct StatName: Hashable, Sendable {
        let pid: Int32
        let command: String
        let startTicks: Int

        static let shape = FileShape(expectedBytes: 1024, limitBytes: 8192, isOneLine: true)

        /// The name stands between the first `(` and the last `)`: it may hold either, and spaces, and newlines.
        init(parsing bytes: Span<UInt8>) throws(Malformation) {
            let whole = 0..<bytes.count
            guard let open = bytes.firstIndex(of: 0x28, in: whole),
                let close = whole.last(where: { bytes[$0] == 0x29 }),
                open < close, open >= 1,
                let pid = bytes.decimal(in: 0..<(open - 1)).flatMap(Int32.init(exactly:))
            else { throw Malformation("a pid and a name in parentheses") }
            // Field 3 is the first behind the name, field 22 the twentieth.
            var index = close + 1
            for _ in 3..<22 { _ = bytes.nextField(at: &index) }
            guard let startTicks = bytes.nextField(at: &index).flatMap({ bytes.decimal(in: $0) }) else {
                throw Malformation("a start time in field 22")
            }
            self.pid = pid
            self.command = bytes.text(in: (open + 1)..<close)
            self.startTicks = startTicks
        }
    }
#endif
