public import Foundation

/// A program that a test starts, and that ends with the test at the latest.
public final class ChildProcess {
    private let process = Process()
    private let input = Pipe()
    private let output = Pipe()
    /// The ids that a ``ProcessState`` printed.
    public private(set) var ids: [Int32] = []

    public var pid: Int32 { process.processIdentifier }

    /// Starts a process in a state, and waits until it is in it.
    public init(state: String, _ arguments: any CustomStringConvertible...) throws {
        process.executableURL = try BuiltProduct.url(of: "ProcessStates")
        process.arguments = [state] + arguments.map(\.description)
        process.standardInput = input
        process.standardOutput = output
        try process.run()
        let line = output.fileHandleForReading.line()
        guard line.hasPrefix("ready") else { throw Failure.notReady(state: state, said: line) }
        ids = line.split(separator: " ").dropFirst().compactMap { Int32($0) }
    }

    /// Starts any program, which is expected to stay.
    public init(running path: String, _ arguments: [String]) throws {
        process.executableURL = URL(filePath: path)
        process.arguments = arguments
        process.standardInput = input
        process.standardOutput = output
        try process.run()
    }

    /// Ends the process, and collects it.
    public func end() {
        guard process.isRunning else { return }
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }

    deinit { end() }

    /// What a program that ends by itself said.
    public static func output(of path: String, _ arguments: [String]) throws -> Output {
        let process = Process()
        let output = Pipe()
        let errors = Pipe()
        process.executableURL = URL(filePath: path)
        process.arguments = arguments
        process.standardOutput = output
        process.standardError = errors
        process.standardInput = FileHandle.nullDevice
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        let errorText = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        return Output(text: text, errorText: errorText, status: process.terminationStatus)
    }

    public struct Output: Sendable {
        public let text: String
        public let errorText: String
        public let status: Int32
    }

    public enum Failure: Error {
        case notReady(state: String, said: String)
        case notBuilt(String)
    }
}

/// What the package built beside the tests.
public enum BuiltProduct {
    public static func url(of name: String) throws -> URL {
        let tests = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        let url = URL(filePath: tests).deletingLastPathComponent().appending(path: name)
        guard FileManager.default.isExecutableFile(atPath: url.path) else {
            throw ChildProcess.Failure.notBuilt(url.path)
        }
        return url
    }
}

extension FileHandle {
    /// The bytes up to the next newline or the end.
    fileprivate func line() -> String {
        var bytes: [UInt8] = []
        while let byte = try? read(upToCount: 1)?.first, byte != 0x0A { bytes.append(byte) }
        return String(decoding: bytes, as: UTF8.self)
    }
}
