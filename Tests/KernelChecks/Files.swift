import Foundation
import TestSupport

/// The kernel's files. They are written in place, and never created.
enum Files {
    typealias Failure = KernelFile.Failure

    static func write(_ text: String, to path: String) throws { try KernelFile.write(text, to: path) }

    static func text(_ path: String) throws -> String {
        try KernelFile.text(path).trimmingCharacters(in: .newlines)
    }

    static func exists(_ path: String) -> Bool { KernelFile.exists(path) }

    static func isListed(_ name: String, in directory: String) -> Bool {
        (try? FileManager.default.contentsOfDirectory(atPath: directory))?.contains(name) ?? false
    }

    /// The number after a word at the beginning of a line, as in `memory.stat` and `/proc/meminfo`.
    static func number(after word: String, in path: String) throws -> Int {
        for line in try text(path).split(separator: "\n") {
            let fields = line.split(whereSeparator: { " \t:".contains($0) })
            if fields.count > 1, fields[0] == word, let number = Int(fields[1]) { return number }
        }
        throw Unexpected("\(path): no number after \(word)")
    }

    static func number(_ path: String) throws -> Int {
        let text = try text(path)
        return try require(Int(text), "\(path): \(text)")
    }
}
