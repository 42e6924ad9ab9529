import Foundation
import TestSupport
import Testing

/// Tests of sequences whose iterators have threads and descriptors of their own. They run one at a time: they count the
/// threads and descriptors of this process.
@Suite(.serialized, .timeLimit(.minutes(10))) enum WatcherTests {}

/// The threads and descriptors of this process that belong to watchers.
struct LeftBehind {
    var threads = 0
    var notifications = 0
    var events = 0

    static var now: LeftBehind {
        var found = LeftBehind()
        found.threads = watching.count
        for name in (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")) ?? [] {
            switch try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\(name)") {
            case "anon_inode:inotify": found.notifications += 1
            case "anon_inode:[eventfd]": found.events += 1
            default: break
            }
        }
        return found
    }

    /// The directories of the watcher threads.
    private static var watching: [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/task")) ?? []
        return names.map { "/proc/self/task/\($0)" }.filter {
            ["procmem-cpu\n", "procmem-memory\n"].contains(try? String(contentsOfFile: $0 + "/comm", encoding: .utf8))
        }
    }

    /// The number of times that the only watcher thread has waited.
    static var contextSwitches: Int? {
        guard let directory = watching.first, watching.count == 1,
            let status = try? String(contentsOfFile: directory + "/status", encoding: .utf8)
        else { return nil }
        let line = status.split(separator: "\n").first { $0.hasPrefix("voluntary_ctxt_switches:") }
        return line?.split(separator: "\t").last.flatMap { Int($0) }
    }

    /// Whether a condition becomes true before the deadline. A thread that has been asked to exit needs a moment.
    static func settles(_ condition: (LeftBehind) -> Bool) async throws -> Bool {
        try await Waiting.suspending { condition(now) }
    }

    /// Waits until the only watcher thread has waited several times: it has then read the files since the call.
    static func readsAgain() async throws {
        // The thread of an earlier test may still be ending.
        try #require(try await Waiting.suspending { contextSwitches != nil })
        let before = try #require(contextSwitches)
        try #require(try await Waiting.suspending { contextSwitches.map { $0 >= before + 8 } ?? false })
    }

    /// The state after the iterators of earlier tests are gone.
    static func afterOthers() async throws -> LeftBehind {
        try #require(try await settles { $0.threads == 0 && $0.notifications == 0 })
        return now
    }

    static func <= (left: LeftBehind, right: LeftBehind) -> Bool {
        left.threads <= right.threads && left.notifications <= right.notifications && left.events <= right.events
    }
}
