#if Procps
    import CProcps
    import Testing

    #if canImport(Glibc)
        import Glibc
    #elseif canImport(Musl)
        import Musl
    #endif

    @Suite("CProcps, whichever generation is installed")
    struct GenerationTests {
        @Test("Exactly one of procps' libraries is loaded, and it is the one of the headers")
        func loadedLibrary() throws {
            // The call is needed: a linker that omits unused libraries could otherwise omit this one.
            #expect(procps_linux_version() > 0)
            let name = try #require([3: "libprocps.so", 4: "libproc2.so"][CPROCPS_GENERATION])
            let loaded = Witness.loadedFiles(named: "libproc")
            #expect(loaded.count == 1, "\(loaded)")
            let file = try #require(loaded.first)
            #expect(file.split(separator: "/").last?.hasPrefix(name) == true, "\(file)")
            print("CProcps: generation \(CPROCPS_GENERATION), \(file)")
            if let wanted = getenv("CPROCPS_EXPECTED_FOLDER") {
                #expect(file.hasPrefix(String(cString: wanted) + "/"))
            }
        }

        @Test("The kernel's version agrees with uname, and its parts with the macros' composition")
        func kernelVersion() {
            let version = procps_linux_version()
            let fingerprint = Witness.kernelVersion()
            let parts = [
                cprocps_linux_version_major(version), cprocps_linux_version_minor(version),
                cprocps_linux_version_patch(version),
            ]
            // One byte for each part: patch levels above 255 do not fit.
            #expect(Array(parts[..<2]) == Array(fingerprint[..<2]))
            #expect(parts[2] == fingerprint[2] & 0xFF)
            #expect(cprocps_linux_version(parts[0], parts[1], parts[2]) == version)
        }
    }
#endif
