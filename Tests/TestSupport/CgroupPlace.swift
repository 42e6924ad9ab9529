import Foundation

/// The cgroup in which the caller may create cgroups for controllers: its own, or the nearest ancestor that permits it.
///
/// It is found from `/proc/self/cgroup` and `/proc/self/mountinfo` with code that ProcMem does not share.
struct CgroupPlace {
    struct Level {
        /// As in `/proc/PID/cgroup`.
        let path: String
        let directory: String
    }

    let version: Cgroup.Version
    let mount: String
    /// The cgroup itself, and its ancestors up to the mounted one.
    let levels: [Level]

    init(for controllers: [Cgroup.Controller], on version: Cgroup.Version? = nil) throws {
        let names = controllers.map(\.rawValue)
        let memberships = try Self.memberships()
        self.version =
            version ?? (memberships.contains { names.first.map($0.controllers.contains) ?? false } ? .v1 : .v2)
        let isOnV2 = self.version == .v2
        let wanted = isOnV2 ? [] : names
        let what = isOnV2 ? "cgroup v2" : "the \(names.joined(separator: ", ")) controller of cgroup v1"

        guard let own = memberships.first(where: { isOnV2 ? $0.id == "0" : Set(wanted).isSubset(of: $0.controllers) })
        else { throw Cgroup.Unavailable("this process is not in \(what)") }
        let mounts = try Self.mounts().filter { $0.isV2 == isOnV2 && Set(wanted).isSubset(of: $0.options) }
        guard
            let (mount, levels) = mounts.lazy.compactMap({ mount in mount.levels(of: own.path).map { (mount, $0) } })
                .first
        else { throw Cgroup.Unavailable("\(what) is not mounted with this process's cgroup \(own.path)") }
        self.mount = mount.point

        if isOnV2 {
            let offered = try KernelFile.text("\(levels[levels.count - 1].directory)/cgroup.controllers")
            let controllers = offered.split(whereSeparator: \.isWhitespace).map(String.init)
            for name in names where !controllers.contains(name) {
                throw Cgroup.Unavailable(
                    "cgroup v2 at \(mount.point) does not have the \(name) controller, only: "
                        + controllers.joined(separator: ", ")
                )
            }
        }
        var obstacles: [String] = []
        for start in levels.indices {
            guard let unavailableReason = Self.unavailableReason(to: levels[start...], names, isOnV2) else {
                self.levels = Array(levels[start...])
                return
            }
            obstacles.append("\(levels[start].directory) \(unavailableReason)")
        }
        throw Cgroup.Unavailable(obstacles.joined(separator: "; "))
    }

    /// Returns why no cgroup that only its own limits bind can be created in the first of these levels; `nil` if one
    /// can.
    private static func unavailableReason(to levels: ArraySlice<Level>, _ names: [String], _ isOnV2: Bool) -> String? {
        guard let directory = levels.first?.directory else { return "does not exist" }
        guard access(directory, W_OK) == 0, access("\(directory)/cgroup.procs", W_OK) == 0 else {
            return "cannot be written to"
        }
        if isOnV2 {
            let enabled = (try? KernelFile.text("\(directory)/cgroup.subtree_control")) ?? ""
            for name in names where !enabled.split(whereSeparator: \.isWhitespace).contains(Substring(name)) {
                return "does not have \(name) in cgroup.subtree_control"
            }
        }
        for level in levels {
            for (file, isLimit) in limits where names.contains(where: { file.hasPrefix($0 + ".") }) {
                let file = "\(level.directory)/\(file)"
                guard let text = try? KernelFile.text(file).trimmingCharacters(in: .newlines) else { continue }
                if isLimit(text) { return "is limited: \(file) is \(text)" }
            }
        }
        return nil
    }

    /// Files that set a limit, and whether their text is one. Files of other hierarchies and controllers do not exist.
    private static let limits: [(file: String, isLimit: @Sendable (String) -> Bool)] = [
        ("cpu.max", { !$0.hasPrefix("max") }),
        ("cpu.cfs_quota_us", { Int($0).map { $0 >= 0 } ?? false }),
        ("memory.max", { $0 != "max" }), ("memory.high", { $0 != "max" }),
        ("memory.limit_in_bytes", { Int($0).map { $0 < 1 << 60 } ?? false }),
    ]

    /// The directories in which a process with the caller's cgroups may have created some.
    static func possibleDirectories() -> Set<String> {
        guard let memberships = try? memberships(), let mounts = try? mounts() else { return [] }
        return Set(
            mounts.flatMap { mount in
                memberships.filter { mount.isV2 ? $0.id == "0" : $0.controllers.isSubset(of: mount.options) }
                    .compactMap { mount.levels(of: $0.path) }.flatMap { $0.map(\.directory) }
            }
        )
    }

    // MARK: Kernel files

    private struct Membership {
        let id: String
        let controllers: Set<String>
        let path: String
    }

    private static func memberships() throws -> [Membership] {
        try KernelFile.text("/proc/self/cgroup").split(separator: "\n").compactMap { line in
            let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false).map(String.init)
            guard fields.count == 3 else { return nil }
            return Membership(
                id: fields[0],
                controllers: Set(fields[1].split(separator: ",").map(String.init)),
                path: fields[2]
            )
        }
    }

    private struct Mount {
        let root: String
        let point: String
        let isV2: Bool
        let options: Set<String>

        /// A cgroup and its ancestors up to the root of this mount; `nil` if the mount does not show the cgroup.
        func levels(of path: String) -> [Level]? {
            guard path == root || root == "/" || path.hasPrefix(root + "/") else { return nil }
            var names = path.dropFirst(root == "/" ? 0 : root.count).split(separator: "/")[...]
            var levels: [Level] = []
            while true {
                let below = names.map { "/\($0)" }.joined()
                let path = (root == "/" ? "" : root) + below
                levels.append(Level(path: path.isEmpty ? "/" : path, directory: point + below))
                guard names.popLast() != nil else { break }
            }
            return KernelFile.exists("\(levels[0].directory)/cgroup.procs") ? levels : nil
        }
    }

    private static func mounts() throws -> [Mount] {
        try KernelFile.text("/proc/self/mountinfo").split(separator: "\n").compactMap { line in
            let fields = line.split(separator: " ").map(String.init)
            guard let dash = fields.firstIndex(of: "-"), dash >= 6, fields.count > dash + 3,
                ["cgroup", "cgroup2"].contains(fields[dash + 1])
            else { return nil }
            return Mount(
                root: unescaped(fields[3]),
                point: unescaped(fields[4]),
                isV2: fields[dash + 1] == "cgroup2",
                options: Set(fields[dash + 3].split(separator: ",").map(String.init))
            )
        }
    }

    private static func unescaped(_ text: String) -> String {
        [("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")].reduce(text) { text, pair in
            text.replacing(pair.0, with: pair.1)
        }
    }
}
