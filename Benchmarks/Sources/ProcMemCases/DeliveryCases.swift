import FoundationEssentials
import Glibc
import ProcMem

/// Returns the cases that measure the time from a change to its delivery by a sequence with its default intervals. Each prints
/// a line for each of BATCHES changes: 1, and the nanoseconds.
///
/// - Parameters:
///   - memory: The directory of the process's own cgroup with the memory controller.
///   - cpu: The same with the cpu controller.
func deliveryCases(memory: String, cpu: String) -> [String: ProcMemCases.WaitingCase] {
    [
        "delivery, quota": { try await deliverQuotas(in: cpu) },
        "delivery, limit": { try await deliverLimits(in: MemoryCgroup(memory)) },
        "delivery, event": { try await deliverEvents(in: MemoryCgroup(memory)) },
        "delivery, available memory": { try await deliverThresholds(in: MemoryCgroup(memory)) },
    ]
}

private var count: Int { CommandLine.arguments.dropFirst(2).first.flatMap { Int($0) } ?? 1 }

private func report(since start: ContinuousClock.Instant) { print(1, (ContinuousClock.now - start) / .nanoseconds(1)) }

private func deliverQuotas(in directory: String) async throws {
    let v1 = "\(directory)/cpu.cfs_quota_us"
    let isV1 = FileManager.default.fileExists(atPath: v1)
    var changes = CPULimitChanges().makeAsyncIterator()
    _ = try await changes.next()
    for number in 0..<count {
        try await pause(number)
        // Of the longest period, so that the process is not throttled: more than it uses.
        let quota = 500_000 + number % 2 * 100_000
        let start = ContinuousClock.now
        try write(isV1 ? "\(quota)" : "\(quota) 1000000", to: isV1 ? v1 : "\(directory)/cpu.max")
        _ = try await changes.next()
        report(since: start)
    }
}

private func deliverLimits(in cgroup: MemoryCgroup) async throws {
    var changes = ContainerMemoryChanges().makeAsyncIterator()
    _ = try await changes.next()
    for number in 0..<count {
        try await pause(number)
        let start = ContinuousClock.now
        try cgroup.set(limit: (256 + number % 2) << 20)
        while true {
            if case .limit? = try await changes.next()?.cause { break }
        }
        report(since: start)
    }
}

private func deliverEvents(in cgroup: MemoryCgroup) async throws {
    let file = try CachedFile(byteCount: 64 << 20)
    try cgroup.set(limit: cgroup.usage() + 16 << 20)
    var changes = ContainerMemoryChanges().makeAsyncIterator()
    _ = try await changes.next()
    for number in 0..<count {
        try await pause(number)
        let before = try cgroup.hits()
        try file.read { try cgroup.hits() > before }
        let start = ContinuousClock.now
        // A change that was not received yet may count earlier hits.
        while let change = try await changes.next() {
            if case .limitHit = change.cause, change.memory.events.max ?? 0 > before { break }
        }
        report(since: start)
        file.forget()
    }
}

private func deliverThresholds(in cgroup: MemoryCgroup) async throws {
    try cgroup.set(limit: 256 << 20)
    let available = try ContainerMemory.current().availableBytes ?? 0
    var changes = ContainerMemoryChanges(below: [.bytes(available - 16 << 20)]).makeAsyncIterator()
    _ = try await changes.next()
    for number in 0..<count {
        try await pause(number)
        let length = 64 << 20
        guard let pages = mmap(nil, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
            pages != MAP_FAILED
        else { fatalError("no memory") }
        memset(pages, 1, length)
        let start = ContinuousClock.now
        while true {
            if case .availableBelow? = try await changes.next()?.cause { break }
        }
        report(since: start)
        munmap(pages, length)
        while true {
            if case .availableAbove? = try await changes.next()?.cause { break }
        }
    }
}

/// Waits for a time that is different each time, so that changes fall into every part of a poll interval.
private func pause(_ number: Int) async throws { try await Task.sleep(for: .milliseconds(20 + number * 37 % 50)) }

private func write(_ text: String, to path: String) throws {
    let file = open(path, O_WRONLY)
    defer { close(file) }
    guard file >= 0, Glibc.write(file, text, text.utf8.count) == text.utf8.count else {
        fatalError("\(path) cannot be written: error \(errno)")
    }
}

/// The files of a cgroup with the memory controller, of either version.
private struct MemoryCgroup {
    private let directory: String
    private let isV1: Bool

    init(_ directory: String) {
        self.directory = directory
        isV1 = FileManager.default.fileExists(atPath: "\(directory)/memory.limit_in_bytes")
    }

    func set(limit bytes: Int) throws {
        try write("\(bytes)", to: "\(directory)/\(isV1 ? "memory.limit_in_bytes" : "memory.max")")
    }

    func usage() throws -> Int { try number(in: isV1 ? "memory.usage_in_bytes" : "memory.current") }

    /// The number of times that the limit was hit.
    func hits() throws -> Int {
        guard !isV1 else { return try number(in: "memory.failcnt") }
        let text = try String(contentsOfFile: "\(directory)/memory.events", encoding: .utf8)
        let line = text.split(separator: "\n").first { $0.hasPrefix("max ") }
        return line.flatMap { Int($0.dropFirst(4)) } ?? 0
    }

    private func number(in file: String) throws -> Int {
        let text = try String(contentsOfFile: "\(directory)/\(file)", encoding: .utf8)
        return Int(text.filter(\.isNumber)) ?? 0
    }
}

/// A file without a name, whose pages are in the page cache only after they have been read.
private final class CachedFile {
    private let descriptor: Int32
    private let byteCount: Int
    private var buffer = [UInt8](repeating: 1, count: 1 << 20)

    init(byteCount: Int) throws {
        var name = Array("/var/tmp/procmem-bench-XXXXXX".utf8CString)
        descriptor = mkstemp(&name)
        self.byteCount = byteCount
        unlink(name)
        for _ in 0..<byteCount / buffer.count where Glibc.write(descriptor, buffer, buffer.count) != buffer.count {
            fatalError("the file cannot be written: error \(errno)")
        }
        fsync(descriptor)
        forget()
    }

    deinit { close(descriptor) }

    /// Drops the pages from the page cache.
    func forget() { posix_fadvise(descriptor, 0, 0, POSIX_FADV_DONTNEED) }

    /// Reads the file until a condition is true.
    func read(until isDone: () throws -> Bool) throws {
        for offset in stride(from: 0, to: byteCount, by: buffer.count) {
            pread(descriptor, &buffer, buffer.count, offset)
            if try isDone() { return }
        }
        fatalError("the limit was not hit")
    }
}
