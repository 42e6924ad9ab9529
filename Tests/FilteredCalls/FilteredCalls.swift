import CTestSupport
import Foundation
import ProcMem

/// Makes queries under a seccomp filter that ends the process for any system call that the allow-lists in use do not
/// contain. Prints `done` if none was made.
///
///     FilteredCalls library [PID]    every query of the library; PID is another process
///     FilteredCalls thread           the same with a filter on one thread only
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
            filter()
            try query(Int32(arguments.dropFirst().first ?? "") ?? getppid())
            try await queryStreams()
        case "thread":
            // Whatever the library remembers, it is not that a thread without a filter asked first.
            try query(getppid())
            let result = onThread {
                filter()
                try query(getppid())
            }
            try result.get()
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
                "usage: FilteredCalls library [PID] | thread | run PROGRAM ARG… | refuse ERRNO PROGRAM ARG… | "
                    + "refuse-one CALL ERRNO PROGRAM ARG… | statmount"
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

    /// Every query that returns one result, of the calling process and of another one, on the running system and below a
    /// directory.
    private static func query(_ other: Int32) throws {
        for root in [SystemRoot.live, SystemRoot(directory: "/")] {
            _ = effectiveCPUCount(in: root)
            _ = try CPULimits.current(in: root)
            _ = try CPULimits(of: other, in: root)
            var limits = try CPULimitReader(in: root)
            _ = try limits.read()
            _ = CPUThrottling.current(in: root)
            _ = try CPUThrottling(of: other, in: root)
            _ = CgroupCPUTime.current(in: root)
            _ = effectiveMemoryBytes(in: root)
            _ = try ContainerMemory.current(in: root)
            _ = try ContainerMemory(of: other, in: root)
            var containers = try ContainerMemoryReader(in: root)
            _ = try containers.read()
            _ = root.isPSSEstimated
            for mode in [MemoryMode.cheap, .sampled(reads: 64), .accurate, .within(.milliseconds(5))] {
                _ = try memoryUsage(mode: mode, in: root)
                _ = try? memoryUsage(of: other, mode: mode, in: root)
                for scope in [ProcessScope.currentTree, .tree(root: other), .currentCgroup, .all] {
                    // A budget keeps the accurate reading of a whole system short.
                    if scope == .all, mode == .accurate { continue }
                    _ = try memorySnapshot(of: scope, mode: mode, in: root)
                }
            }
            _ = try processList(of: .all, in: root)
            _ = try processUsage(of: .tree(root: other), includingOpenFiles: true, in: root)
            _ = try Statm(of: other, in: root)
            _ = try? SmapsRollup(of: other, in: root)
            var reader = try MemoryReader(in: root)
            _ = try reader.usage(mode: .cheap)
            _ = try reader.usage(mode: .sampled(reads: 64))
            _ = try reader.usage(mode: .accurate)
            _ = try reader.peakRSSBytes()
            _ = try reader.checkForExec()
        }
        #if Procps && (canImport(CProcpsHasLibproc2) || canImport(CProcpsHasLibprocps) || CPROCPS_HEADERS)
            queryTable()
        #endif
    }

    #if Procps && (canImport(CProcpsHasLibproc2) || canImport(CProcpsHasLibprocps) || CPROCPS_HEADERS)
        private static func queryTable() {
            guard var table = try? ProcessTable() else { return }
            _ = try? table.read()
        }
    #endif

    /// Every asynchronous sequence, up to its first element.
    private static func queryStreams() async throws {
        for try await _ in CPULimitChanges() { break }
        let pressure = PressureThreshold(share: 0.1)
        for try await _ in ContainerMemoryChanges(below: [.share(0.2)], pressure: pressure) { break }
        let sampler = MemorySampler(of: .currentTree, mode: .sampled(reads: 64))
        _ = try await sampler.snapshot()
        for try await _ in sampler.snapshots(every: .milliseconds(100)) { break }
    }
}
