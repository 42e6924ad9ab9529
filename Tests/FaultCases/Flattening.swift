import ProcMem

/// The figures of a value by the path of each property, for example `levels[0].isKnown`, private properties included.
struct Figures: Equatable {
    private(set) var values: [String: String] = [:]

    init(of value: Any) { add(value, "") }

    /// The properties that state that something is missing or uncertain, with their values.
    var labels: Set<String> {
        Set(
            values.flatMap { path, value -> [String] in
                let name = path.split(separator: ".").last.map { $0.prefix { $0 != "[" } } ?? ""
                let isLabel =
                    switch name {
                    case "isComplete", "isKnown", "isProven", "hasAllBounds": value == "false"
                    case "unavailable", "mayShareMemoryWith": value != "nil"
                    case "hasHiddenAncestors", "isSummedFromSmaps", "ignoresExitsOfChildren": value == "true"
                    case "gaps", "assumptions", "sources", "source", "search": value != "" && value != "nil"
                    case "unavailableCount", "processesWithoutMemoryCount": value != "0" && value != "nil"
                    case "warnings", "reasonsByUnknownFigure": !path.hasSuffix(".count")
                    default: false
                    }
                return isLabel ? value.split(separator: " ").map { "\(path)=\($0)" } : []
            }
        )
    }

    /// The paths at which two values differ.
    func differences(from other: Figures) -> Set<String> {
        Set(values.filter { other.values[$0.key] != $0.value }.keys)
            .union(other.values.keys.filter { values[$0] == nil })
    }

    subscript(_ path: String) -> String? { values[path] }

    private mutating func add(_ value: Any, _ path: String) {
        let mirror = Mirror(reflecting: value)
        switch mirror.displayStyle {
        case .optional:
            if let some = mirror.children.first { add(some.value, path) } else { values[path] = "nil" }
        case .collection:
            values[path + ".count"] = "\(mirror.children.count)"
            for (index, child) in mirror.children.enumerated() { add(child.value, "\(path)[\(index)]") }
        case .set:
            values[path] = mirror.children.map { "\($0.value)" }.sorted().joined(separator: " ")
        case .dictionary:
            for child in mirror.children {
                let pair = Array(Mirror(reflecting: child.value).children)
                // A dot separates the components of a path.
                let key = "\(pair[0].value)".replacing(".", with: ":")
                add(pair[1].value, "\(path)[\(key)]")
            }
        default:
            if mirror.children.isEmpty || value is Duration {
                values[path] = "\(value)"
            } else {
                for child in mirror.children { add(child.value, "\(path).\(child.label ?? "")") }
            }
        }
    }
}

/// The result of one step of a case.
enum Outcome {
    case answer(Figures)
    case failure(ProcMemError)

    var text: String {
        switch self {
        case .answer: "an answer"
        case .failure(let error): "\(error.code), errno \(error.errno ?? 0)"
        }
    }
}
