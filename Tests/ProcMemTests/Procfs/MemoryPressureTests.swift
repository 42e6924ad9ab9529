import Testing

@testable import ProcMem

/// `memory.pressure` as the kernel writes it, and malformed.
@Suite struct MemoryPressureTests {
    private func pressure(_ text: String) throws -> MemoryPressure {
        try KernelText.parse(text) { try MemoryPressure(parsing: $0) }
    }

    private static let some = "some avg10=12.34 avg60=5.06 avg300=0.99 total=123456789\n"
    private static let full = "full avg10=100.00 avg60=0.00 avg300=0.01 total=42\n"

    @Test func everyFigure() throws {
        let pressure = try pressure(Self.some + Self.full)
        #expect(pressure.some == .init(avg10: 12.34, avg60: 5.06, avg300: 0.99, totalMicroseconds: 123_456_789))
        #expect(pressure.full == .init(avg10: 100, avg60: 0, avg300: 0.01, totalMicroseconds: 42))
    }

    @Test func orderAndWhatIsNewDoNotMatter() throws {
        let other = "half avg10=x\n\nfull total=42 avg900=x avg300=0.01 new avg60=0.00 avg10=100\n"
        #expect(try pressure(other + Self.some) == pressure(Self.some + Self.full))
    }

    @Test(
        arguments: [
            "", some, full, some + "full\n", some + "full avg10=0.00 avg60=0.00 avg300=0.00\n",
            some + "full avg10=0.00 avg60=0.00 total=1\n", some + "full avg10=-1 avg60=0.00 avg300=0.00 total=1\n",
            some + "full avg10=100.01 avg60=0.00 avg300=0.00 total=1\n",
            some + "full avg10=.5 avg60=0.00 avg300=0.00 total=1\n",
            some + "full avg10=1. avg60=0.00 avg300=0.00 total=1\n",
            some + "full avg10=1.0000000001 avg60=0.00 avg300=0.00 total=1\n",
            some + "full avg10=nan avg60=0.00 avg300=0.00 total=1\n",
            some + "full avg10=0.00 avg60=0.00 avg300=0.00 total=9223372036854775808\n",
            // A field on a line of its own belongs to no record.
            some + "full avg10=0.00 avg60=0.00 avg300=0.00\ntotal=1\n",
        ]
    ) func whatIsNoPressureIsRefused(_ text: String) {
        #expect(throws: ParseError.self) { try pressure(text) }
    }
}
