/// One statement about the kernel and what ProcMem says of it.
struct Check: Sendable {
    /// The subject, a slash, and what is expected, without a line's end.
    let name: String
    /// The systems on which it can be made.
    let systems: Set<System>
    /// Whether it is left out where time is short: others show nearly the same.
    let isThorough: Bool
    /// How long it may take.
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

/// What was not as expected.
struct Unexpected: Error {
    let text: String

    init(_ text: String) { self.text = text }
}

/// Why a check cannot be made on this kernel.
struct Skipped: Error {
    let reason: String

    init(_ reason: String) { self.reason = reason }
}

func expect<Value: Equatable>(_ seen: Value, is expected: Value, _ what: String) throws {
    guard seen != expected else { return }
    throw Unexpected("\(what): expected \(expected), seen \(seen)")
}

func expect(_ holds: Bool, _ what: @autoclosure () -> String) throws {
    guard holds else { throw Unexpected(what()) }
}

func require<Value>(_ value: Value?, _ what: @autoclosure () -> String) throws -> Value {
    guard let value else { throw Unexpected("\(what()): nothing there") }
    return value
}
