import Foundation
import TestSupport

/// The kernel's files, which are written to as they are, and never made.
enum Files {
    static func write(_ text: String, to path: String) throws {
        let file = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC)
        guard file >= 0 else { throw Failure(path, errno) }
        defer { close(file) }
        let bytes = Array((text + "\n").utf8)
        guard Foundation.write(file, bytes, bytes.count) == bytes.count else {
            throw Failure("\(path) <- \(text)", errno)
        }
    }

    static func text(_ path: String) throws -> String {
        errno = 0
        do { return try KernelFile.text(path).trimmingCharacters(in: .newlines) } catch { throw Failure(path, errno) }
    }

    static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    static func isListed(_ name: String, in directory: String) -> Bool {
        (try? FileManager.default.contentsOfDirectory(atPath: directory))?.contains(name) ?? false
    }

    /// The number behind a word at a line's beginning, as in `memory.stat` and `/proc/meminfo`.
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

    struct Failure: Error, CustomStringConvertible {
        let path: String
        let number: Int32

        init(_ path: String, _ number: Int32) {
            self.path = path
            self.number = number
        }

        var description: String { "\(path): \(String(cString: strerror(number)))" }
    }
}
