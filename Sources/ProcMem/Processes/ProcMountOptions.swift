/// What the options of a mount of `/proc` say about whom it shows to whom (proc(5)).
struct ProcMountOptions: Hashable, Sendable {
    /// The mount option `hidepid`. The numbers are the kernel's; it names them since Linux 5.8.
    enum Hiding: Int, Sendable {
        /// Everybody sees everything that the kernel shows at all.
        case off = 0
        /// Other users' processes are listed, and their files answer `EPERM`.
        case noAccess = 1
        /// Other users' processes are not there.
        case invisible = 2
        /// Processes that the caller may not trace are not there. Since Linux 5.8.
        case notTraceable = 4
    }

    var hiding = Hiding.off
    /// `gid`: whose members see everything in spite of `hidepid` up to 2.
    var exemptGroup: UInt32 = 0

    /// - Parameter bytes: Words with commas between, such as `rw,gid=5,hidepid=invisible`.
    init(parsing bytes: Span<UInt8>) {
        var start = 0
        while start <= bytes.count {
            let end = bytes.firstIndex(of: 0x2C, in: start..<bytes.count) ?? bytes.count
            add(bytes, start..<end)
            start = end + 1
        }
    }

    private mutating func add(_ bytes: Span<UInt8>, _ word: Range<Int>) {
        if bytes.hasPrefix("hidepid=", in: word) {
            let value = word.lowerBound + 8..<word.upperBound
            if bytes.equals("noaccess", in: value) {
                hiding = .noAccess
            } else if bytes.equals("invisible", in: value) {
                hiding = .invisible
            } else if bytes.equals("ptraceable", in: value) {
                hiding = .notTraceable
            } else {
                hiding = bytes.decimal(in: value).flatMap(Hiding.init(rawValue:)) ?? .off
            }
        } else if bytes.hasPrefix("gid=", in: word) {
            exemptGroup = bytes.decimal(in: word.lowerBound + 4..<word.upperBound).flatMap { UInt32(exactly: $0) } ?? 0
        }
    }
}
