// Reading text as the kernel writes it, byte by byte: no strings, no allocation, no traps. A parser spends its time in the
// loops over fields, lines and digits, so these check their bounds once, or in their own conditions, and not at every byte.

extension UInt8 {
    /// Space, tab, newline, vertical tab, form feed or carriage return.
    var isASCIISpace: Bool {
        // Nearly every byte is above the blank: one comparison tells.
        self <= UInt8(ascii: " ")
            && (self == UInt8(ascii: " ") || (UInt8(ascii: "\t")...UInt8(ascii: "\r")).contains(self))
    }

    /// The value of a decimal digit.
    var decimalDigit: Int? {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self) ? Int(self - UInt8(ascii: "0")) : nil
    }

    /// The value of a hexadecimal digit, in either case.
    var hexadecimalDigit: UInt8? {
        switch self {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): self - UInt8(ascii: "0")
        case UInt8(ascii: "A")...UInt8(ascii: "F"): self - UInt8(ascii: "A") + 10
        case UInt8(ascii: "a")...UInt8(ascii: "f"): self - UInt8(ascii: "a") + 10
        default: nil
        }
    }
}

extension Span<UInt8> {
    /// The next run of bytes that are not spaces, and moves `index` behind it.
    func nextField(at index: inout Int) -> Range<Int>? {
        precondition(index >= 0)
        var next = index
        while next < count, unsafe self[unchecked: next].isASCIISpace { next += 1 }
        let start = next
        while next < count, unsafe !self[unchecked: next].isASCIISpace { next += 1 }
        index = next
        return start == next ? nil : start..<next
    }

    /// The one run of bytes between spaces; `nil` where there is none or another one.
    var onlyField: Range<Int>? {
        var index = 0
        let field = nextField(at: &index)
        return nextField(at: &index) == nil ? field : nil
    }

    /// The next line without its newline, and moves `index` behind it; a last line may lack the newline.
    func nextLine(at index: inout Int) -> Range<Int>? {
        precondition(index >= 0)
        guard index < count else { return nil }
        let start = index
        var end = index
        while end < count, unsafe self[unchecked: end] != UInt8(ascii: "\n") { end += 1 }
        index = Swift.min(end + 1, count)
        return start..<end
    }

    /// The next line that has a key, and moves `index` behind it: `KEY VALUE …` or `KEY: VALUE …`.
    ///
    /// The key ends at the first colon of the line or, where there is none, at the first space. `value` is the field behind
    /// it, `nil` where there is none; `rest` is everything behind the key, up to the end of the line.
    func nextEntry(at index: inout Int) -> (key: Range<Int>, value: Range<Int>?, rest: Range<Int>)? {
        while let line = nextLine(at: &index) {
            var fieldIndex = line.lowerBound
            guard let first = nextField(at: &fieldIndex), first.upperBound <= line.upperBound else { continue }
            var key = first
            if let colon = firstIndex(of: UInt8(ascii: ":"), in: line) {
                key = line.lowerBound..<colon
                fieldIndex = colon + 1
            }
            let rest = fieldIndex..<line.upperBound
            let value = nextField(at: &fieldIndex).flatMap { $0.upperBound <= line.upperBound ? $0 : nil }
            return (key, value, rest)
        }
        return nil
    }

    /// The first place of a byte within a range.
    func firstIndex(of byte: UInt8, in range: Range<Int>) -> Int? {
        precondition(range.lowerBound >= 0 && range.upperBound <= count)
        return range.first { unsafe self[unchecked: $0] == byte }
    }

    /// A number of digits alone: `nil` for an empty range, a sign, any other byte, or more than `Int.max`.
    func decimal(in range: Range<Int>) -> Int? {
        guard !range.isEmpty else { return nil }
        precondition(range.lowerBound >= 0 && range.upperBound <= count)
        var value = 0
        // So many digits fit into an Int, whichever they are.
        guard range.count > 18 else {
            for index in range {
                guard let digit = unsafe self[unchecked: index].decimalDigit else { return nil }
                value = value &* 10 &+ digit
            }
            return value
        }
        for index in range {
            guard let digit = unsafe self[unchecked: index].decimalDigit else { return nil }
            let (shifted, tooLarge) = value.multipliedReportingOverflow(by: 10)
            let (sum, overflow) = shifted.addingReportingOverflow(digit)
            if tooLarge || overflow { return nil }
            value = sum
        }
        return value
    }

    /// A number of hexadecimal digits alone: `nil` for an empty range, any other byte, or more than `UInt64.max`.
    func hexadecimal(in range: Range<Int>) -> UInt64? {
        guard !range.isEmpty else { return nil }
        var value: UInt64 = 0
        for index in range {
            guard let digit = self[index].hexadecimalDigit, value <= UInt64.max >> 4 else { return nil }
            value = value << 4 | UInt64(digit)
        }
        return value
    }

