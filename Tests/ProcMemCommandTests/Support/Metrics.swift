import Foundation

/// A text in Prometheus's format 0.0.4, read as strictly as its documentation describes it.
struct Metrics: Equatable {
    struct Failure: Error {
        let line: String
    }

    /// The types by name.
    private(set) var types: [String: String] = [:]
    /// The values by name and value of the label `group`, which is `nil` for no label.
    private(set) var values: [String: [String?: Double]] = [:]

    init(parsing text: String) throws {
        guard text.isEmpty || text.hasSuffix("\n") else { throw Failure(line: "the end") }
        var described: Set<String> = []
        var current = ""
        for line in text.split(separator: "\n", omittingEmptySubsequences: false).dropLast() {
            if let match = line.wholeMatch(of: /# HELP ([a-z_]+) ([^\\]+)/) {
                guard described.insert(String(match.1)).inserted else { throw Failure(line: String(line)) }
                current = String(match.1)
            } else if let match = line.wholeMatch(of: /# TYPE ([a-z_]+) (gauge|counter)/) {
                guard types.updateValue(String(match.2), forKey: String(match.1)) == nil, match.1 == current else {
                    throw Failure(line: String(line))
                }
            } else if let match = line.wholeMatch(of: /([a-z_]+)(\{group="((?:[^"\\]|\\["\\n])*)"\})? ([0-9.e+-]+)/),
                match.1 == current, types[current] != nil, let value = Double(match.4)
            {
                let group = match.3.map { Self.unescaped($0) }
                guard values[current, default: [:]].updateValue(value, forKey: group) == nil else {
                    throw Failure(line: String(line))
                }
            } else {
                throw Failure(line: String(line))
            }
        }
        guard Set(values.keys) == Set(types.keys), described == Set(types.keys) else { throw Failure(line: "the end") }
    }

    private static func unescaped(_ text: Substring) -> String {
        var result = ""
        var isEscaped = false
        for character in text {
            if isEscaped { result.append(character == "n" ? "\n" : character) }
            if !isEscaped, character != "\\" { result.append(character) }
            isEscaped = !isEscaped && character == "\\"
        }
        return result
    }

    /// The value of a metric; `nil` without a sample.
    func value(_ name: String, of group: String? = nil) -> Double? { values[name]?[group] }
}
