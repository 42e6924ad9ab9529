/// How a kernel was built.
enum KernelConfiguration {
    private static var releaseShape: FileShape { FileShape(expectedBytes: 128, limitBytes: 4096, isOneLine: true) }
    private static var limitBytes: Int { 4 << 20 }

    private static func release(in root: KernelRoot) -> [UInt8]? {
        try? root.read(ProcPath(file: "/proc/sys/kernel/osrelease"), releaseShape, release)
    }

    /// The kernel's version, such as (6, 15).
    static func version(in root: KernelRoot) -> (major: Int, minor: Int)? {
        release(in: root).flatMap { version(of: $0.span) }
    }

    static func hasNoPageMapCount(in root: KernelRoot) -> Bool? {
        guard let release = release(in: root) else { return nil }
        if let version = version(of: release.span), version < (6, 15) { return false }
        for path in [
            Array("/boot/config-".utf8) + release, Array("/lib/modules/".utf8) + release + Array("/config".utf8),
        ] {
            if let file = try? root.open((path + [0]).span), let isSet = try? isNoPageMapCountSet(in: file) {
                return isSet
            }
        }
        return nil
    }

    private static func release(_ bytes: Span<UInt8>) throws(Malformation) -> [UInt8] {
        guard let field = bytes.onlyField, bytes.firstIndex(of: 0x2F, in: field) == nil else {
            throw Malformation("a kernel's release")
        }
        return bytes.bytes(in: field)
    }

    /// `6.15.3-amd64` as (6, 15).
    static func version(of release: Span<UInt8>) -> (major: Int, minor: Int)? {
        var index = 0
        func number() -> Int? {
            let start = index
            while index < release.count, release[index].decimalDigit != nil { index += 1 }
            defer { index += 1 }
            return release.decimal(in: start..<index)
        }
        guard let major = number(), index <= release.count, let minor = number() else { return nil }
        return (major, minor)
    }

    private static func isNoPageMapCountSet(in file: borrowing FileDescriptor) throws(ReadFailure) -> Bool {
        var isSet = false
        try file.forEachLine(limitBytes: limitBytes) { (bytes, line) in
            if bytes.equals("CONFIG_NO_PAGE_MAPCOUNT=y", in: line) { isSet = true }
        }
        return isSet
    }
}
