extension ContainerMemory {
    /// The events that the kernel has counted for a cgroup and its descendants since the cgroup was created.
    ///
    /// From `memory.events` (v2). On v1, ``max`` is `memory.failcnt` and ``oomKill`` the number in `memory.oom_control`;
    /// v1 does not count the other events. An event that the kernel does not count is `nil`.
    public struct Events: Sendable, Hashable {
        /// The number of times that the kernel reclaimed memory of the cgroup although its usage was below `memory.low`.
        public internal(set) var low: Int?
        /// The number of times that processes were throttled and made to reclaim memory, because the usage exceeded
        /// `memory.high`.
        public internal(set) var high: Int?
        /// The number of times that the usage was about to exceed the limit. v1: `memory.failcnt`.
        public internal(set) var max: Int?
        /// The number of times that the limit was reached and an allocation was about to fail.
        public internal(set) var oom: Int?
        /// The number of processes that the OOM killer has killed. v1: `oom_kill` in `memory.oom_control`, since Linux
        /// 4.13.
        public internal(set) var oomKill: Int?
        /// The number of times that the OOM killer has killed all processes of a cgroup at once. Requires Linux 5.17.
        public internal(set) var oomGroupKill: Int?

        /// No event is known.
        init() {}
    }

    /// The events of swap that the kernel has counted for a cgroup and its descendants: `memory.swap.events` (v2).
    public struct SwapEvents: Sendable, Hashable {
        /// The number of times that the swap usage exceeded `memory.swap.high`. Requires Linux 5.8.
        public internal(set) var high: Int?
        /// The number of times that the swap usage was about to exceed `memory.swap.max`.
        public internal(set) var max: Int?
        /// The number of times that no swap was available, or that the limit was reached.
        public internal(set) var fail: Int?

        init() {}
    }
}

/// What has happened to the memory of one cgroup: counted events and the largest usage.
struct CgroupMemoryEvents: Hashable, Sendable {
    private(set) var events = ContainerMemory.Events()
    /// The events of the cgroup itself, without its descendants: `memory.events.local`, v2 only. Requires Linux 5.2.
    private(set) var local = ContainerMemory.Events()
    private(set) var swap = ContainerMemory.SwapEvents()
    /// `memory.peak` (v2, requires Linux 5.19) or `memory.max_usage_in_bytes` (v1).
    private(set) var peakBytes: Int?
    /// The reasons why figures are `nil`: the file, and what was found there.
    private(set) var unknown: [ContainerMemory.Figure: String] = [:]
    /// Unexpected contents and failed reads, without files that are merely missing.
    private(set) var warnings: [String] = []

    static let readOptions = FileReadOptions(expectedBytes: 256, limitBytes: 4096, isOnePiece: true)

    init(_ files: CgroupMemoryFiles) {
        let root = "the v2 root does not have it"
        switch files.version {
        case .v2:
            let parse = ContainerMemory.Events.init(parsing:)
            if let found = read("memory.events", .events, absence: root, of: files, parse) { events = found }
            if let found = read("memory.events.local", nil, absence: nil, of: files, parse) { local = found }
            let swapEvents = ContainerMemory.SwapEvents.init(parsing:)
            if let found = read("memory.swap.events", nil, absence: nil, of: files, swapEvents) { swap = found }
            readPeak("memory.peak", absence: "requires Linux 5.19; \(root)", of: files)
        case .v1:
            events.max = read("memory.failcnt", .events, absence: nil, of: files) { (bytes) throws(ParseError) in
                try bytes.parseSingleSize()
            }
            let control = read("memory.oom_control", .events, absence: nil, of: files, Self.oomKills)
            events.oomKill = control.flatMap(\.self)
            readPeak("memory.max_usage_in_bytes", absence: nil, of: files)
        }
    }

