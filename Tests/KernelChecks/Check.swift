/// One statement about the kernel and what ProcMem says of it.
struct Check: Sendable {
    /// The subject, a slash, and what is expected, without a line's end.
    let name: String
    /// The systems on which it can be made.
    let systems: Set<System>
    /// How long it may take.
    let timeLimit: Duration
    let body: @Sendable () async throws -> Void

    init(
        _ name: String,
        on systems: Set<System> = [.v2],
        timeLimit: Duration = .seconds(40),
        _ body: @escaping @Sendable () async throws -> Void
    ) {
        self.name = name
        self.systems = systems
        self.timeLimit = timeLimit
        self.body = body
    }
}

/// How a guest was booted.
enum System: String, Sendable, CaseIterable {
    /// cgroup v2 has every controller.
    case v2
    /// cgroup v1 has every controller, each in a hierarchy of its own, and there is no v2.
    case v1
    /// v1 has cpu, memory and cpuset, and an empty v2 is mounted beside it, as systemd does.
    case hybrid
    /// v1 has memory and cpuset, v2 the rest.
    case mixed
    /// The kernel allows for 2,048 CPUs, and has four.
    case possible
    /// 96 CPUs.
    case large
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
