extension Span<UInt8> {
    /// Whether one path is another or lies below it, by whole components.
    func path(_ path: Range<Int>, isAtOrBelow ancestor: Range<Int>) -> Bool {
        var length = ancestor.count
        // The root's only slash is no component.
        if length > 0, self[ancestor.upperBound - 1] == 0x2F { length -= 1 }
        guard path.count >= length else { return false }
        for offset in 0..<length where self[path.lowerBound + offset] != self[ancestor.lowerBound + offset] {
            return false
        }
        return path.count == length || self[path.lowerBound + length] == 0x2F
    }

    /// The bytes of a range with `\040` and its like replaced by the bytes they stand for.
    func unescapedOctal(in range: Range<Int>) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(range.count)
        var index = range.lowerBound
        while index < range.upperBound {
            if self[index] == 0x5C, index + 3 < range.upperBound, let byte = octalByte(at: index + 1) {
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
