import Testing

@testable import ProcMem

@Suite struct CPUSetTests {
    private func list(_ text: String) -> CPUSet? { try? KernelText.parse(text) { try CPUSet(parsingList: $0) } }

    private func mask(_ text: String) -> CPUSet? {
        try? KernelText.parse(text) { try CPUSet(parsingMask: $0, in: 0..<$0.count) }
    }

    private func words(_ words: [UInt64]) -> CPUSet { CPUSet(words: words.span) }

    @Test(
        arguments: [
            ("0\n", "0", 1), ("0-3\n", "0-3", 4), ("0-3,7", "0-3,7", 5), ("7,0-3", "0-3,7", 5), ("0-1,2-3", "0-3", 4),
            ("0-5,2-3", "0-5", 6), ("3,3,3", "3", 1), ("1,0", "0-1", 2), (" 0-63 \n", "0-63", 64), ("05-007", "5-7", 3),
            ("1048575", "1048575", 1), ("0-1048575", "0-1048575", 1_048_576),
        ] as [(String, String, Int)]
    )
    func aListIsReadAndWrittenCanonically(_ text: String, _ description: String, _ count: Int) {
        #expect(list(text)?.description == description)
        #expect(list(text)?.count == count)
    }

    @Test(arguments: [
        "", "\n", " ", ",", "0,", ",0", "0,,1", "-", "-1", "1-", "0--1", "3-1", "0-1-2", "a", "0x1", "0 1", "0,\n1",
        "+1",
        "1048576", "0-1048576", "99999999999999999999", "0-99999999999999999999", "0:1", "0-7/2", "all", "０",
    ])
    func aListThatIsNoneIsRefused(_ text: String) {
        #expect(list(text) == nil)
    }

    @Test(
        arguments: [
            ("1", "0"), ("3", "0-1"), ("f", "0-3"), ("F", "0-3"), ("00000000,0000000f", "0-3"), ("80000000", "31"),
            ("1,00000000", "32"), ("ffffffff,ffffffff", "0-63"), ("a0000000,00000001", "0,61,63"),
            ("8,00000001", "0,35"),
            ("0" + String(repeating: ",00000000", count: 100) + ",00000002", "1"),
        ] as [(String, String)]
    )
    func aMaskIsReadFromItsEnd(_ text: String, _ description: String) {
        #expect(mask(text)?.description == description)
    }

    @Test(arguments: ["", ",", "0", "00000000,00000000", "0x3", "g", "3 ", "-1", "３", "f\n"])
    func aMaskThatIsNoneIsRefused(_ text: String) {
        #expect(mask(text) == nil)
    }

    @Test func aMaskOfMoreThanAnyKernelsCPUsIsRefused() {
        let most = String(repeating: "f", count: (1 << 20) / 4)
        #expect(mask(most)?.description == "0-1048575")
        #expect(mask("1" + most) == nil)
    }

    @Test(
        arguments: [
            ([], ""), ([0], ""), ([1], "0"), ([1 << 63], "63"), ([.max], "0-63"), ([.max, .max], "0-127"),
            ([1 << 63, 1], "63-64"), ([0, 0, 4], "130"), ([0b1011_0110], "1-2,4-5,7"), ([.max >> 1], "0-62"),
            ([.max << 1, 0, 1], "1-63,128"),
        ] as [([UInt64], String)]
    )
    func wordsAreCPUsLowestFirst(_ words: [UInt64], _ description: String) {
        #expect(self.words(words).description == description)
    }

    @Test func rangesOutsideOfWhatCanBeAreLeftOut() {
        #expect(CPUSet([-5 ... -1, Int.min...Int.min, 2_000_000...Int.max]).count == 0)
        #expect(CPUSet([Int.min...3, 1_048_575...Int.max]).description == "0-3,1048575")
        #expect(CPUSet([Int.min...Int.max]).count == 1_048_576)
        #expect(CPUSet([]).description == "")
    }

    @Test func aSetIsTheSameHoweverItWasWritten() {
        #expect(list("0-3,7") == mask("8f"))
        #expect(list("0-3,7") == words([0x8F]))
        #expect(list("0,1,2,3,7") == CPUSet([7...7, 2...3, 0...2]))
        #expect(list("0-3,7") != list("0-3"))
    }

    /// Random sets, as ranges, list, mask and words, compared with a set of numbers.
    @Test(arguments: 0..<20) func setsBehaveAsSetsOfNumbers(_ seed: UInt64) throws {
        var generator = SampleGenerator(seed: seed)
        for _ in 0..<20 {
            let size = Int.random(in: 1...300, using: &generator)
            let density = Int.random(in: 1...20, using: &generator)
            func random() -> Set<Int> {
                Set((0..<size).filter { _ in Int.random(in: 0..<20, using: &generator) < density })
            }
            let (numbers, others) = (random(), random())
            let set = CPUSet(numbers.map { $0...$0 })

            #expect(set.count == numbers.count)
            #expect((0...size).allSatisfy { set.contains($0) == numbers.contains($0) })
            #expect(zip(set.ranges, set.ranges.dropFirst()).allSatisfy { $0.upperBound + 1 < $1.lowerBound })
            let common = set.intersection(CPUSet(others.map { $0...$0 }))
            #expect(common == CPUSet(numbers.intersection(others).map { $0...$0 }))

            var words = [UInt64](repeating: 0, count: size / 64 + 1)
            for number in numbers { words[number / 64] |= 1 << UInt64(number % 64) }
            #expect(self.words(words) == set)
            guard !numbers.isEmpty else { continue }
            #expect(list(set.description) == set)
            let digits = words.reversed().flatMap { word in
                let text = String(word, radix: 16)
                let padded = String(repeating: "0", count: 16 - text.count) + text
                return [padded.prefix(8), padded.suffix(8)]
            }
            #expect(mask(digits.joined(separator: ",")) == set)
        }
    }
}
