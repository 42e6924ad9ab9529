import Foundation

/// The threads of samplers in this process.
struct SamplerThreads {
    /// Their directories.
    private static var directories: [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/task")) ?? []
        return names.map { "/proc/self/task/\($0)" }.filter {
            (try? String(contentsOfFile: $0 + "/comm", encoding: .utf8)) == "procmem-sampler\n"
        }
    }

    static var count: Int { directories.count }

    /// The number of times that the only sampler thread has waited.
    static var waitCount: Int? {
        guard let directory = directories.first, count == 1,
            let status = try? String(contentsOfFile: directory + "/status", encoding: .utf8)
        else { return nil }
        let line = status.split(separator: "\n").first { $0.hasPrefix("voluntary_ctxt_switches:") }
        return line?.split(separator: "\t").last.flatMap { Int($0) }
    }

    /// Whether there soon are this many threads. A thread that has been asked to exit needs a moment for it. A thread
    /// that the runtime started on a sampler's thread has its name at first.
    static func become(_ count: Int) async -> Bool {
        await comesTrue { Self.count == count }
    }
}
