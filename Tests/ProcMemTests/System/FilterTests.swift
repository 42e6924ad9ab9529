import Foundation
import TestSupport
import Testing

/// A seccomp filter that ends the process for a system call that the allow-lists in use do not contain.
@Suite(.unless(filterObstacle), .timeLimit(.minutes(5))) struct FilterTests {
    private func output(_ arguments: String...) throws -> ChildProcess.Output {
        try ChildProcess.output(of: BuiltProduct.url(of: "FilteredCalls").path, arguments)
    }

    @Test(arguments: ["library", "thread"]) func noQueryMakesAnotherCall(_ mode: String) throws {
        let child = try output(mode)
        #expect(child.status == 0 && child.text == "done\n", "\(child.status): \(child.errorText)")
    }

    /// Without this, the test above could pass under a filter that allows everything.
    @Test func anotherCallEndsTheProcess() throws {
        #expect(try output("statmount").status == 128 + SIGSYS)
    }
}

/// Why no filter can be installed here; `nil` where one can.
private let filterObstacle: String? = {
    guard let program = try? BuiltProduct.url(of: "FilteredCalls").path,
        let child = try? ChildProcess.output(of: program, ["run", "/bin/true"])
    else { return "FilteredCalls is not built" }
    return child.status == 0 ? nil : "no seccomp filter can be installed: \(child.errorText)"
}()
