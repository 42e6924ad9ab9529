extension SystemRoot {
    /// Whether PSS and USS are estimates on this kernel; `nil` if this is unknown.
    ///
    /// A kernel that is built with `CONFIG_NO_PAGE_MAPCOUNT` counts the mappings of a large folio as a whole, not those
    /// of each of its pages. The option requires Linux 6.15. The values of PSS and of private and shared memory in
    /// `smaps` and `smaps_rollup` are then averages (kernel documentation, `admin-guide/mm/pagemap` and
    /// `filesystems/proc`).
    ///
    /// Before Linux 6.15, the version in `/proc/sys/kernel/osrelease` decides. From 6.15 on, the kernel's configuration
    /// is read where it is installed as text: `/boot/config-RELEASE`, else `/lib/modules/RELEASE/config`.
    ///
    /// Reads up to three files, each with one open, one close and its reads. No privileges are required. Most
    /// containers on Linux 6.15 or later do not contain the configuration, so the result is `nil` there.
    public var isPSSEstimated: Bool? { KernelConfiguration.hasNoPageMapCount(in: self) }
}

/// The configuration that a kernel was built with.
enum KernelConfiguration {
    private static var releaseOptions: FileReadOptions {
        FileReadOptions(expectedBytes: 128, limitBytes: 4096, isOneLine: true)
    }
    private static var limitBytes: Int { 4 << 20 }

    private static func release(in root: SystemRoot) -> [UInt8]? {
        try? root.read(ProcPath(file: "/proc/sys/kernel/osrelease"), releaseOptions, release)
    }

    /// Returns the kernel's version, for example (6, 15).
    static func version(in root: SystemRoot) -> (major: Int, minor: Int)? {
        release(in: root).flatMap { version(of: $0.span) }
    }

    static func hasNoPageMapCount(in root: SystemRoot) -> Bool? {
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

    private static func release(_ bytes: Span<UInt8>) throws(ParseError) -> [UInt8] {
        guard let field = bytes.onlyField, bytes.firstIndex(of: UInt8(ascii: "/"), in: field) == nil else {
            throw ParseError("a kernel release")
        }
        return bytes.bytes(in: field)
    }

    /// Returns the version in a release name: (6, 15) for `6.15.3-amd64`.
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

    private static func isNoPageMapCountSet(in file: borrowing FileDescriptor) throws(FileReadError) -> Bool {
        var isSet = false
        try file.forEachLine(limitBytes: limitBytes) { (bytes, line) in
            if bytes.equals("CONFIG_NO_PAGE_MAPCOUNT=y", in: line) { isSet = true }
        }
        return isSet
    }
}
