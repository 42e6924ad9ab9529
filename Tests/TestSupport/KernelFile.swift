import Foundation

/// Kernel files. They have no size, a read may return a part of them, and they are written in one call.
package enum KernelFile {
    /// Returns the whole text of a file. Foundation ends at the first read that is shorter than requested.
    package static func text(_ path: String) throws(Failure) -> String {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw Failure(path, errno) }
        defer { close(file) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65536)
        while true {
            let count = read(file, &buffer, buffer.count)
            guard count >= 0 else { throw Failure(path, errno) }
            if count == 0 { return String(decoding: bytes, as: UTF8.self) }
            bytes += buffer[..<count]
        }
    }

    /// Writes a line to a file that exists. It is neither created nor replaced.
    package static func write(_ text: String, to path: String) throws(Failure) {
        let file = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC)
        guard file >= 0 else { throw Failure(path, errno) }
        defer { close(file) }
        let bytes = Array((text + "\n").utf8)
        guard Foundation.write(file, bytes, bytes.count) == bytes.count else {
            throw Failure("\(path) <- \(text)", errno)
        }
    }

    package static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    package struct Failure: Error, CustomStringConvertible {
        package let path: String
        package let number: Int32

        package init(_ path: String, _ number: Int32) {
            self.path = path
            self.number = number
        }

        package var description: String { "\(path): \(String(cString: strerror(number)))" }
    }
}
