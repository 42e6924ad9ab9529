import Foundation

/// How the tests were built.
package enum BuildMode {
    package static var isOptimized: Bool {
        var isOptimized = true
        // Evaluated only without optimisation.
        assert({ isOptimized = false }() == ())
        return isOptimized
    }

    /// Whether the functions of CTestSupport that count allocations should be part of the build.
    package static var isExpectedToCountAllocations: Bool {
        #if canImport(Glibc)
            let maps = (try? KernelFile.text("/proc/self/maps")) ?? ""
            return !["libasan", "libtsan", "libclang_rt", "__sanitizer"].contains { maps.contains($0) }
                && !isSanitized
        #else
            return false
        #endif
    }

    /// Whether the tests were built with a sanitizer. A statically linked one is in the program itself.
    package static var isSanitized: Bool { dlsym(nil, "__asan_init") != nil || dlsym(nil, "__tsan_init") != nil }

    /// The arguments of `env` for a program that cannot start the thread with which a sanitizer searches for leaks.
    package static var withoutLeakSearch: [String] {
        guard isSanitized, let options = ProcessInfo.processInfo.environment["ASAN_OPTIONS"] else { return [] }
        return ["ASAN_OPTIONS=\(options):detect_leaks=0"]
    }
}
