#if Procps
    #if canImport(Glibc)
        import Glibc
    #elseif canImport(Musl)
        import Musl
    #endif

    extension ProcessTable {
        /// The names of users, looked up once for a table.
        ///
        /// procps has them too, but through `getpwuid`, whose buffer another thread of the program may be writing.
        struct UserNames {
            private var known: [UInt32: String?] = [:]

            subscript(userID: UInt32) -> String? {
                mutating get {
                    if let name = known[userID] { return name }
                    let name = Self.lookUp(userID)
                    known[userID] = .some(name)
                    return name
                }
            }

            private static func lookUp(_ userID: UInt32) -> String? {
                var count = 1024
                // A megabyte is far more than an entry's name, home directory and shell.
                while count <= 1 << 20 {
                    var entry = unsafe passwd()
                    var found: UnsafeMutablePointer<passwd>?
                    var room = [CChar](repeating: 0, count: count)
                    let error = unsafe getpwuid_r(userID, &entry, &room, count, &found)
                    if error == 0 {
                        guard unsafe found != nil, let name = unsafe entry.pw_name else { return nil }
                        return unsafe String(cString: name)
                    }
                    guard error == ERANGE else { return nil }
                    count *= 4
                }
                return nil
            }
        }
    }
#endif
