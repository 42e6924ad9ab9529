import Foundation
import TestSupport

/// A cgroup that a test makes in a v1 hierarchy of the running kernel, removed when the test lets go of it.
final class RealCgroup {
    /// The path below the hierarchy's mount, as `/proc/PID/cgroup` names it.
    let path: String
    private let controller: String
    private let parent: RealCgroup?

    private static func mountPoint(of controller: String) -> String { "/sys/fs/cgroup/\(controller)" }

    init(_ controller: String) throws {
        self.controller = controller
        parent = nil
        path = "/procmem-test-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: false)
    }

    /// - Parameter parent: The cgroup to make it in, which stays as long as this one.
    init(in parent: RealCgroup, name: String = "own") throws {
        controller = parent.controller
        self.parent = parent
        path = parent.path + "/" + name
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: false)
    }

    deinit {
        // A process that has just ended may hold it for a moment.
        for _ in 0..<200 where rmdir(directory) != 0 && errno == EBUSY { usleep(10_000) }
    }

    var directory: String { Self.mountPoint(of: controller) + path }

    func set(_ file: String, to value: Int) throws { try Self.write(value, to: directory + "/" + file) }

    /// Moves a process that the test has started.
    func take(in child: ChildProcess) throws { try Self.write(Int(child.pid), to: directory + "/cgroup.procs") }

    /// What a program says that begins in the cgroup.
    func output(of path: String, _ arguments: [String]) throws -> ChildProcess.Output {
        try ChildProcess.output(of: "/bin/sh", ["-c", entering, path] + arguments)
    }

    /// A process that begins in the cgroup, which is charged for its memory.
    func child(state: String, _ arguments: String...) throws -> ChildProcess {
        let program = try BuiltProduct.url(of: "ProcessStates").path
        let child = try ChildProcess(running: "/bin/sh", ["-c", entering, program, state] + arguments)
        guard child.line() == "ready" else { throw CocoaError(.featureUnsupported) }
        return child
    }

    private var entering: String { "echo $$ > '\(directory)/cgroup.procs' && exec \"$0\" \"$@\"" }

    /// What one of its files says.
    func text(of file: String) throws -> String { try String(contentsOfFile: directory + "/" + file, encoding: .utf8) }

    private static func write(_ value: Int, to path: String) throws {
        // Not made where it is missing, and not replaced: only written to.
        let file = try FileHandle(forWritingTo: URL(filePath: path))
        try file.write(contentsOf: Data("\(value)\n".utf8))
        try file.close()
    }
}

extension RealCgroup {
    /// Whether the kernel has the controller on v1, and this process may make cgroups that nothing above limits.
    static func isPossible(_ controller: String, unlimited file: String, _ limit: (Int) -> Bool) -> Bool {
        guard let text = try? String(contentsOfFile: "\(mountPoint(of: controller))/\(file)", encoding: .utf8),
            let value = Int(text.trimmingCharacters(in: .whitespacesAndNewlines)), !limit(value),
            let cgroup = try? RealCgroup(controller)
        else { return false }
        return FileManager.default.isWritableFile(atPath: cgroup.directory + "/" + file)
    }

    static let isCPUPossible = isPossible("cpu", unlimited: "cpu.cfs_quota_us") { $0 >= 0 }
    static let isMemoryPossible = isPossible("memory", unlimited: "memory.limit_in_bytes") { $0 < 1 << 60 }

    /// Whether a real-time process may be in a cgroup: with `CONFIG_RT_GROUP_SCHED` that takes a budget of its own.
    static let isRealTimePossible: Bool = {
        guard isCPUPossible, let cgroup = try? RealCgroup("cpu") else { return false }
        try? cgroup.set("cpu.rt_runtime_us", to: 400_000)
        return (try? cgroup.output(of: "/usr/bin/chrt", ["-f", "1", "/bin/true"]))?.status == 0
    }()
}
