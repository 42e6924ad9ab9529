import TestSupport

@testable import ProcMem

/// Text as a kernel file would hold it, for a parser. A `Span` cannot pass through `#expect`; its result can.
enum KernelText {
    static func parse<R>(_ text: String, _ parser: (Span<UInt8>) throws -> R) rethrows -> R {
        try parse(Array(text.utf8), parser)
    }

    static func parse<R>(_ bytes: [UInt8], _ parser: (Span<UInt8>) throws -> R) rethrows -> R {
        try parser(bytes.span)
    }

    /// The fields that `nextField` finds, one by one.
    static func fields(of text: String) -> [String] {
        parse(text) { bytes in
            var fields: [String] = []
            var index = 0
            while let field = bytes.nextField(at: &index) { fields.append(bytes.text(in: field)) }
            return fields
        }
    }

    /// The lines that `nextLine` finds, one by one.
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
    /// A path as the kernel takes it.
    var nulTerminated: [UInt8] { Array(utf8) + [0] }
}
