import CFaults
import Foundation
import ProcMem

/// Disturbs the system calls of cases, one in each run, and judges the outcomes.
struct Campaign {
    /// Whether every error and every length is injected, or the representative ones.
    let isExhaustive: Bool
    /// The only error to inject; `nil` for those of the tables.
    let onlyError: Int32?
    /// Whether the two numbers that have no label by design may not differ either.
    let isStrict: Bool
    private(set) var tally = Tally()
    private(set) var problems: [String] = []

    struct Tally {
        var cases = 0
        var calls = 0
        var faults = 0
        var same = 0
        var labelled = 0
        /// Answers for a system without a file, or a process, that the call called missing.
        var absent = 0
        var errors = 0
        var unlabelled = 0
        var leaks = 0
    }

    /// A change of one system call.
    private struct Fault {
        let call: Int64
        /// As the C code has it: the text remains valid.
        let name: UnsafePointer<CChar>
        /// 0 to shorten a read.
        let error: Int32
        var length: Int64 = 0

        /// Whether the call states that the process has exited, or that its file is empty.
        var statesExit: Bool { [ENOENT, ESRCH].contains(error) || error == 0 && length == 0 }

        var description: String {
            let call = "\(String(cString: name)) \(call)"
            return error == 0 ? "\(call) returns \(length) bytes" : "\(call) fails: \(ErrorTable.name(error))"
        }
    }

    /// What a case answers if no call fails.
    private struct Undisturbed {
        let outcomes: [Outcome]
        /// The properties of each outcome that differ between undisturbed runs.
        var volatile: [Set<String>]
        var descriptors: Int32

        mutating func merge(_ others: [Outcome]) {
            for (index, pair) in zip(outcomes, others).enumerated() {
                guard case .answer(let known) = pair.0, case .answer(let other) = pair.1 else { continue }
                volatile[index].formUnion(other.differences(from: known))
            }
        }
    }

    init(isExhaustive: Bool, onlyError: Int32? = nil, isStrict: Bool) {
        self.isExhaustive = isExhaustive
        self.onlyError = onlyError
        self.isStrict = isStrict
    }

    mutating func run(_ fault: FaultCase) async {
        watch("\(fault.name), undisturbed")
        let first = await fault.body()
        let again = await fault.body()
        let descriptors = await Self.settledDescriptors(atMost: 0, .milliseconds(60))
        var undisturbed = Undisturbed(
            outcomes: first,
            volatile: first.map { _ in [] },
            descriptors: descriptors
        )
        undisturbed.merge(again)
        faults_begin(0, "", 0, 0, .max)
        undisturbed.merge(await fault.body())
        let count = faults_end()
        let faults = (1..<count + 1).flatMap { number in self.faults(atCall: number) }
        tally.cases += 1
        tally.calls += Int(count)
        for case .failure(let error) in first where error.code != .unsupported {
            problems.append("\(fault.name), undisturbed: \(error)")
        }
        for one in faults { await inject(one, into: fault, &undisturbed, most: count * 20 + 1000) }
    }

    private func faults(atCall number: Int64) -> [Fault] {
        guard let name = faults_name(number), let errors = ErrorTable.errors[String(cString: name)] else {
            fatalError("no table of errors for a system call")
        }
        if let onlyError {
            return errors.contains(onlyError) ? [Fault(call: number, name: name, error: onlyError)] : []
        }
        let wanted = isExhaustive ? errors : ErrorTable.representatives(of: errors)
        return wanted.map { Fault(call: number, name: name, error: $0) }
            + lengths(upTo: faults_length(number)).map { Fault(call: number, name: name, error: 0, length: $0) }
    }

    private func lengths(upTo length: Int64) -> [Int64] {
        guard length > 0 else { return [] }
        if isExhaustive, length <= 8192 { return Array(0..<length) }
        return [0, 1, length / 2, length - 1].filter { $0 < length }
    }

    private func watch(_ text: String) {
        // Kept for the handler of signals.
        faults_watch(strdup(text))
    }

