@testable import ProcMem

/// Changes well-formed input into malformed input, in the same way in every run with the same seed.
struct Mutator {
    private var generator: SampleGenerator
    private let samples: [[UInt8]]

    /// Numbers and words that have caused errors in parsers.
    private static let tokens = [
        "0", "-1", "9223372036854775807", "9223372036854775808", "18446744073709551616", "99999999999999999999999",
        "max",
        "-", ",", ":", "(", ")", " ", "\n", "\t", "\0", "\\040", "\\777", "\\", "/..", "0-9999999999", "kB", "Rss:",
        "- cgroup",
    ].map { Array($0.utf8) }

    init(_ samples: [String], seed: UInt64) {
        generator = SampleGenerator(seed: seed)
        self.samples = samples.map { Array($0.utf8) }
    }

    /// Returns a sample with one to four changes.
    mutating func next() -> [UInt8] {
        var bytes = samples.randomElement(using: &generator) ?? []
        for _ in 0..<Int.random(in: 1...4, using: &generator) { change(&bytes) }
        return bytes
    }

    mutating func number(below count: Int) -> Int { Int.random(in: 0..<count, using: &generator) }

    private mutating func range(in bytes: [UInt8], atMost length: Int = .max) -> Range<Int> {
        let start = Int.random(in: 0...bytes.count, using: &generator)
        return start..<start + Int.random(in: 0...min(bytes.count - start, length), using: &generator)
    }

    private mutating func change(_ bytes: inout [UInt8]) {
        switch Int.random(in: 0..<9, using: &generator) {
        case 0:
            guard let place = bytes.indices.randomElement(using: &generator) else { return }
            bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
        case 1:
            guard let place = bytes.indices.randomElement(using: &generator) else { return }
            bytes[place] = UInt8.random(in: 0...255, using: &generator)
        case 2: bytes.removeLast(Int.random(in: 0...bytes.count, using: &generator))
        case 3: bytes.removeSubrange(range(in: bytes, atMost: 20))
        case 4:
            bytes.insert(
                contentsOf: Self.tokens.randomElement(using: &generator) ?? [],
                at: range(in: bytes).lowerBound
            )
        case 5:
            bytes.replaceSubrange(range(in: bytes, atMost: 8), with: Self.tokens.randomElement(using: &generator) ?? [])
        case 6:
            let copied = bytes[range(in: bytes, atMost: 200)]
            bytes.insert(contentsOf: copied, at: range(in: bytes).lowerBound)
        case 7:
            let other = samples.randomElement(using: &generator) ?? []
            bytes.replaceSubrange(range(in: bytes), with: other[range(in: other)])
        default:
            let noise = (0..<Int.random(in: 1...16, using: &generator)).map { _ in
                UInt8.random(in: 0...255, using: &generator)
            }
            bytes.insert(contentsOf: noise, at: range(in: bytes).lowerBound)
        }
    }
}
