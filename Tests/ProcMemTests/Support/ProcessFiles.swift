#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// The kernel's files of a process, parsed by the tests themselves.
struct ProcessFiles {
    let pid: Int32

    func text(_ file: String) -> String {
        String(decoding: SpawnedChild.file("/proc/\(pid)/\(file)") ?? [], as: UTF8.self)
    }

    /// A number of `stat`, numbered as in proc(5).
    func stat(_ field: Int) -> Int? {
        guard let end = text("stat").lastIndex(of: ")") else { return nil }
        let fields = text("stat")[end...].dropFirst().split(separator: " ")
        return fields.count > field - 3 ? Int(fields[field - 3]) : nil
    }

    /// A number of `statm`, counted from 1, in bytes.
    func statm(_ field: Int) -> Int? {
        let fields = text("statm").split(separator: " ").compactMap { Int($0) }
        return fields.count >= field ? fields[field - 1] * sysconf(Int32(_SC_PAGESIZE)) : nil
    }

    /// The words of a line of `status`.
    func status(_ key: String) -> [Substring] {
        let line = text("status").split(separator: "\n").first { $0.hasPrefix(key + ":") }
        return line?.dropFirst(key.count + 1).split(whereSeparator: \.isWhitespace) ?? []
    }

    /// A size of `status`, in bytes.
    func statusBytes(_ key: String) -> Int? {
        status(key).first.flatMap { Int($0) }.map { $0 * 1024 }
    }

    /// The inode that a link points to.
    func inode(_ link: String) -> UInt64? {
        fileNumber("/proc/\(pid)/\(link)")
    }

    func link(_ name: String) -> String? {
        var target = [CChar](repeating: 0, count: 4096)
        let count = readlink("/proc/\(pid)/\(name)", &target, target.count)
        return count < 0 ? nil : String(decoding: target.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}

// Beside a method of the same name, the compiler does not find C's function.
private func fileNumber(_ path: String) -> UInt64? {
    var entry = stat()
    return stat(path, &entry) == 0 ? UInt64(entry.st_ino) : nil
}
