import CLinux

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

// Aliases: the methods below shadow these libc functions.
private let libcClose = close
private let libcRead = unsafe read
private let libcPread = unsafe pread

/// Opening, reading and closing of files and directories.
extension Syscalls {
    enum FileKind {
        case contents, directory
        /// A kernel file that also takes requests.
        case requests

        /// The flags of `open(2)`. A path below a directory that replaces `/` may lead to a FIFO or a terminal: opening
        /// must neither wait for a writer nor acquire a controlling terminal.
        fileprivate var flags: Int32 {
            let flags = O_CLOEXEC | O_NONBLOCK | O_NOCTTY
            return switch self {
            case .contents: flags | O_RDONLY
            case .directory: flags | O_RDONLY | O_DIRECTORY
            case .requests: flags | O_RDWR
            }
        }
    }

    /// The longest path that one call accepts, including the NUL. The corresponding C constant is `PATH_MAX`.
    private static let maximumPathBytes = 4096

    /// Opens a path that ends in a NUL byte. A path longer than `PATH_MAX` is opened folder by folder: nested cgroups can
    /// have paths of that length.
    ///
    /// - Parameters:
    ///   - path: The path, which ends in a NUL byte.
    ///   - start: The directory in which a relative path begins.
    ///   - isRoot: Whether `start` replaces `/`: absolute links and `..` stay below it. In a path that is opened in
    ///     parts, a link or `..` stays below the folder in which its part begins.
    ///   - kind: Whether the file is read or listed.
    static func open(
        _ path: Span<UInt8>,
        at start: Int32 = AT_FDCWD,
        isRoot: Bool = false,
        as kind: FileKind = .contents
    ) throws(Errno) -> FileDescriptor {
        func descriptor(_ path: Span<UInt8>, at directory: Int32, as kind: FileKind) throws(Errno) -> FileDescriptor {
            let descriptor = try unsafe withCPath(path) { (path) throws(Errno) in
                try retrying {
                    unsafe isRoot
                        ? procmem_open_in_root(directory, path, kind.flags) : openat(directory, path, kind.flags)
                }
            }
            return FileDescriptor(adopting: descriptor)
        }
        guard path.count > maximumPathBytes else { return try descriptor(path, at: start, as: kind) }
        var folder: FileDescriptor?
        var directory = start
        var passed = 0
        while path.count - passed > maximumPathBytes {
            let reach = passed + 1..<passed + maximumPathBytes
            guard let slash = reach.last(where: { path[$0] == UInt8(ascii: "/") }) else { throw .nameTooLong }
            let part = path.bytes(in: passed..<slash) + [0]
            let next = try descriptor(part.span, at: directory, as: .directory)
            directory = next.rawValue
            folder = consume next
            passed = slash + 1
            // A part that begins with a slash would be resolved from the root again.
            while passed < path.count, path[passed] == UInt8(ascii: "/") { passed += 1 }
        }
        let opened = try descriptor(path.extracting(passed...), at: directory, as: kind)
        // The folder stays open until here, because the last call resolves its path from it.
        _ = consume folder
        return opened
    }

