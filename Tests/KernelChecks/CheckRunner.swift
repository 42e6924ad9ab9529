import CTestSupport
import Foundation
import TestSupport

/// Runs checks one after the other, each in a separate process with a time limit.
struct CheckRunner {
    let system: System
    let checks: [Check]

    private enum Outcome: Int32 {
        case passed = 0
        case failed = 1
        case skipped = 2
    }

    /// Prints a line for each check, and a line with the counts. Returns whether no check failed and at least one
    /// passed.
    func run() -> Bool {
        var counts: [Outcome: Int] = [:]
        for check in checks {
            let begin = ContinuousClock.now
            let (outcome, text) = outcome(of: check)
            let seconds = (ContinuousClock.now - begin) / .seconds(1)
            let took = String(format: "%.1f s", seconds)
            counts[outcome, default: 0] += 1
            switch outcome {
            case .passed: say("ok \(check.name) (\(took))\(text.isEmpty ? "" : ": \(text)")")
            case .failed: say("FAILED \(check.name) (\(took)): \(text)")
            case .skipped: say("skipped \(check.name): \(text)")
            }
        }
        let (passed, failed, skipped) = (counts[.passed] ?? 0, counts[.failed] ?? 0, counts[.skipped] ?? 0)
        say("kernel-checks: \(passed) passed, \(failed) failed, \(skipped) skipped")
        return failed == 0 && passed > 0
    }

    /// Runs one check in this process, and exits.
    static func make(_ check: Check) async -> Never {
        // The processes that the check starts are in its process group, and are killed with it.
        setpgid(0, 0)
        do {
            try await check.body()
            exit(Outcome.passed.rawValue)
        } catch let skipped as Skipped {
            print(skipped.reason)
            exit(Outcome.skipped.rawValue)
        } catch let unavailable as Cgroup.Unavailable {
            print(unavailable.reason)
            exit(Outcome.skipped.rawValue)
        } catch let unexpected as Unexpected {
            print(unexpected.text)
        } catch {
            print("threw \(error)")
        }
        exit(Outcome.failed.rawValue)
    }

    private func outcome(of check: Check) -> (Outcome, String) {
        let program = CommandLine.arguments[0]
        guard let child = try? ChildProcess(running: program, ["make", check.name]) else {
            return (.failed, "cannot be started")
        }
        let status = child.status(within: check.timeLimit)
        // Kills the processes that a killed check has left.
        kill(-child.pid, SIGKILL)
        child.end()
        Cgroup.removeLeftovers(of: child.pid)
        let text = child.rest().split(separator: "\n").joined(separator: "; ")
        guard let status else { return (.failed, "not done after \(check.timeLimit); \(text)") }
        return Outcome(rawValue: status).map { ($0, text) } ?? (.failed, "ended with status \(status); \(text)")
    }

    private func say(_ line: String) {
        print(line)
        fflush(nil)
    }
}
