/// What a terminal shows of the bytes that a program writes to it: the part of xterm that the command uses.
struct ScreenModel {
    /// A place on the screen.
    struct Cell: Equatable {
        var text: String = " "
        /// The parameters of SGR, such as 7 for reversed.
        var attributes: Set<Int> = []
    }

    private(set) var width: Int
    private(set) var height: Int
    private(set) var cells: [[Cell]]
    private(set) var isAlternate = false
    private(set) var isCursorVisible = true
    private(set) var wraps = true
    /// All attributes that were ever used.
    private(set) var usedAttributes: Set<Int> = []
    /// Sequences that this model does not know: the program must not write them.
    private(set) var unknown: [String] = []
    /// What was written to the main screen.
    private(set) var mainOutput = ""

    private var row = 0
    private var column = 0
    private var attributes: Set<Int> = []
    private var pending: [UInt8] = []

    init(width: Int, height: Int) {
        (self.width, self.height) = (width, height)
        cells = Array(repeating: Array(repeating: Cell(), count: width), count: height)
    }

    var lines: [String] {
        cells.map { line in
            let text = line.map(\.text).joined()
            return String(text.reversed().drop { $0 == " " }.reversed())
        }
    }

    var text: String { lines.joined(separator: "\n") }

    /// The lines whose first column is reversed.
    var reversedLines: [Int] { cells.indices.filter { cells[$0].first?.attributes.contains(7) == true } }

    mutating func resize(width: Int, height: Int) {
        (self.width, self.height) = (width, height)
        cells = Array(repeating: Array(repeating: Cell(), count: width), count: height)
    }

    mutating func feed(_ bytes: [UInt8]) {
        pending += bytes
        while let count = consume(pending) { pending.removeFirst(count) }
    }

    /// Interprets the first character or sequence, and returns the number of its bytes; `nil` if bytes are missing.
    private mutating func consume(_ bytes: [UInt8]) -> Int? {
        guard let first = bytes.first else { return nil }
        if first == 0x1B {
            guard bytes.count >= 3 else { return nil }
            guard bytes[1] == UInt8(ascii: "[") else {
                unknown.append("ESC \(bytes[1])")
                return 2
            }
            guard let end = bytes.dropFirst(2).firstIndex(where: { (0x40...0x7E).contains($0) }) else { return nil }
            control(String(decoding: bytes[2..<end], as: UTF8.self), Character(Unicode.Scalar(bytes[end])))
            return end + 1
        }
        if first < 0x20 {
            if !isAlternate { mainOutput.append(Character(Unicode.Scalar(first))) }
            if first == 0x0D { column = 0 }
            if first == 0x0A { row = min(row + 1, height - 1) }
            return 1
        }
        let count = first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4
        guard bytes.count >= count else { return nil }
        put(String(decoding: bytes[..<count], as: UTF8.self))
        return count
    }

    private mutating func put(_ character: String) {
        guard isAlternate else { return mainOutput += character }
        guard row < height else { return }
        // Without line wrap, the last column is overwritten.
        let place = min(column, width - 1)
        cells[row][place] = Cell(text: character, attributes: attributes)
        column = place + 1
    }

    private mutating func control(_ parameters: String, _ final: Character) {
        let numbers = parameters.split(separator: ";", omittingEmptySubsequences: false).map { Int($0) ?? 0 }
        switch (parameters, final) {
        case (_, "H"):
            row = min(max(0, (numbers.first ?? 1) - 1), height - 1)
            column = min(max(0, (numbers.count > 1 ? numbers[1] : 1) - 1), width - 1)
        case ("", "K"), ("0", "K"):
            // In the last column, a terminal erases the character that was just written.
            for place in min(column, width - 1)..<width { cells[row][place] = Cell() }
        case ("2", "J"):
            cells = Array(repeating: Array(repeating: Cell(), count: width), count: height)
        case (_, "m"):
            for number in numbers {
                if number == 0 { attributes = [] } else { attributes.insert(number) }
            }
            usedAttributes.formUnion(attributes)
        case ("?1049", "h"): isAlternate = true
        case ("?1049", "l"): isAlternate = false
        case ("?25", "h"): isCursorVisible = true
        case ("?25", "l"): isCursorVisible = false
        case ("?7", "h"): wraps = true
        case ("?7", "l"): wraps = false
        case ("?2026", _): break
        default: unknown.append("CSI \(parameters)\(final)")
        }
    }
}
