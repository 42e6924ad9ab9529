import FoundationEssentials
import ProcMem

/// The state of `procmem watch`: the scopes, and what is printed of them. One thread uses it.
final class WatchSession {
    /// What is printed of the scopes.
    enum Output {
        case text
        case json
        case metrics(MetricsFile)
    }

    struct Settings {
        var interval: Duration
        var budget: Duration
        var output: Output
        /// What is printed of the processes; `nil` for none.
        var rows: MemorySelection?
        var isControlled: Bool
        var sysroot: String?
        var root: SystemRoot
    }

    /// What the session reacts to.
    enum Input: Sendable {
        case pass(MultiScopeSampler.Pass)
        case control(StandardInput.Event)
        case failure(ProcMemError)
    }

    /// The most scopes that standard input can add.
    static let maximumScopes = 1000

    private struct Followed {
        /// The name in the sampler. Another scope of the same name has another one: a pass in progress may still have the
        /// first.
        let id: String
        var tracker: ScopeTracker
    }

    private let settings: Settings
    private let sampler: MultiScopeSampler
    private var scopes: [Followed] = []
    private var lastID = 0
    private var lineNumber = 0
    private var text: WatchText
    private var metrics = WatchMetrics()
    /// Whether a scope was read at least once.
    private(set) var hasReadScope = false

    init(_ initial: [NamedScope], on sampler: MultiScopeSampler, _ settings: Settings) {
        self.settings = settings
        self.sampler = sampler
        text = WatchText(names: initial.map(\.name), fitting: Terminal.width)
        for scope in initial { add(scope) }
    }

    /// Prints what precedes the first reading.
    func begin() throws {
        switch settings.output {
        case .text: try Terminal.print([text.header])
        case .json:
            let start = WatchAnswer.Start(
                time: WatchAnswer.time,
                interval: settings.interval,
                budget: settings.budget,
                hasRows: settings.rows != nil,
                isControlled: settings.isControlled,
                scopes: scopes.map(\.tracker.scope)
            )
            try Terminal.print(text: start.json(onOneLine: true))
        case .metrics: break
        }
    }

    /// Reacts to an input.
    ///
    /// - Returns: `false` if nothing is left to follow.
    func handle(_ input: Input) throws -> Bool {
        switch input {
        case .pass(let pass): try take(pass)
        case .control(.line(let line)): try obey(line)
        case .control(.end): return false
        case .failure(let error): throw error
        }
        return !scopes.isEmpty || settings.isControlled
    }

    /// Removes the samples of scopes that are not followed any more from the file of metrics.
    func end() throws {
        guard case .metrics(let file) = settings.output, scopes.isEmpty else { return }
        try file.write(WatchMetrics().text.text)
    }

    private func add(_ scope: NamedScope) {
        lastID += 1
        scopes.append(Followed(id: "\(lastID)", tracker: ScopeTracker(scope, sysroot: settings.sysroot)))
        sampler.add(scope.scope, as: "\(lastID)")
    }

    private func remove(at index: Int) {
        let followed = scopes.remove(at: index)
        sampler.remove(followed.id)
        metrics.remove(followed.tracker.scope.name)
    }

    // MARK: Passes

    private func take(_ pass: MultiScopeSampler.Pass) throws {
        for reading in pass.readings {
            guard let index = scopes.firstIndex(where: { $0.id == reading.name }) else { continue }
            let (sample, events) = scopes[index].tracker.take(reading.result)
            for event in events { try report(event, of: scopes[index].tracker.scope) }
            if let sample {
                var limits = ScopeLimits(of: sample, in: settings.root)
                limits.cgroupUtilization = scopes[index].tracker.utilization(ofCgroup: limits.cpuTime, at: .now)
                try report(sample, limits)
            } else {
                metrics.clear(scopes[index].tracker.scope.name)
            }
            if let replacement = scopes[index].tracker.takeReplacement() {
                sampler.add(replacement, as: scopes[index].id)
            }
            if scopes[index].tracker.hasEnded { remove(at: index) }
        }
        if case .metrics(let file) = settings.output { try file.write(metrics.text.text) }
    }

    private func report(_ sample: ScopeTracker.Sample, _ limits: ScopeLimits) throws {
        hasReadScope = true
        switch settings.output {
        case .metrics: metrics.take(sample, limits)
        case .json:
            let answer = WatchAnswer.Sample(
                time: WatchAnswer.time,
                sample: sample,
                limits: limits,
                rows: settings.rows
            )
            try Terminal.print(text: answer.json(onOneLine: true))
        case .text:
            let rows = settings.rows.map { text.rows(sample, $0) } ?? []
            try Terminal.print(text: ([text.line(.now, sample, limits)] + rows).joined(separator: "\n"))
        }
    }

    private func report(_ event: ScopeTracker.Event, of scope: NamedScope) throws {
        var answer = WatchAnswer.Event(time: WatchAnswer.time, event: "", scope: scope)
        switch event {
        case .rootExited(let pid):
            answer = answer.with("rootExited", "process \(pid) has exited; its descendants are followed")
            answer.pid = pid
        case .ended(nil): answer = answer.with("ended", "no process is left")
        case .ended(let error?):
            answer = answer.with("ended", error.description)
            answer.code = error.code.description
        case .failed(let error):
            answer = answer.with("failed", error.description)
            answer.code = error.code.description
        case .recovered: answer = answer.with("recovered", "the scope can be read again")
        }
        try report(answer)
    }

    private func report(_ event: WatchAnswer.Event) throws {
        if case .json = settings.output {
            try Terminal.print(text: event.json(onOneLine: true))
        } else {
            let subject = event.scope.map { "\($0.name): " } ?? event.line.map { "line \($0): " } ?? ""
            Terminal.printError(subject + (event.message ?? event.event))
        }
    }

    // MARK: Standard input

    private func obey(_ line: InputLine) throws {
        lineNumber += 1
        var answer = WatchAnswer.Event(time: WatchAnswer.time, event: "error")
        answer.line = lineNumber
        do throws(NamedScope.ParseError) {
            switch try ControlLine.parsing(line) {
            case .add(let scope):
                guard !scopes.contains(where: { $0.tracker.scope.name == scope.name }) else {
                    throw NamedScope.ParseError(message: "a scope has the name \"\(scope.name)\" already")
                }
                guard scopes.count < Self.maximumScopes else {
                    throw NamedScope.ParseError(message: "there are \(Self.maximumScopes) scopes already")
                }
                add(scope)
                answer = answer.with("added", "followed from the next pass on")
                answer.scope = scope
            case .remove(let name):
                guard let index = scopes.firstIndex(where: { $0.tracker.scope.name == name }) else {
                    throw NamedScope.ParseError(message: "no scope has the name \"\(name)\"")
                }
                let scope = scopes[index].tracker.scope
                remove(at: index)
                answer = answer.with("removed", "not followed any more")
                answer.scope = scope
            }
        } catch {
            answer.message = error.message
            answer.code = "invalidLine"
        }
        try report(answer)
    }
}

extension WatchAnswer.Event {
    /// Returns the same event with another name and a message.
    fileprivate func with(_ event: String, _ message: String) -> WatchAnswer.Event {
        WatchAnswer.Event(
            time: time,
            event: event,
            scope: scope,
            pid: pid,
            code: code,
            message: message,
            line: line
        )
    }
}