    private mutating func readPeak(_ file: StaticString, absence: String?, of files: CgroupMemoryFiles) {
        peakBytes = read(file, .peakBytes, absence: absence, of: files) { (bytes) throws(ParseError) in
            try bytes.parseSingleSize()
        }
    }

    /// Reads a file; notes why it cannot be read, unless no figure is named.
    private mutating func read<Value>(
        _ file: StaticString,
        _ figure: ContainerMemory.Figure?,
        absence: String?,
        of files: CgroupMemoryFiles,
        _ parse: (Span<UInt8>) throws(ParseError) -> Value
    ) -> Value? {
        do {
            return try files.read(file, Self.readOptions, parse)
        } catch {
            let reason = files.reason(file, error, absence: absence)
            if let figure { unknown[figure] = unknown[figure] ?? reason }
            if !error.isMissingPath, error != .system(.notSupported) { warnings.append(reason) }
            return nil
        }
    }

    /// Parses `memory.oom_control` (v1): the number of kills; `nil` before Linux 4.13.
    static func oomKills(parsing bytes: Span<UInt8>) throws(ParseError) -> Int? {
        try ContainerMemory.Events(parsing: bytes).oomKill
    }
}

extension ContainerMemory.Events {
    /// Parses `memory.events`: lines `NAME NUMBER`. Unknown lines are ignored.
    init(parsing bytes: Span<UInt8>) throws(ParseError) {
        self.init()
        var index = 0
        while let entry = bytes.nextEntry(at: &index) {
            let name = entry.key
            if bytes.equals("low", in: name) {
                low = try bytes.count(of: entry)
            } else if bytes.equals("high", in: name) {
                high = try bytes.count(of: entry)
            } else if bytes.equals("max", in: name) {
                max = try bytes.count(of: entry)
            } else if bytes.equals("oom", in: name) {
                oom = try bytes.count(of: entry)
            } else if bytes.equals("oom_kill", in: name) {
                oomKill = try bytes.count(of: entry)
            } else if bytes.equals("oom_group_kill", in: name) {
                oomGroupKill = try bytes.count(of: entry)
            }
        }
    }
}

extension ContainerMemory.SwapEvents {
    /// Parses `memory.swap.events`: lines `NAME NUMBER`. Unknown lines are ignored.
    init(parsing bytes: Span<UInt8>) throws(ParseError) {
        self.init()
        var index = 0
        while let entry = bytes.nextEntry(at: &index) {
            let name = entry.key
            if bytes.equals("high", in: name) {
                high = try bytes.count(of: entry)
            } else if bytes.equals("max", in: name) {
                max = try bytes.count(of: entry)
            } else if bytes.equals("fail", in: name) {
                fail = try bytes.count(of: entry)
            }
        }
    }
}

extension Span<UInt8> {
    /// Returns the number after a name.
    fileprivate func count(
        of entry: (key: Range<Int>, rest: Range<Int>)
    ) throws(ParseError) -> Int {
        guard let count = firstField(in: entry.rest).flatMap({ decimal(in: $0) }) else {
            throw ParseError(expected: "a number after \(text(in: entry.key))")
        }
        return count
    }
}

extension ContainerMemory.Events: Encodable {
    /// Encodes every figure under the name of its property, and `null` for an unknown figure.
    public func encode(to encoder: any Encoder) throws {
        var names = encoder.names
        try names.encode(low, forKey: "low")
        try names.encode(high, forKey: "high")
        try names.encode(max, forKey: "max")
        try names.encode(oom, forKey: "oom")
        try names.encode(oomKill, forKey: "oomKill")
        try names.encode(oomGroupKill, forKey: "oomGroupKill")
    }
}

extension ContainerMemory.SwapEvents: Encodable {
    /// Encodes every figure under the name of its property, and `null` for an unknown figure.
    public func encode(to encoder: any Encoder) throws {
        var names = encoder.names
        try names.encode(high, forKey: "high")
        try names.encode(max, forKey: "max")
        try names.encode(fail, forKey: "fail")
    }
}
