import Foundation
import ProcMem
import TestSupport

/// Runs the library under load, and prints a table of what happened. Fails if a check of a load fails.
///
///     LoadChecks [--seconds S] [--passes N] [LOAD…]
@main enum LoadChecks {
    static func main() async {
        var settings = Load.Settings()
        var names: [String] = []
        var words = CommandLine.arguments.dropFirst()
        while let word = words.popFirst() {
            switch word {
            case "--seconds": settings.secondsPerMode = number(words.popFirst())
            case "--passes": settings.passes = Int(number(words.popFirst()))
            case "--help": fail(usage)
            default: names.append(word)
            }
        }
        let loads = names.isEmpty ? Load.all : Load.all.filter { names.contains($0.name) }
        guard loads.count == (names.isEmpty ? Load.all.count : names.count) else { fail(usage) }

        print(Outcome.heading)
        var failures: [String] = []
        for load in loads {
            do {
                for outcome in try await load.run(settings) {
                    print(outcome.row)
                    failures += outcome.failures.map { "\(load.name), \(outcome.subject): \($0)" }
                }
            } catch {
                failures.append("\(load.name): \(error)")
            }
        }
        for failure in failures { FileHandle.standardError.write(Data("load: \(failure)\n".utf8)) }
        print("\nload: \(loads.count) loads, \(failures.count) failed checks")
        exit(failures.isEmpty ? 0 : 1)
    }

    private static let usage = """
        usage: LoadChecks [--seconds S] [--passes N] [LOAD…]

        Loads, all of them unless some are named:
        \(Load.all.map { "    \($0.name): \($0.description)" }.joined(separator: "\n"))

          --seconds S  how long each mode is repeated (default: \(Load.Settings().secondsPerMode))
          --passes N   how many passes of samplers and change streams are made (default: \(Load.Settings().passes))
        """

    private static func number(_ word: String?) -> Double {
        guard let number = Double(word ?? ""), (0...1e9).contains(number) else { fail(usage) }
        return number
    }

    private static func fail(_ text: String) -> Never {
        FileHandle.standardError.write(Data((text + "\n").utf8))
        exit(64)
    }
}
