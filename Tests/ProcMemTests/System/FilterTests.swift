import Foundation
import TestSupport
import Testing

/// A seccomp filter that ends the process for a system call that the allow-lists in use do not contain.
@Suite(.unless(filterObstacle), .timeLimit(.minutes(5))) struct FilterTests {
    private func output(_ arguments: String...) throws -> ChildProcess.Output {
        try ChildProcess.output(of: BuiltProduct.url(of: "FilteredCalls").path, arguments)
    }

    @Test(arguments: ["library", "thread"]) func noQueryMakesAnotherCall(_ mode: String) throws {
        let child = try output(mode)
        #expect(child.status == 0 && child.text == "done\n", "\(child.status): \(child.errorText)")
    }

    /// With a hidden `/proc`, sysinfo(2) reports the machine's memory.
    @Test func theCallsInPlaceOfHiddenFiles() throws {
        let child = try output("hidden")
        // A new mount requires rights.
        #expect(child.status == 0, "\(child.status): \(child.errorText)")
        #expect(child.text == "done\n" || child.text == "no rights\n" && getuid() != 0)
    }

    /// Every public declaration that reads the system is called by FilteredCalls.
    @Test func noEntryPointIsForgotten() throws {
        let called = Set(try output("list").text.split(separator: "\n").map(String.init))
        let declared = try PublicDeclarations.queries()
        #expect(declared.count > 40)
        #expect(declared.subtracting(called) == [])
        #expect(called.subtracting(declared) == [], "FilteredCalls names what the library does not declare")
    }

    @Test func thePublicDeclarationsOfASource() {
        let source = """
            public struct Reader: ~Copyable {
                private init(at path: String, in root: SystemRoot) {}
                public init(in root: SystemRoot = .live) throws(ProcMemError) {
                }
                public mutating func read(
                    of pid: Int32? = nil,
                    _ count: Int
                ) throws(ProcMemError) -> [Int: Int] {
                    0
                }
                public var count: Int { 0 }
                public func times(_ factor: Int) -> Int { factor }
            }
            extension Reader {
                public struct Iterator {
                    public mutating func next(isolation actor: isolated (any Actor)?) async -> Int? { nil }
                }
                public static func current(in root: SystemRoot) -> Int { 0 }
                public init(parsing bytes: Span<UInt8>) throws(ProcMemError) {}
            }
            public func total(in root: SystemRoot = .live, _ body: (Int, Int) -> Int = { $0 + $1 }) -> Int {
            }

            """
        #expect(
            PublicDeclarations.queries(in: source) == [
                "Reader.init(in:)", "Reader.read(of:_:)", "Reader.Iterator.next(isolation:)", "Reader.current(in:)",
                "total(in:_:)",
            ]
        )
    }

    /// Without this, the tests above could pass under a filter that allows everything.
    @Test func anotherCallEndsTheProcess() throws {
        #expect(try output("statmount").status == 128 + SIGSYS)
    }
}

/// The public functions and initialisers in the library's source that read the system: those with a ``SystemRoot``, those
/// that throw ``ProcMemError`` and those that wait.
private enum PublicDeclarations {
    static func queries() throws -> Set<String> {
        let sources = URL(filePath: #filePath).appending(path: "../../../../Sources/ProcMem").standardized
        let files = FileManager.default.enumerator(at: sources, includingPropertiesForKeys: nil)
        var names: Set<String> = []
        for case let file as URL in files ?? .init() where file.pathExtension == "swift" {
            // Stands in where procps is missing, and makes no call.
            if file.lastPathComponent == "UnavailableProcessTable.swift" { continue }
            #if !(Procps && (canImport(CProcpsHasLibproc2) || canImport(CProcpsHasLibprocps) || CPROCPS_HEADERS))
                if file.deletingLastPathComponent().lastPathComponent == "ProcessTable" { continue }
            #endif
            names.formUnion(queries(in: try String(contentsOf: file, encoding: .utf8)))
        }
        return names
    }

    static func queries(in source: String) -> Set<String> {
        var names: Set<String> = []
        var types: [(indent: Int, name: String)] = []
        let lines = source.split(separator: "\n", omittingEmptySubsequences: true)
        for (index, line) in lines.enumerated() {
            let indent = line.prefix { $0 == " " }.count
            let text = line.dropFirst(indent)
            if text.hasPrefix("//") || text.hasPrefix("#") { continue }
            types.removeAll { $0.indent >= indent }
            if let type = text.firstMatch(of: typeName) { types.append((indent, String(type.1))) }
            guard let start = text.prefixMatch(of: member) else { continue }
            // Up to the brace, which the format puts at the end of the last line of a declaration, or into a line of its own.
            var declaration = ""
            for next in lines[index...] {
                declaration += next + " "
                if next.contains("{") { break }
            }
            let owner = types.map(\.name).joined(separator: ".")
            let reads = ["SystemRoot", "throws(ProcMemError)", " async ", " AsyncIterator "].contains {
                declaration.contains($0)
            }
            let isVariable = start.2 != nil
            guard owner == "SystemRoot" || reads && !isVariable, !declaration.contains("init(parsing") else { continue }
            let name = start.1 ?? start.2 ?? "init"
            let signature = isVariable ? String(name) : name + labels(of: declaration)
            names.insert(owner.isEmpty ? signature : owner + "." + signature)
        }
        return names
    }

    nonisolated(unsafe) private static let typeName = /(?:extension|struct|class|actor|enum|protocol) ([A-Za-z0-9_.]+)/
    nonisolated(unsafe) private static let member =
        /public (?:static |mutating |nonisolated |borrowing |consuming )*(?:func ([A-Za-z0-9]+)|var ([A-Za-z0-9]+)|init)/

    /// Returns the labels of the first parentheses: `(of:_:)`.
    private static func labels(of declaration: String) -> String {
        var depth = 0
        var labels: [Substring] = []
        var isAtStart = false
        for (offset, character) in zip(declaration.indices, declaration) {
            if isAtStart, character == "_" || character.isLetter {
                labels.append(declaration[offset...].prefix { $0 == "_" || $0.isLetter || $0.isNumber })
                isAtStart = false
            }
            if "([{<".contains(character) {
                depth += 1
                if depth == 1, labels.isEmpty { isAtStart = character == "(" }
            } else if ")]}".contains(character) || character == ">" && !declaration[..<offset].hasSuffix("-") {
                depth -= 1
                if depth == 0 { break }
            } else if character == ",", depth == 1 {
                isAtStart = true
            }
        }
        return "(" + labels.map { $0 + ":" }.joined() + ")"
    }
}

/// Why no filter can be installed here; `nil` where one can.
private let filterObstacle: String? = {
    guard let program = try? BuiltProduct.url(of: "FilteredCalls").path,
        let child = try? ChildProcess.output(of: program, ["run", "/bin/true"])
    else { return "FilteredCalls is not built" }
    return child.status == 0 ? nil : "no seccomp filter can be installed: \(child.errorText)"
}()
