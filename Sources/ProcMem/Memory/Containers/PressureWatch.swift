/// Detects that the pressure of a cgroup exceeds a threshold: by a trigger of the kernel where `memory.pressure` may be
/// written, otherwise by reading its `total` repeatedly.
///
/// The kernel reports a trigger at most once in each window. Where the file is polled, it is the same.
struct PressureWatch: ~Copyable {
    /// Why the pressure cannot be watched: the file, and what was found there.
    private(set) var warning: String?

    private let threshold: PressureThreshold?
    /// The path of `memory.pressure`, with a NUL at its end.
    private var path: [UInt8] = []
    private var file: LastingDescriptor?
    private var isArmed = false
    private var growth: StallGrowth

    init(_ threshold: PressureThreshold?) {
        self.threshold = threshold
        growth = StallGrowth(
            windowNanoseconds: threshold?.windowNanoseconds ?? 0,
            thresholdMicroseconds: threshold?.stallMicroseconds ?? 0
        )
    }

    /// The descriptor on which to wait for `POLLPRI`; negative if there is no trigger, or if another part of the program has
    /// closed it. For a file without a trigger, `poll` returns an error each time, without waiting.
    var triggerDescriptor: Int32 {
        guard isArmed else { return -1 }
        return switch file {
        case .some(let file): file.checkedValue
        case .none: -1
        }
    }

    /// The longest time to wait before `total` must be read again; `nil` if it is not polled.
    var pollMilliseconds: Int32? {
        guard threshold != nil, !isArmed, warning == nil else { return nil }
        return Int32(clamping: max(50, growth.windowNanoseconds / 8_000_000))
    }

    /// Opens the file of a cgroup, and sets a trigger if possible. If the same file is open, its trigger remains.
    ///
    /// - Parameter directory: The charged cgroup of v2; `nil` if there is none.
    mutating func attach(to directory: CgroupDirectory?, usesTriggers: Bool, in root: SystemRoot) {
        let newPath = directory?.file("memory.pressure") ?? []
        if newPath == path, isArmed, pressure() != nil { return }
        if newPath != path { growth.restart() }
        path = newPath
        detach()
        guard directory != nil else {
            warning =
                threshold == nil
                ? nil
                : "memory.pressure: requires a visible cgroup of v2 below the root, with the memory controller"
            return
        }
        if usesTriggers, threshold != nil, arm(in: root) { return }
        do throws(FileReadError) {
            file = LastingDescriptor(try root.open(path.span))
            _ = try reading()
        } catch {
            file = nil
            guard threshold != nil else { return }
            let absence = "requires Linux 4.20; psi=0 or cgroup.pressure disables it"
            let isUnreported = error.isMissingPath || error == .system(.notSupported)
            warning = "\(root.text(path)): \(isUnreported ? "does not exist: \(absence)" : error.summary)"
        }
    }

    private mutating func detach() {
        file = nil
        isArmed = false
        warning = nil
    }

    /// Sets a trigger: with the given window, else with one that an unprivileged process may use.
    private mutating func arm(in root: SystemRoot) -> Bool {
        guard let threshold, let file = try? root.open(path.span, as: .requests), Syscalls.isOnCgroup2(file) else {
            return false
        }
        for request in threshold.triggers where (try? Syscalls.write(request, to: file)) != nil {
            self.file = LastingDescriptor(file)
            isArmed = true
            return true
        }
        return false
    }

    /// Returns whether the threshold was exceeded since the last call.
    mutating func isExceeded(_ urgency: Syscalls.Urgency) -> Bool {
        guard let threshold else { return false }
        if isArmed {
            if urgency == .failure || triggerDescriptor < 0 {
                // The cgroup has been removed, its pressure is not counted any more, or the descriptor was closed. The next
                // attach opens the file again.
                detach()
                path = []
            }
            return urgency == .event
        }
        guard let pressure = pressure() else { return false }
        let stall = threshold.stall == .some ? pressure.some : pressure.full
        return growth.add(totalMicroseconds: stall.totalMicroseconds, atNanoseconds: Syscalls.monotonicNanoseconds)
    }

    /// The current pressure; `nil` if it cannot be read.
    borrowing func pressure() -> MemoryPressure? { try? reading() }

    private borrowing func reading() throws(FileReadError) -> MemoryPressure {
        switch file {
        case .none: throw .system(.noSuchFileOrDirectory)
        case .some(let file):
            return try OpenFiles.read(
                file.uncheckedValue,
                expectedBytes: MemoryPressure.readOptions.expectedBytes,
                limitBytes: MemoryPressure.readOptions.limitBytes,
                MemoryPressure.init(parsing:)
            )
        }
    }
}

/// The growth of a stall time within a window that ends now.
struct StallGrowth: Sendable {
    let windowNanoseconds: Int
    let thresholdMicroseconds: Int
    /// Earlier readings, the oldest first: at most one is older than the window.
    private var readings: [(instant: Int, total: Int)] = []
    private var quietUntil = Int.min

    init(windowNanoseconds: Int, thresholdMicroseconds: Int) {
        (self.windowNanoseconds, self.thresholdMicroseconds) = (windowNanoseconds, thresholdMicroseconds)
    }

    /// Forgets the readings of another cgroup.
    mutating func restart() {
        readings = []
        quietUntil = .min
    }

    /// Adds a reading; returns whether the growth has reached the threshold, at most once in each window.
    mutating func add(totalMicroseconds total: Int, atNanoseconds now: Int) -> Bool {
        if let last = readings.last, total < last.total { restart() }
        readings.append((now, total))
        while readings.count > 1, readings[1].instant <= now - windowNanoseconds { readings.removeFirst() }
        guard let first = readings.first, now >= quietUntil else { return false }
        // Of the oldest reading before the window, only the part that may be in the window counts.
        let elapsed = now - first.instant
        let growth = Double(total - first.total) * min(1, Double(windowNanoseconds) / Double(max(elapsed, 1)))
        guard Int(saturating: growth) >= max(1, thresholdMicroseconds) else { return false }
        quietUntil = now.saturatingAdding(windowNanoseconds)
        return true
    }
}

extension PressureThreshold {
    fileprivate var windowNanoseconds: Int { min(max(window.wholeNanoseconds, 500_000_000), 10_000_000_000) }

    fileprivate var stallMicroseconds: Int { stallMicroseconds(in: windowNanoseconds / 1000) }

    private func stallMicroseconds(in windowMicroseconds: Int) -> Int {
        max(1, Int(saturating: Double(windowMicroseconds) * min(max(share, 0), 1)))
    }

    /// The lines with which to set a trigger, in the order in which to try them: `some 150000 1000000`.
    var triggers: [String] {
        let window = windowNanoseconds / 1000
        // From an unprivileged process, the kernel accepts only multiples of two seconds.
        let unprivileged = (window + 1_999_999) / 2_000_000 * 2_000_000
        let windows = window == unprivileged ? [window] : [window, unprivileged]
        return windows.map { "\(stall.rawValue) \(stallMicroseconds(in: $0)) \($0)" }
    }
}
