/// `cpu.stat` or `cpu.stat.local` of a cgroup: what they say of throttling.
///
/// Lines are `NAME NUMBER`. v2 counts in microseconds (`throttled_usec`), v1 in nanoseconds (`throttled_time`). Names
/// that are not there stay `nil`: the root of v2 has none of them, nor has a cgroup without the controller.
struct CPUStat: Hashable, Sendable {
    /// `nr_periods`.
    private(set) var periods: Int?
    /// `nr_throttled`.
    private(set) var throttledPeriods: Int?
    /// `throttled_usec`, or `throttled_time` in whole microseconds.
    private(set) var throttledMicroseconds: Int?

    static let shape = FileShape(expectedBytes: 512, limitBytes: 65536)

    init(parsing bytes: Span<UInt8>) throws(Malformation) {
        var index = 0
        while let line = bytes.nextLine(at: &index) {
            var fieldIndex = line.lowerBound
            guard let name = bytes.nextField(at: &fieldIndex), name.upperBound <= line.upperBound else { continue }
            func number() throws(Malformation) -> Int {
                var valueIndex = name.upperBound
                guard let field = bytes.nextField(at: &valueIndex), field.upperBound <= line.upperBound,
                    let number = bytes.decimal(in: field)
                else { throw Malformation(expected: "a number after \(bytes.text(in: name))") }
                return number
            }
            if bytes.equals("nr_periods", in: name) {
                periods = try number()
            } else if bytes.equals("nr_throttled", in: name) {
                throttledPeriods = try number()
            } else if bytes.equals("throttled_usec", in: name) {
                throttledMicroseconds = try number()
            } else if bytes.equals("throttled_time", in: name) {
                throttledMicroseconds = try number() / 1000
            }
        }
    }

    var isEmpty: Bool { periods == nil && throttledPeriods == nil && throttledMicroseconds == nil }
}
