import Foundation
import ProcMem

/// A cgroup that a test creates in the running kernel, in v1 or v2. It is removed with everything in it when the last
/// reference to it goes: those of the test, of cgroups in it, and of processes that started in it or were moved into
/// it.
///
/// Nothing else is changed: no file of another cgroup is written, and no process of another cgroup is moved.
package final class Cgroup: Sendable {
    package enum Controller: String, Sendable {
        case cpu
        case memory
        case cpuset
        case pids
    }

    package enum Version: Sendable {
        case v1
        case v2
    }

    package let version: Version
    /// As in `/proc/PID/cgroup`.
    package let path: String
    /// The mount point of the hierarchy.
    package let mount: String
    package let directory: String
    /// The names of this cgroup and of its ancestors up to the mounted one, in this order.
    package let levels: [String]

    private let controllers: [Controller]
    private let parent: Cgroup?
    /// After the removal another cgroup may have its name.
    private let isRemoved = Monitor(false)

    /// Creates a cgroup with a unique name, at the path that ``CgroupPlace`` finds.
    ///
    /// - Parameter version: The hierarchy; by default the one that has the first controller.
    /// - Throws: ``Unavailable`` if the caller cannot create one.
    package static func make(_ controllers: Controller..., on version: Version? = nil) throws -> Cgroup {
        let place = try CgroupPlace(for: controllers, on: version)
        let name = namePrefix(of: getpid()) + UUID().uuidString.prefix(8)
        return try Cgroup(name, version: place.version, controllers, mount: place.mount, place.levels, nil)
    }

    /// Creates a cgroup in this one. On v2, processes can then only be in the new one.
    package func make(_ name: String = "own") throws -> Cgroup {
        if version == .v2 {
            for controller in controllers { try set("cgroup.subtree_control", "+\(controller.rawValue)") }
        }
        let above = CgroupPlace.Level(path: path, directory: directory)
        let inherited = levels.dropFirst().map { CgroupPlace.Level(path: $0, directory: "") }
        return try Cgroup(name, version: version, controllers, mount: mount, [above] + inherited, self)
    }

    private init(
        _ name: String,
        version: Version,
        _ controllers: [Controller],
        mount: String,
        _ above: [CgroupPlace.Level],
        _ parent: Cgroup?
    ) throws {
        (self.version, self.controllers, self.mount, self.parent) = (version, controllers, mount, parent)
        path = (above[0].path == "/" ? "" : above[0].path) + "/" + name
        directory = above[0].directory + "/" + name
        levels = [path] + above.map(\.path)
        guard mkdir(directory, 0o755) == 0 else { throw KernelFile.Failure(directory, errno) }
        // A new cpuset of v1 is empty, and accepts no process.
        if version == .v1, has("cpuset.mems") {
            for file in ["cpuset.mems", "cpuset.cpus"] {
                try set(file, KernelFile.text("\(above[0].directory)/\(file)").trimmingCharacters(in: .newlines))
            }
        }
        // As systemd sets it at the root. Since Linux 5.11 it cannot be 0.
        if version == .v1, parent == nil, has("memory.use_hierarchy") { try set("memory.use_hierarchy", "1") }
    }

    deinit {
        do { try remove() } catch { Self.report(error) }
    }

    package var isOnV2: Bool { version == .v2 }

    /// Whether the hierarchy's real root is visible, so that no cgroup above ``levels`` can have a limit.
    package var isRootVisible: Bool {
        KernelFile.exists("\(mount)/\(isOnV2 ? "cgroup.events" : "release_agent")") != isOnV2
    }

    // MARK: Files

    package func has(_ file: String) -> Bool { KernelFile.exists("\(directory)/\(file)") }

    package func set(_ file: String, _ value: String) throws { try KernelFile.write(value, to: "\(directory)/\(file)") }

    package func text(_ file: String) throws -> String {
        try KernelFile.text("\(directory)/\(file)").trimmingCharacters(in: .newlines)
    }

    package func number(_ file: String) throws -> Int {
        let text = try text(file)
        guard let number = Int(text) else { throw Mismatch(file: "\(directory)/\(file)", "a number", text) }
        return number
    }

    /// The number after a word at the beginning of a line.
    package func number(after word: String, in file: String) throws -> Int {
        let text = try text(file)
        for line in text.split(separator: "\n") {
            let fields = line.split(separator: " ")
            if fields.count == 2, fields[0] == word, let number = Int(fields[1]) { return number }
        }
        throw Mismatch(file: "\(directory)/\(file)", "a number after \(word)", text)
    }

    // MARK: Limits

    /// Sets the quota of CPU time in microseconds; `nil` removes it.
    package func set(quota: Int?, period: Int = 100_000) throws {
        if isOnV2 {
            try write("\(quota.map(String.init) ?? "max") \(period)", to: "cpu.max")
        } else {
            if try number("cpu.cfs_period_us") != period {
                // The kernel may reject the old quota with the new period.
                try write("-1", to: "cpu.cfs_quota_us")
                try write("\(period)", to: "cpu.cfs_period_us")
            }
            try write("\(quota ?? -1)", to: "cpu.cfs_quota_us")
        }
    }

    /// Sets the memory limit in bytes, a multiple of the page size; `nil` removes it.
    package func set(memoryLimit bytes: Int?) throws {
        if isOnV2 {
            try write(bytes.map(String.init) ?? "max", to: "memory.max")
        } else if let bytes {
            try write("\(bytes)", to: "memory.limit_in_bytes")
        } else {
            try set("memory.limit_in_bytes", "-1")
        }
    }

    /// Sets the soft limit above which the kernel throttles and reclaims.
    package func set(memoryHigh bytes: Int?) throws {
        guard isOnV2 else { throw Unavailable("cgroup v1 has no memory.high") }
        try write(bytes.map(String.init) ?? "max", to: "memory.high")
    }

    /// Sets the limit of swap alone. The memory limit must have been set before.
    package func set(swapLimit bytes: Int) throws {
        let file = isOnV2 ? "memory.swap.max" : "memory.memsw.limit_in_bytes"
        guard has(file) else { throw Unavailable("the kernel does not account for swap: no \(file)") }
        try write("\(isOnV2 ? bytes : number("memory.limit_in_bytes") + bytes)", to: file)
    }

    /// Writes a value, which the kernel must then report.
    private func write(_ value: String, to file: String) throws {
        try set(file, value)
        let seen = try text(file)
        guard seen == value else { throw Mismatch(file: "\(directory)/\(file)", value, seen) }
    }

    // MARK: Usage

    /// The CPU time of its processes and those of its descendants, in microseconds.
    package func usedMicroseconds() throws -> Int {
        isOnV2 ? try number(after: "usage_usec", in: "cpu.stat") : try number("cpuacct.usage") / 1000
    }

    package func chargedBytes() throws -> Int { try number(isOnV2 ? "memory.current" : "memory.usage_in_bytes") }

    // MARK: Processes

    /// Moves a process into this cgroup. The process object keeps the cgroup alive.
    package func take(_ child: ChildProcess) throws {
        try take(child.pid)
        child.keep(self)
    }

    /// Moves a process into this cgroup that a test has started.
    package func take(_ pid: Int32) throws { try set("cgroup.procs", "\(pid)") }

    /// Starts a process in a state of ``ChildProcess`` in this cgroup, which is charged for its memory.
    package func child(
        state: String,
        _ arguments: any CustomStringConvertible...,
        also others: [Cgroup] = []
    ) throws -> ChildProcess {
        let program = try BuiltProduct.url(of: "ProcessStates").path
        let words = shellArguments(with: others) + [program, state] + arguments.map(\.description)
        let child = try ChildProcess(running: "/bin/sh", words)
        for cgroup in [self] + others { child.keep(cgroup) }
        try child.waitUntilReady(in: state)
        return child
    }

    /// Returns the output of a program that starts in this cgroup.
    package func output(of path: String, _ arguments: [String]) throws -> ChildProcess.Output {
        try ChildProcess.output(of: "/bin/sh", shellArguments() + [path] + arguments)
    }

    /// Arguments of a shell that moves itself into this cgroup, and executes the program that follows.
    private func shellArguments(with others: [Cgroup] = []) -> [String] {
        let moves = ([self] + others).map { cgroup in
            "echo $$ > '\(cgroup.directory.replacing("'", with: "'\\''"))/cgroup.procs' && "
        }
        return ["-c", moves.joined() + "exec \"$0\" \"$@\""]
    }

    // MARK: Removal

    /// Kills the processes in it, and removes it with its descendants. A second call has no effect.
    package func remove() throws {
        try isRemoved.withLock { isRemoved in
            guard !isRemoved else { return }
            try Self.removeTree(directory)
            isRemoved = true
        }
    }

    /// The prefix of the names of the cgroups that a process creates.
    package static func namePrefix(of pid: Int32) -> String { "procmem-test-\(pid)-" }

    /// Removes the cgroups of a process that was killed, and therefore could not remove them.
    package static func removeLeftovers(of pid: Int32) {
        for directory in CgroupPlace.possibleDirectories() {
            for name in subdirectories(of: directory) where name.hasPrefix(namePrefix(of: pid)) {
                do { try removeTree("\(directory)/\(name)") } catch { report(error) }
            }
        }
    }

    private static func report(_ error: any Error) {
        FileHandle.standardError.write(Data("Cgroup: not removed: \(error)\n".utf8))
    }

    private static func removeTree(_ directory: String) throws {
        for name in subdirectories(of: directory) { try removeTree("\(directory)/\(name)") }
        let end = ContinuousClock.now + .seconds(20)
        while rmdir(directory) != 0, errno != ENOENT {
            guard errno == EBUSY, ContinuousClock.now < end else { throw KernelFile.Failure(directory, errno) }
            // A process that has just exited may still be listed for a moment. A threaded cgroup lists only threads;
            // killing a thread by its id kills its process.
            let file = isThreaded(directory) ? "cgroup.threads" : "cgroup.procs"
            let pids = ((try? KernelFile.text("\(directory)/\(file)")) ?? "").split(separator: "\n")
            for pid in pids.compactMap({ Int32($0) }) where pid > 1 && pid != getpid() { kill(pid, SIGKILL) }
            usleep(1000)
        }
    }

    private static func isThreaded(_ directory: String) -> Bool {
        (try? KernelFile.text("\(directory)/cgroup.type")) == "threaded\n"
    }

    private static func subdirectories(of directory: String) -> [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
        return names.filter { name in
            var isDirectory: ObjCBool = false
            return FileManager.default.fileExists(atPath: "\(directory)/\(name)", isDirectory: &isDirectory)
                && isDirectory.boolValue
        }
    }

    // MARK: Errors

    /// The reason why the cgroup cannot be created or changed here.
    package struct Unavailable: Error, CustomStringConvertible {
        package let reason: String

        package init(_ reason: String) { self.reason = reason }

        package var description: String { reason }
    }

    /// A file whose content is not the value that was written.
    package struct Mismatch: Error, CustomStringConvertible {
        package let description: String

        init(file: String, _ expected: String, _ seen: String) {
            description = "\(file): expected \(expected), found \(seen)"
        }
    }

    /// Returns why a test cannot create and limit a cgroup with these controllers; `nil` if it can.
    ///
    /// - Parameter files: Kernel files that it must have.
    package static func unavailableReason(
        _ controllers: Controller...,
        on version: Version? = nil,
        with files: [String] = []
    ) -> String? {
        do {
            let place = try CgroupPlace(for: controllers, on: version)
            let name = namePrefix(of: getpid()) + UUID().uuidString.prefix(8)
            let cgroup = try Cgroup(name, version: place.version, controllers, mount: place.mount, place.levels, nil)
            for file in files where !cgroup.has(file) { return "the kernel has no \(file)" }
            for controller in controllers {
                switch controller {
                case .cpu: try cgroup.set(quota: 50_000)
                case .memory: try cgroup.set(memoryLimit: 64 << 20)
                case .pids: try cgroup.set("pids.max", "64")
                case .cpuset: break
                }
            }
            return nil
        } catch {
            return "no cgroup can be made for a test: \(error)"
        }
    }
}
