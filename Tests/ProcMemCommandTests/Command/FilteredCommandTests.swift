import Foundation
import TestSupport
import Testing

/// The command under a seccomp filter, as in a service with `SystemCallFilter=@system-service` or in a container.
@Suite(.timeLimit(.minutes(BuildMode.isSanitized ? 20 : 5))) struct FilteredCommandTests {
    @Test(
        arguments: [
            [], ["--json"], ["cpu"], ["cpu", "--json", "--pid", "\(getpid())"], ["cpu", "--throttling", "0.1"],
            ["container"], ["container", "--json", "--pid", "\(getpid())"], ["memory"], ["memory", "--all"],
            ["memory", "--tree", "\(getpid())", "--mode", "sampled"], ["memory", "--mode", "accurate"],
            ["memory", "--all", "--mode", "within", "--budget", "20ms"], ["cpu", "--sysroot", "/"],
        ] as [[String]]
    )
    func everySubcommand(_ arguments: [String]) throws {
        let launcher = try BuiltProduct.url(of: "FilteredCalls").path
        let procmem = try BuiltProduct.url(of: "procmem").path
        let child = try ChildProcess.output(of: launcher, ["run", procmem] + arguments)
        try #require(child.status != 99, "no seccomp filter can be installed: \(child.errorText)")
        // 1 if a part of the figures could not be read, which is printed; a forbidden call would end it with SIGSYS.
        #expect(child.status <= 1 && !child.text.isEmpty, "\(child.status): \(child.errorText)")
    }

    @Test(arguments: [["cpu", "--watch"], ["container", "--watch", "--below", "20%", "--pressure", "10%"]])
    func watching(_ arguments: [String]) throws {
        let launcher = try BuiltProduct.url(of: "FilteredCalls").path
        let procmem = try BuiltProduct.url(of: "procmem").path
        let child = try ChildProcess(running: launcher, ["run", procmem] + arguments)
        #expect(child.line().contains(arguments[0] == "cpu" ? " CPU" : "start: "))
        #expect(child.status(within: .milliseconds(1500)) == nil)
    }
}
