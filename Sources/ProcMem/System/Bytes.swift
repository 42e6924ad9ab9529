// Parsing of text as the kernel writes it, byte by byte, without strings, allocations or traps. A parser spends most of
// its time in the loops over fields, lines and digits. These loops therefore check their bounds once, or in their own
// conditions, and not at every byte.

extension UInt8 {
    /// Space, tab, newline, vertical tab, form feed or carriage return.
    var isASCIISpace: Bool {
        // Nearly every byte is greater than a space, so one comparison usually decides.
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
    /// Returns the range of the next run of bytes that are not spaces, and advances `index` past it.
    func nextField(at index: inout Int) -> Range<Int>? {
        precondition(index >= 0)
        var next = index
        while next < count, unsafe self[unchecked: next].isASCIISpace { next += 1 }
        let start = next
        while next < count, unsafe !self[unchecked: next].isASCIISpace { next += 1 }
        index = next
        return start == next ? nil : start..<next
    }

    /// The only run of bytes that are not spaces; `nil` if there is none or more than one.
    var onlyField: Range<Int>? {
        var index = 0
        let field = nextField(at: &index)
        return nextField(at: &index) == nil ? field : nil
    }

    /// Returns the range of the next line without its newline, and advances `index` past it. The last line may lack the
    /// newline.
    func nextLine(at index: inout Int) -> Range<Int>? {
        precondition(index >= 0)
        guard index < count else { return nil }
        let start = index
        let end = firstIndex(of: UInt8(ascii: "\n"), in: start..<count) ?? count
        index = Swift.min(end + 1, count)
        return start..<end
    }

    /// Returns the next line that has a key, `KEY VALUE …` or `KEY: VALUE …`, and advances `index` past it.
    ///
    /// The key ends at the first colon of the line or, if there is none, at the first space. `rest` is everything after
    /// the key, up to the end of the line. Its first field is the value: ``firstField(in:)`` finds it in the lines that
    /// the caller is interested in.
    func nextEntry(at index: inout Int) -> (key: Range<Int>, rest: Range<Int>)? {
        while let line = nextLine(at: &index) {
            if let colon = firstIndex(of: UInt8(ascii: ":"), in: line) {
                return (line.lowerBound..<colon, colon + 1..<line.upperBound)
            }
            if let first = firstField(in: line) { return (first, first.upperBound..<line.upperBound) }
        }
        return nil
    }

    /// Returns the range of the first run of bytes within a range that are not spaces; `nil` if there is none.
    func firstField(in range: Range<Int>) -> Range<Int>? {
        precondition(range.lowerBound >= 0 && range.upperBound <= count)
        var start = range.lowerBound
        while start < range.upperBound, unsafe self[unchecked: start].isASCIISpace { start += 1 }
        var end = start
        while end < range.upperBound, unsafe !self[unchecked: end].isASCIISpace { end += 1 }
        return start == end ? nil : start..<end
    }

    /// Returns the index of the first occurrence of a byte within a range. Examines eight bytes at a time.
    func firstIndex(of byte: UInt8, in range: Range<Int>) -> Int? {
        precondition(range.lowerBound >= 0 && range.upperBound <= count)
        var index = range.lowerBound
        let lowBits: UInt64 = 0x0101_0101_0101_0101
        let pattern = lowBits &* UInt64(byte)
        while index + 8 <= range.upperBound {
            let difference = unsafe word(at: index) ^ pattern
            // The highest bit of a byte that is 0, and perhaps also of bytes above it, but of none below it.
            let zeros = (difference &- lowBits) & ~difference & (lowBits << 7)
            if zeros != 0 { return index + zeros.trailingZeroBitCount / 8 }
            index += 8
        }
        while index < range.upperBound {
            if unsafe self[unchecked: index] == byte { return index }
            index += 1
        }
        return nil
    }

    /// Returns eight bytes as a number whose lowest byte is the first one. The caller checks the bounds.
    @unsafe @inline(__always)
    private func word(at index: Int) -> UInt64 {
        unsafe UInt64(littleEndian: bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: index, as: UInt64.self))
    }

