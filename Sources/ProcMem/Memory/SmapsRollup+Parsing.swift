extension SmapsRollup {
    // About 700 bytes as of Linux 6.18; there is room for three times the fields.
    static let shape = FileShape(expectedBytes: 2048, limitBytes: 65536)

    /// The record in the bytes of a `smaps_rollup` or `smaps` file.
    ///
    /// - Parameters:
    ///   - bytes: The file.
    ///   - isSmaps: Whether it is `smaps`, whose mappings are added up.
    /// - Throws: ``ProcMemError`` with `malformed` where `Rss`, `Pss`, `Private_Clean` or `Private_Dirty` is missing, or a
    ///   known field has no size in kB.
    public init(parsing bytes: Span<UInt8>, isSmaps: Bool = false) throws(ProcMemError) {
        do {
            self = try SmapsRollup(validating: bytes, isSmaps: isSmaps)
        } catch {
            let path = isSmaps ? "smaps" : "smaps_rollup"
            throw ProcMemError(.malformed(error, found: bytes.excerpt), path: path)
        }
    }

    init(validating bytes: Span<UInt8>, isSmaps: Bool) throws(Malformation) {
        var sums = SmapsSums()
        var index = 0
        while let line = bytes.nextLine(at: &index) {
            try sums.add(bytes, line: line)
        }
        self = try sums.record(isSummedFromSmaps: isSmaps)
    }

    // A mapping takes about 700 bytes, and 65,530 of them are allowed unless an administrator allows more.
    private static var smapsLimitBytes: Int { 256 << 20 }

    /// The sums over `smaps`, read piece by piece: with 60,000 mappings it is 40 MB long.
    static func summed(_ smaps: borrowing FileDescriptor) throws(ReadFailure) -> SmapsRollup {
        var sums = SmapsSums()
        try smaps.forEachLine(limitBytes: smapsLimitBytes) { (bytes, line) throws(Malformation) in
            try sums.add(bytes, line: line)
        }
        do {
            return try sums.record(isSummedFromSmaps: true)
        } catch {
            throw .malformed(error, found: "the end of the file")
        }
    }
}
