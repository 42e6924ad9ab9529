import Foundation
import ProcMem

/// What the calling process holds.
struct Resources {
    let rssBytes: Int
    let descriptorCount: Int
    let threadCount: Int
    /// Threads that ProcMem started, whose names begin with its own. The runtime starts and ends others as it likes.
    let ownThreadCount: Int

    /// A thread that has finished its part of a reading ends shortly after the reading.
    static func settled() throws -> Resources {
        var resources = try now()
        for _ in 0..<100 {
            usleep(20_000)
            let next = try now()
            if next.descriptorCount == resources.descriptorCount, next.threadCount == resources.threadCount {
                return next
            }
            resources = next
        }
        return resources
    }

    private static func now() throws -> Resources {
        func count(_ directory: String) throws -> Int {
            try FileManager.default.contentsOfDirectory(atPath: directory).count
        }
        return try Resources(
            rssBytes: memoryUsage(mode: .cheap).rssBytes ?? 0,
            descriptorCount: count("/proc/self/fd"),
            threadCount: count("/proc/self/task"),
            ownThreadCount: FileManager.default.contentsOfDirectory(atPath: "/proc/self/task").count { thread in
                (try? String(contentsOfFile: "/proc/self/task/\(thread)/comm", encoding: .utf8))?.hasPrefix("procmem-")
                    == true
            }
        )
    }
}

/// What happened while one subject, for example a mode, was repeated under a load.
struct Outcome {
    let load: String
    let subject: String
    /// Whether readings may fail, because the load takes the descriptors, or the reader is injected and fails.
    let mayFail: Bool
    /// Completed readings.
    private(set) var readingCount = 0
    /// The rows of all readings, and those without figures.
    private(set) var rowCount = 0
    private(set) var unavailable: [String: Int] = [:]
    private(set) var errors: [String: Int] = [:]
    private(set) var failures: [String] = []
    private var elapsed = Duration.zero
    private var before: Resources?
    private var after: Resources?

    init(_ load: String, _ subject: String, mayFail: Bool = false) {
        self.mayFail = mayFail
        self.load = load
        self.subject = subject
    }

    /// Repeats a reading for some time. A first reading, after which descriptors and threads are counted, fills caches.
    mutating func repeatReading(forSeconds seconds: Double, _ body: (inout Outcome) throws -> Void) throws {
        var discarded = self
        attempt(&discarded, body)
        before = try Resources.settled()
        let start = ContinuousClock.now
        repeat {
            var next = self
            attempt(&next, body)
            self = next
        } while start.duration(to: .now) < .seconds(seconds)
        elapsed = start.duration(to: .now)
        after = try Resources.settled()
        check()
    }

    /// Measures the time and the resources of work that counts its readings itself.
    mutating func measure(_ body: (inout Outcome) async throws -> Void) async throws {
        before = try Resources.settled()
        let start = ContinuousClock.now
        try await body(&self)
        elapsed = start.duration(to: .now)
        after = try Resources.settled()
        check()
    }

    private func attempt(_ outcome: inout Outcome, _ body: (inout Outcome) throws -> Void) {
        do {
            try body(&outcome)
        } catch let error as ProcMemError {
            outcome.addFailure(error)
        } catch {
            outcome.failures.append("threw \(error)")
        }
    }

    mutating func add(_ snapshot: MemorySnapshot) {
        readingCount += 1
        rowCount += snapshot.processes.count
        for process in snapshot.processes {
            if let reason = process.usage.unavailable { unavailable["\(reason)", default: 0] += 1 }
        }
    }

    var errorCount: Int { errors.values.reduce(0, +) }

    mutating func addFailure(_ error: ProcMemError) { errors["\(error.code)", default: 0] += 1 }

    mutating func addReading(of count: Int = 0) {
        readingCount += 1
        rowCount += count
    }

    mutating func require(_ condition: Bool, _ message: String) {
        if !condition, failures.count < 10 { failures.append(message) }
    }

    /// Descriptors and threads must be as many as before. Memory may grow by what the allocator keeps of the
    /// largest reading, that of 5,000 processes.
    private mutating func check() {
        guard let before, let after else { return }
        require(readingCount > 0, "no reading succeeded")
        require(mayFail || errors.isEmpty, "errors: \(errors)")
        require(
            after.descriptorCount == before.descriptorCount,
            "descriptors \(before.descriptorCount) → \(after.descriptorCount)"
        )
        require(
            after.ownThreadCount == before.ownThreadCount,
            "threads of ProcMem \(before.ownThreadCount) → \(after.ownThreadCount)"
        )
        require(
            after.rssBytes - before.rssBytes < 64 << 20,
            "memory grew by \((after.rssBytes - before.rssBytes) >> 10) KiB"
        )
    }

    static let heading = """
        | load | reading | time | readings | rows | without figures | errors | RSS before and after | descriptors | threads |
        |---|---|---|---|---|---|---|---|---|---|
        """

    var row: String {
        func counts(_ values: [String: Int]) -> String {
            values.isEmpty
                ? "0" : values.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }.joined(separator: ", ")
        }
        func mebibytes(_ resources: Resources?) -> String {
            String(format: "%.1f", Double(resources?.rssBytes ?? 0) / 1_048_576)
        }
        let seconds = String(format: "%.1f s", elapsed / .seconds(1))
        let columns = [
            load, subject, seconds, "\(readingCount)", "\(rowCount)", counts(unavailable), counts(errors),
            "\(mebibytes(before)), \(mebibytes(after)) MiB",
            "\(before?.descriptorCount ?? 0), \(after?.descriptorCount ?? 0)",
            "\(before?.threadCount ?? 0), \(after?.threadCount ?? 0)",
        ]
        return "| " + columns.joined(separator: " | ") + " |"
    }
}
