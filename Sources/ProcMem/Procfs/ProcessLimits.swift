/// The resource limits in `/proc/PID/limits` that ProcMem uses.
///
/// A line is the name of a limit, its soft value, its hard value and the unit, in columns of spaces.
struct ProcessLimits: Hashable, Sendable {
    /// `Max open files`: the soft limit of open file descriptors. It is never unlimited.
    let openFileCount: Int

    static let readOptions = FileReadOptions(expectedBytes: 2048, limitBytes: 65536)

    init(parsing bytes: Span<UInt8>) throws(ParseError) {
        let name: StaticString = "Max open files "
        var index = 0
        while let line = bytes.nextLine(at: &index) {
            guard bytes.hasPrefix(name, in: line) else { continue }
            let values = line.lowerBound + name.utf8CodeUnitCount..<line.upperBound
            guard let count = bytes.firstField(in: values).flatMap({ bytes.decimal(in: $0) }) else { break }
            openFileCount = count
            return
        }
        throw ParseError("a number after Max open files")
    }
}

/// `/proc/uptime`: the time since boot.
struct Uptime: Hashable, Sendable {
    /// The first field: the time since boot in seconds, including the time during which the system was suspended.
    let seconds: Double

    static let readOptions = FileReadOptions(expectedBytes: 64, limitBytes: 4096, isOneLine: true)

    init(parsing bytes: Span<UInt8>) throws(ParseError) {
        guard let seconds = bytes.firstField(in: 0..<bytes.count).flatMap({ bytes.decimalFraction(in: $0) }) else {
            throw ParseError("seconds")
        }
        self.seconds = seconds
    }
}
