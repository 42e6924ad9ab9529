import Foundation

@testable import ProcMem

/// Builds a file tree from the input and makes the queries of it.
///
/// The input consists of parts that the byte 0 separates: the first is the contents of the first file of
/// ``SysrootFiles``, and so on. A file whose part is missing or empty does not exist.
enum Sysroot {
    /// In memory, because each input writes all files again. Removed when the program exits normally; scripts/fuzz removes
    /// it after a trap.
    private static let directory: String = {
        let parent = ProcessInfo.processInfo.environment["PROCMEM_FUZZ_FOLDER"] ?? "/dev/shm"
        let directory = "\(parent)/procmem-fuzz-\(getpid())"
        for file in SysrootFiles.all {
            let folder = (directory + file as NSString).deletingLastPathComponent
            try? FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        }
        symlink("17", directory + "/proc/self")
        return directory
    }()

    @Sendable static func check(_ input: ArraySlice<UInt8>) {
        let parts = input.split(separator: 0, omittingEmptySubsequences: false)
        for (index, file) in SysrootFiles.all.enumerated() {
            let path = directory + file
            guard index < parts.count, !parts[index].isEmpty else {
                unlink(path)
                continue
            }
            let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
            let (bytes, offset) = SysrootFiles.contents(of: file, from: parts[index])
            _ = bytes.withUnsafeBytes { pwrite(descriptor, $0.baseAddress, $0.count, off_t(offset)) }
            close(descriptor)
        }
        let root = SystemRoot(directory: directory)
        checkCPUs(root)
        checkContainer(root)
        // The scopes, and the slower modes, in turns: an input that made all of these queries would take ten times as long.
        let turn = input.count % (slowModes.count * scopes.count)
        checkProcesses(root, scopes[turn / slowModes.count], [.cheap, slowModes[turn % slowModes.count]])
    }

    private static let slowModes: [MemoryMode] = [.accurate, .sampled(reads: 16), .within(.milliseconds(2))]
    private static let scopes: [ProcessScope] = [.tree(root: 17), .cgroup("/sys/fs/cgroup/a/b"), .all]

    private static func require(_ condition: Bool, _ what: @autoclosure () -> String) {
        if !condition { fatalError("not so: \(what())") }
    }

    private static func checkCPUs(_ root: SystemRoot) {
        let count = effectiveCPUCount(in: root)
        let observation = try? ThrottlingObservation(of: nil, in: root, pause: {})
        require(count >= 1, "a count of at least 1, \(count)")
        for limits in [try? CPULimits.current(in: root), try? CPULimits(of: 17, in: root)].compactMap(\.self) {
            let counts = [CPULimits.Rounding.down, .nearest, .up].map { limits.effectiveCPUCount(rounding: $0) }
            require(counts == counts.sorted() && counts[0] >= 1, "counts in order, \(counts)")
            require(counts[2] <= max(1, limits.affinity.count), "a count within the mask, \(counts)")
            require(limits.effectiveCPUs > 0, "a positive fraction, \(limits)")
            require(limits.isComplete || !limits.warnings.isEmpty, "a warning, \(limits)")
            checkJSON(limits)
            checkText(CPUText(limits: limits, rounding: .up, observation: observation).lines)
        }
        if var reader = try? CPULimitReader(in: root), let reading = try? reader.read() {
            require(reading.effectiveCPUCount() == count, "the reader's count, \(reading), \(count)")
        }
        let throttling = CPUThrottling.current(in: root)
        let time = CgroupCPUTime.current(in: root)
        for figure in [throttling.periods, throttling.throttledMicroseconds, time.usageMicroseconds] {
            require(figure ?? 0 >= 0, "no negative figure, \(figure ?? 0)")
        }
        checkJSON(time)
    }