    /// Returns the target of a symbolic link in a directory. The path ends in a NUL byte. A target longer than
    /// `PATH_MAX` is truncated.
    static func readLink(_ path: Span<UInt8>, at directory: Int32) throws(Errno) -> [UInt8] {
        try unsafe withCPath(path) { (path) throws(Errno) in
            try unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: maximumPathBytes) {
                (link) throws(Errno) in
                guard let start = link.baseAddress else { return [] }
                let count = try retrying { unsafe readlinkat(directory, path, start, link.count) }
                return unsafe link[..<count].map { UInt8(bitPattern: $0) }
            }
        }
    }

    static func close(_ descriptor: Int32) {
        // Not retried: Linux releases the descriptor even if close fails.
        _ = libcClose(descriptor)
    }

    static func read(_ descriptor: Int32, into bytes: UnsafeMutableRawBufferPointer) throws(Errno) -> Int {
        try retrying { unsafe libcRead(descriptor, bytes.baseAddress, bytes.count) }
    }

    /// Reads from an offset, independently of the current offset of the descriptor. For a kernel file, this returns the
    /// current contents.
    static func read(
        _ descriptor: Int32,
        into bytes: UnsafeMutableRawBufferPointer,
        from offset: Int
    ) throws(Errno) -> Int {
        try retrying { unsafe libcPread(descriptor, bytes.baseAddress, bytes.count, off_t(offset)) }
    }

    /// Passes each name in a directory except `.` and `..` to a closure, in the order of the kernel, with whether it is
    /// a directory.
    static func forEachName(
        in directory: consuming FileDescriptor,
        _ body: (Span<UInt8>, _ isDirectory: Bool) -> Void
    ) throws(Errno) {
        let descriptor = directory.relinquish()
        guard let stream = unsafe fdopendir(descriptor) else {
            let error = Errno.current
            close(descriptor)
            throw error
        }
        defer { _ = unsafe closedir(stream) }
        while true {
            errno = 0
            guard let entry = unsafe readdir(stream) else {
                if Errno.current.rawValue != 0 { throw .current }
                return
            }
            let isDirectory = unsafe entry.pointee.d_type == UInt8(DT_DIR)
            unsafe withUnsafeBytes(of: &entry.pointee.d_name) { name in
                let count = unsafe name.firstIndex(of: 0) ?? name.count
                let span = unsafe Span<UInt8>(_unsafeBytes: UnsafeRawBufferPointer(rebasing: name[..<count]))
                let range = 0..<count
                if !span.equals(".", in: range), !span.equals("..", in: range) { body(span, isDirectory) }
            }
        }
    }

    /// The type and the options of a mount, and the path within its file system that the mount shows.
    struct Mount {
        let type: [UInt8]
        /// `nil` if the kernel reports none: before Linux 6.11, and for a mount without options.
        let options: [UInt8]?
        let root: [UInt8]
    }

    /// Returns the mount that a path leads to. The path ends in a NUL byte. Requires Linux 6.8.
    ///
    /// The corresponding system call is `statmount`, which no allow-list of seccomp filters contains. Under a filter it
    /// is not made, and the error is ``Errno/noFunction``.
    static func mount(at path: Span<UInt8>) throws(Errno) -> Mount {
        guard !isFiltered else { throw .noFunction }
        return try unsafe withCPath(path) { (path) throws(Errno) in
            var mount = procmem_mount()
            _ = try retrying { unsafe procmem_mount_at(path, &mount) }
            return unsafe Mount(
                type: withUnsafeBytes(of: &mount.type) { unsafe [UInt8]($0.prefix { $0 != 0 }) },
                options: mount.has_options == 0
                    ? nil : withUnsafeBytes(of: &mount.options) { unsafe [UInt8]($0.prefix { $0 != 0 }) },
                root: withUnsafeBytes(of: &mount.root) { unsafe [UInt8]($0.prefix { $0 != 0 }) }
            )
        }
    }

    static func withCPath<R: ~Copyable>(
        _ path: Span<UInt8>,
        _ body: (UnsafePointer<CChar>) throws(Errno) -> R
    ) throws(Errno) -> R {
        try unsafe path.withUnsafeBufferPointer { (path) throws(Errno) in
            // With a NUL inside the path, the kernel would open a different file.
            guard let start = path.baseAddress, unsafe path.firstIndex(of: 0) == path.count - 1 else {
                throw .invalidArgument
            }
            return try unsafe start.withMemoryRebound(to: CChar.self, capacity: path.count, body)
        }
    }

    /// Returns whether procfs provides an open file. The corresponding C constant is `PROC_SUPER_MAGIC`.
    static func isOnProcfs(_ file: borrowing FileDescriptor) -> Bool {
        procmem_is_on_procfs(file.rawValue) == 1
    }

    /// Returns whether sysfs provides an open file. The corresponding C constant is `SYSFS_MAGIC`.
    static func isOnSysfs(_ file: borrowing FileDescriptor) -> Bool {
        procmem_is_on_sysfs(file.rawValue) == 1
    }

    /// Returns whether cgroup v2 provides an open file. The corresponding C constant is `CGROUP2_SUPER_MAGIC`.
    static func isOnCgroup2(_ file: borrowing FileDescriptor) -> Bool {
        procmem_is_on_cgroup2(file.rawValue) == 1
    }
}
