import TestSupport

@testable import ProcMem

/// Text as in a kernel file, for a parser. A `Span` cannot be passed to `#expect`; the result of parsing it can.
enum KernelText {
    static func parse<R>(_ text: String, _ parser: (Span<UInt8>) throws -> R) rethrows -> R {
        try parse(Array(text.utf8), parser)
    }

    static func parse<R>(_ bytes: [UInt8], _ parser: (Span<UInt8>) throws -> R) rethrows -> R {
        try parser(bytes.span)
    }

    /// The fields that `nextField` returns.
    static func fields(of text: String) -> [String] {
        parse(text) { bytes in
            var fields: [String] = []
            var index = 0
            while let field = bytes.nextField(at: &index) { fields.append(bytes.text(in: field)) }
            return fields
        }
    }

    /// The lines that `nextLine` returns.
    static func lines(of text: String) -> [String] {
        parse(text) { bytes in
            var lines: [String] = []
            var index = 0
            while let line = bytes.nextLine(at: &index) { lines.append(bytes.text(in: line)) }
            return lines
        }
    }
}

extension String {
    /// The path with a NUL at its end, as system calls require it.
    var nulTerminated: [UInt8] { Array(utf8) + [0] }
}
