#if Procps && !CPROCPS_USE_LIBPROCPS && (canImport(CProcpsHasLibproc2) || !canImport(CProcpsHasLibprocps))
    import CProcps
    import Testing

    #if canImport(Glibc)
        import Glibc
    #elseif canImport(Musl)
        import Musl
    #endif

    @Suite("libproc2: misc.h")
    struct Libproc2MiscTests {
        @Test("The platform's constants agree with sysconf and the kernel's largest pid")
        func platform() throws {
            #expect(procps_hertz_get() == sysconf(Int32(_SC_CLK_TCK)))
            #expect(procps_cpu_count() == sysconf(Int32(_SC_NPROCESSORS_ONLN)))
            let limit = try #require(Witness.text(of: "/proc/sys/kernel/pid_max")?.dropLast())
            let largest = try #require(Int(limit)) - 1
            #expect(procps_pid_length() == String(largest).count)
        }

        @Test("uptime lies between two readings of /proc/uptime, and the texts have the same hours")
        func uptime() throws {
            func fingerprint() throws -> Double {
                try #require(Witness.text(of: "/proc/uptime")?.split(separator: " ").first.flatMap { Double($0) })
            }
            let before = try fingerprint()
            var seconds = 0.0
            var idle = 0.0
            #expect(procps_uptime(&seconds, &idle) >= 0)
            #expect((before...(try fingerprint())).contains(seconds))
            let long = try #require(procps_uptime_sprint().map { String(cString: $0) })
            #expect(long.contains(" up ") && long.contains("load average"))
            let short = try #require(procps_uptime_sprint_short().map { String(cString: $0) })
            #expect(short.hasPrefix("up "))
        }

        @Test("loadavg agrees with /proc/loadavg, which changes every five seconds")
        func load() throws {
            func fingerprint() throws -> [Double] {
                let text = try #require(Witness.text(of: "/proc/loadavg"))
                return text.split(separator: " ").prefix(3).compactMap { Double($0) }
            }
            for attempt in 1... {
                let before = try fingerprint()
                var (one, five, fifteen) = (0.0, 0.0, 0.0)
                #expect(procps_loadavg(&one, &five, &fifteen) == 0)
                if try fingerprint() == before || attempt == 3 {
                    #expect([one, five, fifteen] == before)
                    return
                }
            }
        }

        @Test("Namespaces have the inode numbers of /proc/self/ns, and their names give the same numbers")
        func namespaces() throws {
            var found = procps_ns()
            #expect(procps_ns_read_pid(getpid(), &found) == 0)
            let inodes = withUnsafeBytes(of: &found.ns) { Array($0.bindMemory(to: UInt.self)) }
            #expect(inodes.count == Int(PROCPS_NS_COUNT.rawValue))
            var comparedCount = 0
            for (index, inode) in inodes.enumerated() {
                let name = try #require(procps_ns_get_name(Int32(index)).map { String(cString: $0) })
                #expect(procps_ns_get_id(name) == index)
                var fingerprint = stat()
                guard stat("/proc/self/ns/\(name)", &fingerprint) == 0 else { continue }
                #expect(inode == fingerprint.st_ino)
                comparedCount += 1
            }
            // Every kernel has at least the namespaces of mounts, ids, networks and host names.
            #expect(comparedCount >= 4)
            #expect(PROCPS_NS_PID.rawValue == UInt32(procps_ns_get_id("pid")))
        }
    }
#endif
