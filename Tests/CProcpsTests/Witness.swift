#if Procps
    #if canImport(Glibc)
        import Glibc
    #elseif canImport(Musl)
        import Musl
    #endif

    /// The kernel's own values, read without procps.
    enum Witness {
        /// The whole text of a file in `/proc`; `nil` if it cannot be read.
        static func text(of path: String) -> String? {
            let descriptor = open(path, O_RDONLY | O_CLOEXEC)
            guard descriptor >= 0 else { return nil }
            defer { close(descriptor) }
            var bytes: [UInt8] = []
            var part = [UInt8](repeating: 0, count: 1 << 16)
            while true {
                let count = read(descriptor, &part, part.count)
                guard count > 0 else { break }
                bytes += part[..<count]
            }
            return String(decoding: bytes, as: UTF8.self)
        }

        static func lines(of path: String) -> [Substring] {
            (text(of: path) ?? "").split(separator: "\n")
        }

        /// The fields of the first line that begins with a word.
        static func fields(of path: String, after word: String) -> [String] {
            for line in lines(of: path) {
                let fields = line.split(whereSeparator: \.isWhitespace).map(String.init)
                if fields.first == word { return Array(fields.dropFirst()) }
            }
            return []
        }

        static func number(in path: String, after word: String) -> UInt? {
            fields(of: path, after: word).first.flatMap { UInt($0) }
        }

        /// The paths of the loaded files whose names begin with these words.
        static func loadedFiles(named name: String) -> Set<String> {
            Set(
                lines(of: "/proc/self/maps").compactMap { line in
                    guard let path = line.split(separator: " ").last, path.hasPrefix("/") else { return nil }
                    return path.split(separator: "/").last?.hasPrefix(name) == true ? String(path) : nil
                }
            )
        }

        /// The first argument of this process, from the kernel.
        static var firstArgument: String? {
            text(of: "/proc/self/cmdline")?.split(separator: "\0").first.map(String.init)
        }

        static func userName(of id: uid_t) -> String? {
            var entry = passwd()
            var found: UnsafeMutablePointer<passwd>?
            var room = [CChar](repeating: 0, count: 1 << 16)
            guard getpwuid_r(id, &entry, &room, room.count, &found) == 0, found != nil else { return nil }
            return String(cString: entry.pw_name)
        }

        /// The first three numbers of the kernel's version in `uname`.
        static func kernelVersion() -> [Int32] {
            var name = utsname()
            uname(&name)
            let release = withUnsafeBytes(of: &name.release) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
            let numbers = release.split { !$0.isNumber }.prefix(3).compactMap { Int32($0) }
            return numbers + Array(repeating: 0, count: 3 - numbers.count)
        }
    }
#endif
