import ProcMem

/// The view while it runs: passes of one sampler, keys, and the screen.
///
/// All of it runs on the calling thread, apart from the passes themselves.
final class TopSession {
    private var model: TopModel
    private var writer: ScreenWriter
    private var keys = KeyDecoder()
    private let loop: TerminalLoop
    private var sampler: MultiScopeSampler
    private var passes: Task<Void, Never>?
    /// What the task has received from the sampler.
    private let received = Monitor<[Result<MultiScopeSampler.Pass, ProcMemError>]>([])
    private var isOnScreen = false
    private var passCount = 0
    private var costStart: (cpu: Duration, instant: ContinuousClock.Instant)?

    /// The number of milliseconds after which an escape byte is a key of its own, and not the beginning of another one.
    private static let escapeMilliseconds: Int32 = 50
    /// Limits change rarely, and reading them costs as much as a pass.
    private static let passesBetweenLimits = 5

    init(_ model: TopModel, hasColors: Bool) throws {
        self.model = model
        writer = ScreenWriter(hasColors: hasColors)
        loop = try TerminalLoop()
        sampler = MultiScopeSampler(mode: model.mode, detail: model.selection.detail(in: model.mode))
    }

    /// Runs until the user quits.
    ///
    /// - Throws: A failure of the sampler, of the terminal, or of all scopes in the first pass, after the terminal was
    ///   restored.
    func run() throws {
        defer {
            passes?.cancel()
            FullScreen.leave()
        }
        startSampling()
        while true {
            let events = loop.wait(atMost: keys.isWaiting ? Self.escapeMilliseconds : nil)
            if events.isHungUp { FullScreen.hangUp() }
            let isQuitting = try handle(events)
            if isQuitting { return }
            try takePasses()
            if isOnScreen { try draw() }
        }
    }

    private func startSampling() {
        passes?.cancel()
        received.withLock { $0 = [] }
        sampler = MultiScopeSampler(mode: model.mode, detail: model.selection.detail(in: model.mode))
        for tree in model.trees where !tree.tracker.hasEnded { sampler.add(tree.tracker.scope.scope, as: tree.name) }
        let (sampler, received, interval) = (sampler, received, model.interval)
        passes = Task(executorPreference: loop) {
            do throws(ProcMemError) {
                for try await pass in sampler.passes(every: interval) {
                    // A pass of a sampler that was replaced has the figures of another mode.
                    guard !Task.isCancelled else { return }
                    received.withLock { $0.append(.success(pass)) }
                }
            } catch {
                if !Task.isCancelled { received.withLock { $0.append(.failure(error)) } }
            }
        }
    }

    /// Handles keys and signals, and returns whether to quit.
    private func handle(_ events: TerminalLoop.Events) throws -> Bool {
        if events.isResized || events.isResumed { writer.forget() }
        model.size = FullScreen.size
        model.scroll()
        var pressed = keys.keys(from: events.input)
        if events.input.isEmpty, keys.isWaiting { pressed += keys.keysAfterTimeout() }
        for key in pressed {
            switch model.handle(key) {
            case .nothing: break
            case .quit: return true
            case .redraw: writer.forget()
            case .changeMode: startSampling()
            }
        }
        return false
    }

    private func takePasses() throws {
        let results = received.withLock { results in
            defer { results = [] }
            return results
        }
        for result in results {
            for name in model.take(try result.get()) { sampler.remove(name) }
            readLimits()
            measureCost()
            if !isOnScreen {
                // A wrong pid is an error of the call, which the screen would hide.
                if let failure = model.failure { throw failure }
                try FullScreen.enter()
                isOnScreen = true
            }
        }
    }

    private func readLimits() {
        defer { passCount += 1 }
        guard passCount % Self.passesBetweenLimits == 0 else { return }
        for index in model.trees.indices {
            guard !model.trees[index].tracker.hasEnded, let sample = model.trees[index].sample else { continue }
            if let container = sample.container { model.trees[index].container = container }
        }
    }

    private func measureCost() {
        let now = ContinuousClock.now
        guard let cpu = FullScreen.ownCPUTime else { return }
        if let start = costStart, now > start.instant {
            model.cost.utilization = (cpu - start.cpu) / start.instant.duration(to: now)
        }
        costStart = (cpu, now)
        model.cost.rssBytes = (try? memoryUsage(of: FullScreen.ownPID, mode: .cheap))?.rssBytes
    }

    private func draw() throws {
        let output = writer.output(for: TopScreen.frame(model))
        if !output.isEmpty { try Terminal.draw(output) }
    }
}

extension ScopeTracker.Sample {
    /// The memory of the container that the bar is drawn against: that of the scope, or of the first process that has not
    /// exited. For all processes, it is that of process 1: in a container its limit, else the memory of the machine.
    fileprivate var container: ContainerMemory? {
        if let cgroup { return try? ContainerMemory(ofCgroup: cgroup) }
        if case .all = scope.kind { return (try? ContainerMemory(of: 1)) ?? (try? ContainerMemory.current()) }
        let living = snapshot.processes.first { ![.zombie, .exited].contains($0.usage.unavailable) }
        return living.flatMap { try? ContainerMemory(of: $0.pid) }
    }
}