    private static func checkContainer(_ root: SystemRoot) {
        guard let memory = try? ContainerMemory.current(in: root) else { return }
        let figures = [
            memory.limitBytes, memory.highBytes, memory.swapLimitBytes, memory.usageBytes, memory.workingSetBytes,
            memory.availableBytes, memory.availableWithReclaimBytes, memory.anonBytes, memory.fileBytes,
            memory.machineBytes, memory.effectiveMemoryBytes, memory.unexplainedBytes,
        ]
        require(figures.allSatisfy { $0 ?? 0 >= 0 }, "no negative figure, \(memory)")
        if let available = memory.availableBytes, let withReclaim = memory.availableWithReclaimBytes {
            require(available <= withReclaim, "at least the available memory, \(memory)")
        }
        if let usage = memory.usageBytes, let workingSet = memory.workingSetBytes {
            require(workingSet <= usage, "a working set within the usage, \(memory)")
        }
        checkJSON(memory)
        checkText(ContainerText(memory: memory).lines)
        guard var reader = try? ContainerMemoryReader(in: root), let reading = try? reader.read() else { return }
        // The reader parses fewer fields, and may find a limit in a file whose other fields are malformed.
        guard reading.isComplete, memory.warnings.isEmpty else { return }
        require(reading.limitBytes == memory.limitBytes, "the reader's limit, \(reading), \(memory)")
    }

    private static func checkProcesses(_ root: SystemRoot, _ scope: ProcessScope, _ modes: [MemoryMode]) {
        var snapshots: [MemorySnapshot] = []
        for mode in modes {
            guard let snapshot = try? memorySnapshot(of: scope, mode: mode, in: root) else { continue }
            let distinct = snapshot.total.distinctBytes
            let upper = distinct.upper ?? .max
            require(distinct.lower >= 0 && distinct.lower <= upper, "bounds in order, \(distinct)")
            require((distinct.lower...upper).contains(distinct.estimate ?? distinct.lower), "\(distinct)")
            for usage in snapshot.processes.map(\.usage) {
                let figures = [usage.rssBytes, usage.pssBytes, usage.ussBytes, usage.swapBytes, usage.sharedBytes]
                require(figures.allSatisfy { $0 ?? 0 >= 0 }, "no negative figure, \(usage)")
            }
            checkJSON(snapshot)
            for width in [nil, 40] { checkText(MemoryText(snapshot: snapshot).lines(fitting: width)) }
            snapshots.append(snapshot)
        }
        checkText(SummaryText(limits: nil, container: nil, snapshots: snapshots).lines)
        if let usage = try? processUsage(of: .tree(root: 17), includingOpenFiles: true, in: root) {
            let time = usage.cpuTime(since: usage)
            require(time.ticks == 0, "no time between a reading and itself, \(time)")
            for process in usage.processes {
                let figures = [process.cpuTicks, process.threadCount, process.openFileCount, process.openFileLimit]
                require(figures.allSatisfy { $0 ?? 0 >= 0 }, "no negative figure, \(process)")
                checkJSON(process)
            }
        }
        for mode in modes {
            guard let usage = try? memoryUsage(of: 17, mode: mode, in: root) else { continue }
            require(usage.ussBytes ?? 0 >= 0, "no negative figure, \(usage)")
            guard case .sampled = usage.source else { continue }
            require(usage.ussBytes ?? 0 <= usage.rssBytes ?? 0, "USS within RSS, \(usage)")
        }
        if var reader = try? MemoryReader(of: 17, in: root) { _ = try? reader.usage(mode: .cheap) }
        _ = root.isPSSEstimated
    }

    private static func checkJSON(_ value: some Encodable) {
        guard let data = try? JSONEncoder().encode(value) else { return require(false, "JSON of \(value)") }
        require((try? JSONSerialization.jsonObject(with: data)) != nil, "JSON")
        // JSON escapes the control characters below the space; it permits DEL.
        require(data.allSatisfy { $0 >= 0x20 }, "no control byte")
    }

    /// Checks lines that the command prints: a name must not control the terminal.
    private static func checkText(_ lines: [String]) {
        for line in lines {
            let controls = line.unicodeScalars.contains { scalar in
                [.control, .format, .lineSeparator, .paragraphSeparator].contains(scalar.properties.generalCategory)
            }
            require(!controls, "no control character, \(line.debugDescription)")
        }
    }
}
