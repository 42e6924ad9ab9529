import CTestSupport
import Foundation
import ProcMem

/// Makes queries under a seccomp filter that ends the process for any system call that the allow-lists in use do not
/// contain. Prints `done` if none was made.
///
///     FilteredCalls library [PID]    every query of the library; PID is another process
///     FilteredCalls thread           the same with a filter on one thread only
///     FilteredCalls hidden           the queries of the limits, with an empty `/proc`; `no rights` if it cannot be hidden
///     FilteredCalls list             prints the entry points of the library that `library` calls
///     FilteredCalls run PROGRAM ARG… executes a program
///     FilteredCalls refuse ERRNO PROGRAM ARG…
///                                    executes a program; the calls fail with the error and do not end it
///     FilteredCalls refuse-one CALL ERRNO PROGRAM ARG…
///                                    executes a program; one system call fails, and all others work
///     FilteredCalls statmount        makes a call that the lists do not contain, and ends with SIGSYS
@main enum FilteredCalls {
    static func main() async throws {
        skipLeakCheck()
        let arguments = Array(CommandLine.arguments.dropFirst())
        switch arguments.first {
        case "library":
            let other = Int32(arguments.dropFirst().first ?? "") ?? getppid()
            filter()
            for root in [SystemRoot.live, SystemRoot(directory: "/")] {
                try query(other, in: root)
                for query in StreamQuery.all { try await query.make(other, in: root) }
            }
        case "thread":
            // Whatever the library remembers, it is not that a thread without a filter asked first.
            try query(getppid(), in: .live)
            let result = onThread {
                filter()
                try query(getppid(), in: .live)
            }
            try result.get()
        case "hidden":
            guard test_hide_proc() == 0 else { return print("no rights") }
            filter()
            for query in Query.callersLimits { try query.make(1, in: .live) }
            guard try ContainerMemory.current().machineBytes != nil else { fail("sysinfo(2) was not called") }
        case "list":
            for name in Query.all.flatMap(\.entries) + StreamQuery.all.flatMap(\.entries) { print(name) }
            return
        case "run":
            filter()
            execute(Array(arguments.dropFirst()))
        case "refuse":
            let error = Int32(arguments.dropFirst().first ?? "") ?? EPERM
            guard test_refuse_system_calls(error) == 0 else { fail("no filter: error \(errno)") }
            execute(Array(arguments.dropFirst(2)))
        case "refuse-one":
            let error = Int32(arguments.dropFirst(2).first ?? "") ?? EPERM
            guard test_refuse_call(arguments.dropFirst().first ?? "", error) == 0 else {
                fail("no filter: error \(errno)")
            }
            execute(Array(arguments.dropFirst(3)))
        case "statmount":
            filter()
            _ = test_call_statmount()
        default:
            fail(
                "usage: FilteredCalls library [PID] | thread | hidden | list | run PROGRAM ARG… | "
                    + "refuse ERRNO PROGRAM ARG… | refuse-one CALL ERRNO PROGRAM ARG… | statmount"
            )
        }
        print("done")
    }

    /// Starts again without the leak check of AddressSanitizer, if that is on: at exit it calls ptrace(2), and where a
    /// filter refuses that call, it waits for ever.
    private static func skipLeakCheck() {
        let off = ":detect_leaks=0"
        guard let options = ProcessInfo.processInfo.environment["ASAN_OPTIONS"], !options.hasSuffix(off) else { return }
        setenv("ASAN_OPTIONS", options + off, 1)
        execute(["/proc/self/exe"] + CommandLine.arguments.dropFirst())
    }

    private static func filter() {
        guard test_filter_system_calls() == 0 else { fail("no filter: error \(errno)") }
    }

    private static func execute(_ words: [String]) -> Never {
        execv(words[0], words.map { strdup($0) } + [nil])
        fail("\(words): error \(errno)")
    }

    private static func fail(_ text: String) -> Never {
        FileHandle.standardError.write(Data((text + "\n").utf8))
        exit(99)
    }

    private static func onThread(_ body: @escaping @Sendable () throws -> Void) -> Result<Void, any Error> {
        let done = DispatchSemaphore(value: 0)
        nonisolated(unsafe) var result: Result<Void, any Error> = .success(())
        Thread.detachNewThread {
            result = Result { try body() }
            done.signal()
        }
        done.wait()
        return result
    }

    private static func query(_ other: Int32, in root: SystemRoot) throws {
        for query in Query.all { try query.make(other, in: root) }
    }
}
