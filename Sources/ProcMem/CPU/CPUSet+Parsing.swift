extension CPUSet {
    static let listShape = FileShape(expectedBytes: 1024, limitBytes: 1 << 20, isOneLine: true)

    /// The kernel's list format, as in `/sys/devices/system/cpu/online`: `0-3,7`.
    init(parsingList bytes: Span<UInt8>) throws(Malformation) {
        let malformation = Malformation("a list of CPUs such as 0-3,7")
        guard let field = bytes.onlyField else { throw malformation }
        var ranges: [ClosedRange<Int>] = []
        var start = field.lowerBound
        while start <= field.upperBound {
            let end = bytes.firstIndex(of: 0x2C, in: start..<field.upperBound) ?? field.upperBound
            let dash = bytes.firstIndex(of: 0x2D, in: start..<end)
            guard let first = bytes.decimal(in: start..<(dash ?? end)),
                let last = bytes.decimal(in: (dash.map { $0 + 1 } ?? start)..<end),
                first <= last, last <= Self.largestNumber
            else { throw malformation }
            ranges.append(first...last)
            start = end + 1
        }
        self.init(ranges)
    }

    /// The kernel's mask format, as in `Cpus_allowed` of `/proc/PID/status`: words of eight hexadecimal digits with
    /// commas between them, the highest CPUs first.
    init(parsingMask bytes: Span<UInt8>, in range: Range<Int>) throws(Malformation) {
        let malformation = Malformation("a CPU mask such as ff,ffffffff after Cpus_allowed")
        var cpu = 0
        var ranges: [ClosedRange<Int>] = []
        for index in range.reversed() where bytes[index] != 0x2C {
            guard let digit = bytes[index].hexadecimalDigit, cpu <= Self.largestNumber else { throw malformation }
            for bit in 0..<4 where digit & (1 << bit) != 0 {
                ranges.append(cpu + bit...cpu + bit)
            }
            cpu += 4
        }
        guard !ranges.isEmpty else { throw malformation }
        self.init(ranges)
    }

    /// An affinity mask, as the system call fills it in: words of 64 CPUs, the lowest first.
    init(words: Span<UInt64>) {
        var ranges: [ClosedRange<Int>] = []
        for index in words.indices {
            var word = words[index]
            var cpu = index * UInt64.bitWidth
            // Runs of equal bits at a time: a mask of 8,192 CPUs is mostly one run.
            while word != 0 {
                let zeros = word.trailingZeroBitCount
                let ones = (~(word >> UInt64(zeros))).trailingZeroBitCount
                ranges.append(cpu + zeros...cpu + zeros + ones - 1)
                cpu += zeros + ones
                word = zeros + ones == UInt64.bitWidth ? 0 : word >> UInt64(zeros + ones)
            }
        }
        self.init(ranges)
    }
}
