import Foundation
import TestSupport

/// A completed run of the built `procmem`.
struct CommandRun {
    let status: Int32
    let output: String
    let errors: String

    var lines: [Substring] { output.split(separator: "\n", omittingEmptySubsequences: false).dropLast() }
    var errorLines: [Substring] { errors.split(separator: "\n") }

    init(_ arguments: String..., in tree: FixtureTree? = nil) throws {
        try self.init(arguments, in: tree)
    }

    init(_ arguments: [String], in tree: FixtureTree? = nil) throws {
        // The directory must exist while the command runs.
        let result = try withExtendedLifetime(tree) {
            try ChildProcess.output(
                of: BuiltProduct.url(of: "procmem").path,
                arguments + (tree.map { ["--sysroot", $0.directory.path] } ?? [])
            )
        }
        status = result.status
        output = result.text
        errors = result.errorText
    }

    /// Returns standard output parsed as JSON.
    func json() throws -> JSON {
        try JSON(parsing: output)
    }
}
