// Reading text as the kernel writes it, byte by byte: no strings, no allocation, no traps. A parser spends its time in the
// loops over fields, lines and digits, so these check their bounds once, or in their own conditions, and not at every byte.

extension UInt8 {
    /// Space, tab, newline, vertical tab, form feed or carriage return.
    var isASCIISpace: Bool {
        // Nearly every byte is above the blank: one comparison tells.
        self <= 0x20 && (self == 0x20 || (0x09...0x0D).contains(self))
    }

    /// The value of a decimal digit.
    var decimalDigit: Int? { (0x30...0x39).contains(self) ? Int(self) - 0x30 : nil }

    /// The value of a hexadecimal digit, in either case.
    var hexadecimalDigit: UInt8? {
        switch self {
        case 0x30...0x39: self - 0x30
        case 0x41...0x46: self - 0x41 + 10
        case 0x61...0x66: self - 0x61 + 10
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
        while end < count, unsafe self[unchecked: end] != 0x0A { end += 1 }
        index = Swift.min(end + 1, count)
        return start..<end
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
        let point = firstIndex(of: 0x2E, in: range) ?? range.upperBound
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
            let end = firstIndex(of: 0x2C, in: start..<range.upperBound) ?? range.upperBound
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
            quoted += (0x20..<0x7F).contains(byte) ? String(UnicodeScalar(byte)) : byte == 0x0A ? "\\n" : "?"
        }
        return "\"\(quoted)\"" + (count > 80 ? "…" : "")
    }
}