    /// A number of digits with or without a point and up to nine more behind it, such as `12.34`.
    func decimalFraction(in range: Range<Int>) -> Double? {
        let point = firstIndex(of: UInt8(ascii: "."), in: range) ?? range.upperBound
        guard let whole = decimal(in: range.lowerBound..<point) else { return nil }
        guard point < range.upperBound else { return Double(whole) }
        let places = point + 1..<range.upperBound
        guard places.count <= 9, let fraction = decimal(in: places) else { return nil }
        return Double(whole) + Double(fraction) / places.reduce(1) { scale, _ in scale * 10 }
    }

    /// Whether the bytes of a range are exactly this text.
    func equals(_ text: StaticString, in range: Range<Int>) -> Bool {
        range.count == text.utf8CodeUnitCount && hasPrefix(text, in: range)
    }

    /// Whether the bytes of a range begin with this text.
    func hasPrefix(_ text: StaticString, in range: Range<Int>) -> Bool {
        guard range.count >= text.utf8CodeUnitCount else { return false }
        precondition(range.lowerBound >= 0 && range.upperBound <= count)
        let (start, first) = unsafe (text.utf8Start, range.lowerBound)
        for offset in 0..<text.utf8CodeUnitCount where unsafe self[unchecked: first + offset] != start[offset] {
            return false
        }
        return true
    }

    /// Whether a list with commas between its words has this word.
    func list(in range: Range<Int>, contains word: StaticString) -> Bool {
        var start = range.lowerBound
        while start <= range.upperBound {
            let end = firstIndex(of: UInt8(ascii: ","), in: start..<range.upperBound) ?? range.upperBound
            if equals(word, in: start..<end) { return true }
            start = end + 1
        }
        return false
    }

    /// The bytes of a range, copied.
    func bytes(in range: Range<Int>) -> [UInt8] {
        range.map { self[$0] }
    }

    /// The bytes of a range as text; what is not UTF-8 is replaced.
    func text(in range: Range<Int>) -> String {
        unsafe extracting(range).withUnsafeBufferPointer { unsafe String(decoding: $0, as: UTF8.self) }
    }

    /// What a message quotes of a file: one line, at most 80 bytes, control characters made visible.
    var excerpt: String {
        var quoted = ""
        for index in 0..<Swift.min(count, 80) {
            let byte = self[index]
            quoted +=
                (UInt8(ascii: " ")..<0x7F).contains(byte)
                ? String(UnicodeScalar(byte)) : byte == UInt8(ascii: "\n") ? "\\n" : "?"
        }
        return "\"\(quoted)\"" + (count > 80 ? "…" : "")
    }
}

extension Span<UInt8> {
    /// Whether one path is another or lies below it, by whole components.
    func path(_ path: Range<Int>, isAtOrBelow ancestor: Range<Int>) -> Bool {
        var length = ancestor.count
        // The root's only slash is no component.
        if length > 0, self[ancestor.upperBound - 1] == UInt8(ascii: "/") { length -= 1 }
        guard path.count >= length else { return false }
        for offset in 0..<length where self[path.lowerBound + offset] != self[ancestor.lowerBound + offset] {
            return false
        }
        return path.count == length || self[path.lowerBound + length] == UInt8(ascii: "/")
    }

    /// The bytes of a range with `\040` and its like replaced by the bytes they stand for.
    func unescapedOctal(in range: Range<Int>) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(range.count)
        var index = range.lowerBound
        while index < range.upperBound {
            if self[index] == UInt8(ascii: "\\"), index + 3 < range.upperBound, let byte = octalByte(at: index + 1) {
                result.append(byte)
                index += 4
            } else {
                result.append(self[index])
                index += 1
            }
        }
        return result
    }

    private func octalByte(at index: Int) -> UInt8? {
        var value = 0
        for offset in 0..<3 {
            guard let digit = self[index + offset].decimalDigit, digit < 8 else { return nil }
            value = value * 8 + digit
        }
        return UInt8(exactly: value)
    }
}

extension Span<UInt64> {
    /// The number of bits that are 1, such as the CPUs in an affinity mask.
    var setBitCount: Int {
        indices.reduce(0) { $0 + self[$1].nonzeroBitCount }
    }
}

extension StaticString {
    /// Calls a closure with each byte of the text, in order.
    func forEachByte(_ body: (UInt8) -> Void) {
        for offset in 0..<utf8CodeUnitCount { body(unsafe utf8Start[offset]) }
    }
}
