import Foundation
import TestSupport

/// A cgroup of the guest's. All that a check makes are below the hierarchy's root, and gone after it.
struct Cgroup {
    /// As `/proc/PID/cgroup` names it outside of any namespace.
    let path: String
    /// Where the hierarchy is mounted.
    let mount: String

    private static let prefix = "check"

    static let root = Cgroup(path: "", mount: "/sys/fs/cgroup")

    private init(path: String, mount: String) {
        self.path = path
        self.mount = mount
    }

    /// A new one below the root, whose name no other check had.
    ///
    /// - Parameters:
    ///   - controllers: Those that it and what is below it get, on v2.
    ///   - hierarchy: The hierarchy's folder, on v1.
    static func make(_ controllers: [String] = ["cpu"], v1 hierarchy: String? = nil) throws -> Cgroup {
        let mount = hierarchy.map { "/sys/fs/cgroup/\($0)" } ?? root.mount
        return try Cgroup(path: "", mount: mount).make("\(prefix)\(getpid())-\(UUID().uuidString.prefix(4))", controllers)
    }

    /// A new one in this one.
    func make(_ name: String, _ controllers: [String] = ["cpu"]) throws -> Cgroup {
        let isV2 = Files.exists("\(mount)/cgroup.controllers")
        if isV2, !controllers.isEmpty {
            let words = controllers.map { "+\($0)" }.joined(separator: " ")
            try Files.write(words, to: "\(directory)/cgroup.subtree_control")
        }
        let child = Cgroup(path: "\(path)/\(name)", mount: mount)
        guard mkdir(child.directory, 0o755) == 0 else { throw Files.Failure(child.directory, errno) }
        return child
    }

    var directory: String { mount + path }

    var parent: Cgroup { Cgroup(path: String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)]), mount: mount) }

    func set(_ file: String, _ value: String) throws { try Files.write(value, to: "\(directory)/\(file)") }

    func text(_ file: String) throws -> String { try Files.text("\(directory)/\(file)") }

    func number(_ file: String) throws -> Int { try Files.number("\(directory)/\(file)") }

    func has(_ file: String) -> Bool { Files.exists("\(directory)/\(file)") }

    /// Moves a process here.
    func take(_ pid: Int32) throws { try set("cgroup.procs", "\(pid)") }

    /// A process in a state of ``ChildProcess`` that begins here, which is charged for its memory.
    func child(state: String, _ arguments: any CustomStringConvertible..., also others: [Cgroup] = []) throws -> ChildProcess {
        let program = try BuiltProduct.url(of: "ProcessStates").path
        let words = Self.entering([self] + others) + [program, state] + arguments.map(\.description)
        let child = try ChildProcess(running: CommandLine.arguments[0], words)
        try child.waitUntilReady(in: state)
        return child
    }

    static func entering(_ cgroups: [Cgroup], new namespaces: String = "") -> [String] {
        ["enter"] + cgroups.flatMap { ["--cgroup", $0.directory] } + (namespaces.isEmpty ? [] : ["--new", namespaces])
            + ["--"]
    }

    func remove() throws {
        // A process that has just ended may hold it for a moment.
        for _ in 0..<300 {
            if rmdir(directory) == 0 || errno == ENOENT { return }
            usleep(10_000)
        }
        throw Files.Failure(directory, errno)
    }

    /// Ends what runs in the cgroups that checks have made, and removes them.
    static func removeAll() {
        let mounts = ["/sys/fs/cgroup"] + names(in: "/sys/fs/cgroup").map { "/sys/fs/cgroup/\($0)" }
        for mount in mounts {
            for name in names(in: mount) where name.hasPrefix(prefix) { removeTree("\(mount)/\(name)") }
        }
    }

    private static func names(in directory: String) -> [String] {
        (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
    }

    private static func removeTree(_ directory: String) {
        for _ in 0..<100 {
            let pids = ((try? Files.text("\(directory)/cgroup.procs")) ?? "").split(separator: "\n").compactMap { Int32($0) }
            if pids.isEmpty { break }
            for pid in pids { kill(pid, SIGKILL) }
            usleep(10_000)
        }
        for name in names(in: directory) {
            var isDirectory: ObjCBool = false
            let path = "\(directory)/\(name)"
            if FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory), isDirectory.boolValue {
                removeTree(path)
            }
        }
        for _ in 0..<300 where rmdir(directory) != 0 && errno == EBUSY { usleep(10_000) }
    }
}