    private mutating func inject(_ fault: Fault, into test: FaultCase, _ undisturbed: inout Undisturbed, most: Int64)
        async
    {
        let title = "\(test.name): \(fault.description)"
        watch(title)
        tally.faults += 1
        var verdict = Verdict.same
        // A system that changes by itself seldom changes in the same way three times.
        for _ in 0..<3 {
            faults_begin(fault.call, fault.name, fault.error, fault.length, most)
            let outcomes = await test.body()
            _ = faults_end()
            let isCutAtLineEnd = faults_cut_line_end() == 1
            let lack = [EMFILE, ENFILE, ENOMEM].contains(fault.error) ? fault.error : nil
            verdict = Self.judge(outcomes, undisturbed, fault.statesExit, lack, isStrict ? "" : test.name)
            // A file that is read in one call is written in one piece: a cut between its lines cannot be detected.
            if case .unlabelled = verdict, isCutAtLineEnd || Allowance.isAbsence(fault.error, of: fault.name) {
                verdict = .absent
            }
            guard case .unlabelled = verdict else { break }
            undisturbed.merge(await test.body())
        }
        switch verdict {
        case .same: tally.same += 1
        case .labelled: tally.labelled += 1
        case .absent: tally.absent += 1
        case .error: tally.errors += 1
        case .unlabelled(let text):
            tally.unlabelled += 1
            problems.append("\(title): \(text)")
        }
        // If one of these two fails, a kept descriptor is not known to be ProcMem's own any more, and is not closed.
        let isIdentityRefused = ["fstat", "fcntl"].contains(String(cString: fault.name))
        let most = undisturbed.descriptors + (isIdentityRefused ? 1 : 0)
        let open = await Self.settledDescriptors(atMost: most, .seconds(3))
        if open > most {
            tally.leaks += 1
            problems.append("\(title): \(open - undisturbed.descriptors) descriptors are still open")
        }
        undisturbed.descriptors = max(open, undisturbed.descriptors)
    }

    private enum Verdict {
        case same, labelled, absent, error
        case unlabelled(String)
    }

    private static func judge(
        _ outcomes: [Outcome],
        _ undisturbed: Undisturbed,
        _ isGone: Bool,
        _ lack: Int32?,
        _ test: String
    ) -> Verdict {
        var verdict = Verdict.same
        for (index, outcome) in outcomes.enumerated() {
            guard index < undisturbed.outcomes.count else { return .unlabelled("more answers") }
            switch (undisturbed.outcomes[index], outcome) {
            case (_, .failure): verdict = .error
            case (.failure, .answer): continue
            case (.answer(let known), .answer(let found)):
                // An internal note, which no caller sees.
                let differences = found.differences(from: known).subtracting(undisturbed.volatile[index])
                    .subtracting([".isOutOfResources"])
                if differences.isEmpty { continue }
                if let text = unnoted(lack, in: found, differences, test) {
                    return .unlabelled("step \(index): \(text)")
                }
                // A label is about the value that contains it.
                let labelled = found.labels.subtracting(known.labels).map { label in
                    let path = label.prefix { $0 != "=" }
                    return path.lastIndex(of: ".").map { String(path[..<$0]) } ?? ""
                }
                let unexplained = differences.filter { path in !labelled.contains { path.hasPrefix($0) } }
                let violations = Allowance.violations(of: unexplained, from: known, to: found, isGone: isGone, in: test)
                guard !violations.isEmpty else {
                    if case .same = verdict { verdict = .labelled }
                    continue
                }
                let text = violations.sorted().prefix(4).map { "\($0) \(known[$0] ?? "-") → \(found[$0] ?? "-")" }
                return .unlabelled("step \(index): " + text.joined(separator: ", "))
            }
        }
        return verdict
    }

    /// Returns why limits that differ for a lack of descriptors or memory could be taken for a change: they must note the lack,
    /// and a sequence must not deliver them.
    private static func unnoted(
        _ lack: Int32?,
        in found: Figures,
        _ differences: Set<String>,
        _ test: String
    ) -> String? {
        guard lack != nil, let noted = found[".isOutOfResources"] else { return nil }
        if test.contains("CPULimitChanges") { return noted == "true" ? "delivers what it could not read" : nil }
        // Neither makes limits unequal.
        let changes = differences.filter { !$0.hasPrefix(".warnings") && !$0.hasPrefix(".otherThreadsAffinity") }
        return changes.isEmpty || noted == "true" ? nil : "a lack is not noted: \(changes.sorted().prefix(4))"
    }

    /// The number of open descriptors, after threads that end have closed theirs.
    private static func settledDescriptors(atMost wanted: Int32, _ limit: Duration) async -> Int32 {
        let end = ContinuousClock.now + limit
        while true {
            let open = faults_open_descriptors()
            if open <= wanted || ContinuousClock.now > end { return open }
            try? await Task.sleep(for: .milliseconds(1))
        }
    }
}
