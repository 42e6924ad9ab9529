/// A statement about the kernel, compared with ProcMem's answer.
struct Check: Sendable {
    /// The subject, a slash, and the expectation, in one line.
    let name: String
    /// The systems on which the check runs.
    let systems: Set<System>
    /// Whether the check is omitted from a short run, because other checks cover nearly the same.
    let isThorough: Bool
    /// The maximum duration.
    let timeLimit: Duration
    let body: @Sendable () async throws -> Void

    init(
        _ name: String,
        on systems: Set<System> = [.v2],
        isThorough: Bool = false,
        timeLimit: Duration = .seconds(40),
        _ body: @escaping @Sendable () async throws -> Void
    ) {
        self.name = name
        self.systems = systems
        self.isThorough = isThorough
        self.timeLimit = timeLimit
        self.body = body
    }
}

/// A result that differs from the expected one.
struct Unexpected: Error {
    let text: String

    init(_ text: String) { self.text = text }
}

/// The reason why a check cannot run on this kernel.
struct Skipped: Error {
    let reason: String

    init(_ reason: String) { self.reason = reason }
}

func expect<Value: Equatable>(_ seen: Value, is expected: Value, _ what: String) throws {
    guard seen != expected else { return }
    throw Unexpected("\(what): expected \(expected), found \(seen)")
}

func expect(_ holds: Bool, _ what: @autoclosure () -> String) throws {
    guard holds else { throw Unexpected(what()) }
}

func require<Value>(_ value: Value?, _ what: @autoclosure () -> String) throws -> Value {
    guard let value else { throw Unexpected("\(what()): no value") }
    return value
}
