import Foundation
import TestSupport

/// A terminal of a given width for the output of a program.
enum Pseudoterminal {
    /// Returns the lines that `procmem` prints to the terminal.
    static func lines(
        of arguments: String...,
        in tree: FixtureTree? = nil,
        width: Int,
        environment: [String: String] = [:]
    ) throws -> [String] {
        var (outside, inside): (Int32, Int32) = (-1, -1)
        var size = winsize(ws_row: 24, ws_col: UInt16(width), ws_xpixel: 0, ws_ypixel: 0)
        guard openpty(&outside, &inside, nil, nil, &size) == 0 else { throw CocoaError(.featureUnsupported) }
        defer { close(outside) }

        let process = Process()
        process.executableURL = try BuiltProduct.url(of: "procmem")
        process.arguments = arguments + (tree.map { ["--sysroot", $0.directory.path] } ?? [])
        process.environment = ProcessInfo.processInfo.environment.filter { $0.key != "COLUMNS" }
            .merging(environment) { $1 }
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle(fileDescriptor: inside, closeOnDealloc: false)
        try process.run()
        close(inside)

        // After the program has exited, reading fails with EIO.
        var output: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = read(outside, &buffer, buffer.count)
            guard count > 0 else { break }
            output += buffer[..<count]
        }
        process.waitUntilExit()
        return String(decoding: output, as: UTF8.self).split(separator: "\r\n", omittingEmptySubsequences: false)
            .dropLast().map(String.init)
    }
}
