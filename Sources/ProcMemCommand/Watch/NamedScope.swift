import ProcMem

/// Processes to follow, under a name that the caller gives: `server=tree:1234`.
struct NamedScope: Sendable, Hashable {
    enum Kind: Sendable, Hashable {
        case tree(Int32), process(Int32), cgroup(String), cgroupOf(Int32), all
    }

    let name: String
    let kind: Kind

    /// The reason why a text is not a named scope.
    struct ParseError: Error {
        let message: String
    }

    /// The longest name, in bytes.
    static let maximumNameBytes = 128

    init(name: String, kind: Kind) {
        self.name = name
        self.kind = kind
    }

    /// - Parameter text: `NAME=SCOPE`. The name ends at the first `=`.
    init(parsing text: String) throws(ParseError) {
        guard let equals = text.firstIndex(of: "=") else {
            throw ParseError(message: "\"\(text.shown)\" is not NAME=SCOPE, such as server=tree:1234")
        }
        name = String(text[..<equals])
        if let problem = Self.problem(ofName: name) { throw ParseError(message: problem) }
        kind = try Kind(parsing: String(text[text.index(after: equals)...]))
    }

    /// Returns why a text cannot be a name; `nil` if it can.
    static func problem(ofName name: String) -> String? {
        if name.isEmpty { return "the name of a scope is empty" }
        if name.utf8.count > maximumNameBytes { return "the name of a scope is longer than \(maximumNameBytes) bytes" }
        guard name == name.printable, name.first != " ", name.last != " " else {
            return "the name \"\(name.shown)\" has a character that cannot be printed, or a space at an end"
        }
        return nil
    }

    /// The scope as it is written: `tree:1234`.
    var definition: String {
        switch kind {
        case .tree(let pid): "tree:\(pid)"
        case .process(let pid): "process:\(pid)"
        case .cgroup(let path): "cgroup:\(path)"
        case .cgroupOf(let pid): "cgroup-of:\(pid)"
        case .all: "all"
        }
    }

    var scope: ProcessScope {
        switch kind {
        case .tree(let pid): .tree(root: pid)
        case .process(let pid): .process(pid)
        case .cgroup(let path): .cgroup(path)
        case .cgroupOf(let pid): .cgroup(of: pid)
        case .all: .all
        }
    }

    /// Returns the names that occur more than once, in their order.
    static func repeatedNames(in scopes: [NamedScope]) -> [String] {
        var seen: Set<String> = []
        return scopes.map(\.name).filter { !seen.insert($0).inserted }
    }
}

extension NamedScope.Kind {
    fileprivate init(parsing text: String) throws(NamedScope.ParseError) {
        if text == "all" {
            self = .all
            return
        }
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        func pid() throws(NamedScope.ParseError) -> Int32 {
            guard let pid = Int32(parts[1]), pid > 0,
                parts[1].utf8.allSatisfy({ UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 })
            else { throw NamedScope.ParseError(message: "\"\(parts[1].shown)\" is not a process ID") }
            return pid
        }
        switch (parts[0], parts.count) {
        case ("tree", 2): self = .tree(try pid())
        case ("process", 2): self = .process(try pid())
        case ("cgroup-of", 2): self = .cgroupOf(try pid())
        case ("cgroup", 2):
            // The kernel ends a path at a NUL.
            guard !parts[1].isEmpty, !parts[1].utf8.contains(0) else {
                throw NamedScope.ParseError(message: "\"\(parts[1].shown)\" is not the path of a cgroup")
            }
            self = .cgroup(parts[1])
        default:
            let valid = "tree:PID, process:PID, cgroup:PATH, cgroup-of:PID, all"
            throw NamedScope.ParseError(message: "\"\(text.shown)\" is not a scope; the scopes are \(valid)")
        }
    }
}

extension String {
    /// The text for a message: without control characters, and cut.
    fileprivate var shown: String { printable.cut(to: 80) }
}
