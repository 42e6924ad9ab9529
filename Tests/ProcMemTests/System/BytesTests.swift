import Testing

@testable import ProcMem

@Suite struct BytesTests {
    @Test(
        arguments: [
            ("", []),
            (" \t\n\u{0B}\u{0C}\r", []),
            ("one", ["one"]),
            ("  one  two\t\tthree\n", ["one", "two", "three"]),
            ("one\r\ntwo", ["one", "two"]),
            ("a\u{0B}b\u{0C}c", ["a", "b", "c"]),
            // These are not ASCII space: a NUL and a no-break space belong to the field.
            ("a\0b \u{A0}c", ["a\0b", "\u{A0}c"]),
        ] as [(String, [String])]
    )
    func fieldsAreSeparatedByAnyASCIISpace(_ text: String, _ fields: [String]) {
        #expect(KernelText.fields(of: text) == fields)
    }

    @Test(
        arguments: [
            ("", []),
            ("\n", [""]),
            ("one", ["one"]),
            ("one\n", ["one"]),
            ("one\n\nthree", ["one", "", "three"]),
            ("one\r\ntwo\n", ["one\r", "two"]),
        ] as [(String, [String])]
    )
    func theLastLineMayLackItsNewline(_ text: String, _ lines: [String]) {
        #expect(KernelText.lines(of: text) == lines)
    }

    @Test(
        arguments: [
            ("one", "one"), (" one\n", "one"), ("", nil), (" \n", nil), ("one two", nil), ("one\ntwo", nil),
        ] as [(String, String?)]
    )
    func theOnlyFieldHasNoOtherBesideIt(_ text: String, _ expected: String?) {
        let field = KernelText.parse(text) { bytes in bytes.onlyField.map { bytes.text(in: $0) } }
        #expect(field == expected)
    }

    @Test(
        arguments: [
            ("0", 0), ("7", 7), ("0042", 42),
            ("9223372036854775807", Int.max),
            (String(repeating: "0", count: 40) + "9223372036854775807", Int.max),
        ] as [(String, Int)]
    )
    func digitsAreANumber(_ text: String, _ expected: Int) {
        #expect(KernelText.parse(text) { $0.decimal(in: 0..<$0.count) } == expected)
    }

    @Test(arguments: [
        "", " ", "-1", "+1", "-", "1 ", " 1", "1.5", "1e3", "0x10", "１", "1_000", "1,000", "\0",
        "9223372036854775808", "9223372036854775810", "18446744073709551615", "18446744073709551616",
        "99999999999999999999", "99999999999999999999999999999999999999999999",
    ])
    func anythingElseIsNoNumber(_ text: String) {
        #expect(KernelText.parse(text) { $0.decimal(in: 0..<$0.count) } == nil)
    }

    @Test(
        arguments: [
            ("0", 0), ("0.00", 0), ("12.34", 12.34), ("100", 100), ("0.123456789", 0.123456789), ("007.5", 7.5),
        ] as [(String, Double)]
    )
    func digitsWithAPointAreAFraction(_ text: String, _ expected: Double) {
        #expect(KernelText.parse(text) { $0.decimalFraction(in: 0..<$0.count) } == expected)
    }

    @Test(arguments: [
        "", ".", ".5", "1.", "-1.5", "1.5.2", "1,5", "1e3", "nan", "0.1234567890", "9223372036854775808.0",
    ])
    func anythingElseIsNoFraction(_ text: String) {
        #expect(KernelText.parse(text) { $0.decimalFraction(in: 0..<$0.count) } == nil)
    }

    @Test func aNumberIsReadInItsRangeAlone() {
        #expect(KernelText.parse("12345") { $0.decimal(in: 1..<3) } == 23)
        #expect(KernelText.parse("12345") { $0.decimal(in: 2..<2) } == nil)
    }

    @Test(
        arguments: [
            ("cpu", true), ("cpu,cpuacct", true), ("cpuacct,cpu", true), ("rw,cpu,cpuacct", true),
            ("rw,cpuacct,cpu", true),
            (",cpu", true), ("cpu,", true), (",,cpu,,", true),
            ("", false), (",", false), ("cpuset", false), ("cpuacct", false), ("xcpu", false), ("CPU", false),
            ("cpu cpuacct", false), ("name=cpu", false), ("cp", false), ("cpu;cpuset", false),
        ] as [(String, Bool)]
    )
    func aListHasWholeWords(_ list: String, _ expected: Bool) {
        #expect(KernelText.parse(list) { $0.list(in: 0..<$0.count, contains: "cpu") } == expected)
    }

    @Test func aListEndsWithItsRange() {
        let (inside, outside) = KernelText.parse("rw,cpu,cpuset") { bytes in
            (bytes.list(in: 0..<6, contains: "cpu"), bytes.list(in: 0..<5, contains: "cpu"))
        }
        #expect(inside)
        #expect(!outside)
    }

    @Test(
        arguments: [
            ("MemTotal: 1", "MemTotal:", true, false), ("MemTotal:", "MemTotal:", true, true),
            ("MemTota", "MemTotal:", false, false), ("memtotal:", "MemTotal:", false, false),
        ] as [(String, StaticString, Bool, Bool)]
    )
    func prefixesAndEqualityAreByBytes(_ text: String, _ wanted: StaticString, _ isPrefix: Bool, _ isEqual: Bool) {
        #expect(KernelText.parse(text) { $0.hasPrefix(wanted, in: 0..<$0.count) } == isPrefix)
        #expect(KernelText.parse(text) { $0.equals(wanted, in: 0..<$0.count) } == isEqual)
    }

    @Test(
        arguments: [
            (Array("max 1\n".utf8), "\"max 1\\n\""),
            ([], "\"\""),
            ([0x1B, 0x5B, 0x41, 0x00, 0x7F, 0xC3, 0xA4], "\"?[A????\""),
            ([UInt8](repeating: 0x61, count: 80), "\"" + String(repeating: "a", count: 80) + "\""),
            ([UInt8](repeating: 0x61, count: 81), "\"" + String(repeating: "a", count: 80) + "\"…"),
        ] as [([UInt8], String)]
    )
    func aQuotationIsOneLineOfHarmlessCharacters(_ bytes: [UInt8], _ expected: String) {
        #expect(KernelText.parse(bytes) { $0.excerpt } == expected)
    }

    @Test(arguments: [("1", 1), ("2147483647", Int32.max)] as [(String, Int32)])
    func aNameOfDigitsIsAProcess(_ name: String, _ id: Int32) {
        #expect(KernelText.parse(name) { $0.pid(in: 0..<$0.count) } == id)
    }

    @Test(arguments: ["0", "01", "-1", "+5", "1e3", "self", "", "2147483648", "99999999999999999999"])
    func anyOtherNameIsNoProcess(_ name: String) {
        #expect(KernelText.parse(name) { $0.pid(in: 0..<$0.count) } == nil)
    }
}