    /// Returns a number that consists of decimal digits only; `nil` for an empty range, a sign, any other byte, or a
    /// value above `Int.max`.
    func decimal(in range: Range<Int>) -> Int? {
        guard !range.isEmpty else { return nil }
        precondition(range.lowerBound >= 0 && range.upperBound <= count)
        var value = 0
        // Any number of this many digits fits into an Int.
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

    /// Returns a number that consists of hexadecimal digits only; `nil` for an empty range, any other byte, or a value
    /// above `UInt64.max`.
    func hexadecimal(in range: Range<Int>) -> UInt64? {
        guard !range.isEmpty else { return nil }
        var value: UInt64 = 0
        for index in range {
            guard let digit = self[index].hexadecimalDigit, value <= UInt64.max >> 4 else { return nil }
            value = value << 4 | UInt64(digit)
        }
        return value
    }

    /// Returns a decimal number, for example `12.34`; the point and up to nine digits after it are optional.
    func decimalFraction(in range: Range<Int>) -> Double? {
        let point = firstIndex(of: UInt8(ascii: "."), in: range) ?? range.upperBound
        guard let whole = decimal(in: range.lowerBound..<point) else { return nil }
        guard point < range.upperBound else { return Double(whole) }
        let fractionDigits = point + 1..<range.upperBound
        guard fractionDigits.count <= 9, let fraction = decimal(in: fractionDigits) else { return nil }
        return Double(whole) + Double(fraction) / fractionDigits.reduce(1) { scale, _ in scale * 10 }
    }

    /// Returns whether the bytes of a range equal a text.
    @inline(__always)
    func equals(_ text: StaticString, in range: Range<Int>) -> Bool {
        // Most texts that a key is compared with have another length.
        range.count == text.utf8CodeUnitCount && hasPrefix(text, in: range)
    }

    /// Returns whether the bytes of a range begin with a text.
    func hasPrefix(_ text: StaticString, in range: Range<Int>) -> Bool {
        guard range.count >= text.utf8CodeUnitCount else { return false }
        precondition(range.lowerBound >= 0 && range.upperBound <= count)
        let (start, first, length) = unsafe (text.utf8Start, range.lowerBound, text.utf8CodeUnitCount)
        var offset = 0
        while offset + 8 <= length {
            let expected = unsafe UnsafeRawPointer(start).loadUnaligned(fromByteOffset: offset, as: UInt64.self)
            if unsafe word(at: first + offset) != UInt64(littleEndian: expected) { return false }
            offset += 8
        }
        while offset < length {
            if unsafe self[unchecked: first + offset] != start[offset] { return false }
            offset += 1
        }
        return true
    }

    /// Returns whether a comma-separated list contains a word.
    func list(in range: Range<Int>, contains word: StaticString) -> Bool {
        var start = range.lowerBound
        while start <= range.upperBound {
            let end = firstIndex(of: UInt8(ascii: ","), in: start..<range.upperBound) ?? range.upperBound
            if equals(word, in: start..<end) { return true }
            start = end + 1
        }
        return false
    }

    /// Returns a copy of the bytes of a range.
    func bytes(in range: Range<Int>) -> [UInt8] {
        range.map { self[$0] }
    }

    /// Returns the bytes of a range as text, with invalid UTF-8 replaced.
    func text(in range: Range<Int>) -> String {
        unsafe extracting(range).withUnsafeBufferPointer { unsafe String(decoding: $0, as: UTF8.self) }
    }

    /// A quotation of the file for an error message: at most 80 bytes on one line, with control characters made
    /// visible.
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
    /// Returns whether a path equals another path or lies below it, compared by whole components.
    func path(_ path: Range<Int>, isAtOrBelow ancestor: Range<Int>) -> Bool {
        var length = ancestor.count
        // The slash of the root `/` does not start a component.
        if length > 0, self[ancestor.upperBound - 1] == UInt8(ascii: "/") { length -= 1 }
        guard path.count >= length else { return false }
        for offset in 0..<length where self[path.lowerBound + offset] != self[ancestor.lowerBound + offset] {
            return false
        }
        return path.count == length || self[path.lowerBound + length] == UInt8(ascii: "/")
    }

    /// Returns the bytes of a range, with octal escapes like `\040` replaced by the bytes that they stand for.
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
    /// The number of bits that are 1, for example the number of CPUs in an affinity mask.
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
