#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// `SheddingCache MEBIBYTES [--keep-all]` serves requests whose answers, all of them together, have this size.
@main struct SheddingCache {
    private static let answerBytes = 1 << 18

    static func main() async throws {
        let arguments = CommandLine.arguments.dropFirst()
        guard let mebibytes = arguments.first.flatMap({ Int($0) }), mebibytes > 0, mebibytes < 1 << 30 else {
            say("usage: SheddingCache MEBIBYTES [--keep-all]")
            exit(64)
        }
        let cache = Cache()
        let guardian = arguments.contains("--keep-all") ? nil : Task { await MemoryGuard(cache: cache).follow() }
        var misses = 0
        for request in 0..<mebibytes << 20 / answerBytes {
            // Every fourth request asks again for the last answer.
            for key in request % 4 == 0 ? [request, request] : [request] {
                let answer = cache.value(for: key) {
                    misses += 1
                    return Answer(to: key, byteCount: answerBytes)
                }
                guard answer.answers(key) else { fatalError("a wrong answer") }
            }
            // An answer takes a while: 32 MiB are new in a second.
            try await Task.sleep(for: .milliseconds(8))
        }
        guardian?.cancel()
        await guardian?.value
        say("computed \(misses) answers, \(cache.count) of them are cached")
    }
}

/// Prints a line immediately, also into a pipe.
func say(_ line: String) {
    print(line)
    fflush(nil)
}
