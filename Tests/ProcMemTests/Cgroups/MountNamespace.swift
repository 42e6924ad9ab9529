import TestSupport

/// A model of the kernel's mounts: each mount is attached to a path in its parent, and a path is resolved from the root
/// down.
struct MountNamespace {
    struct Mount {
        let id: Int
        var parent: Int
        /// The components of the mount point, counted from the root.
        var point: [Character]
    }

    /// In the order in which they were mounted, which is the order of `mountinfo`.
    private(set) var mounts = [Mount(id: 1, parent: 0, point: [])]

    /// The mount that a path resolves to; at the end of the path the topmost mount.
    private func top(at path: [Character]) -> Int {
        var current = 1
        for length in 1...max(1, path.count) where length <= path.count {
            while let next = mounts.first(where: { $0.parent == current && $0.point == Array(path[..<length]) }) {
                current = next.id
            }
        }
        return current
    }

    func isReachable(_ id: Int) -> Bool {
        mounts.first { $0.id == id }.map { top(at: $0.point) == id } ?? false
    }

    mutating func mount(at path: [Character]) {
        mounts.append(Mount(id: mounts.count + 1, parent: top(at: path), point: path))
    }

    /// Moves the topmost mount at a path, with all mounts below it, if that is possible.
    mutating func move(from old: [Character], to new: [Character]) {
        guard let moved = mounts.first(where: { $0.point == old && $0.id != 1 && isReachable($0.id) }),
            !new.starts(with: old)
        else { return }
        var family: Set<Int> = [moved.id]
        while let next = mounts.first(where: { family.contains($0.parent) && !family.contains($0.id) }) {
            family.insert(next.id)
        }
        let parent = top(at: new)
        // A mount is not moved over a directory that has mounts below it. Tables that the kernel did not write often
        // name one parent for all mounts; in these tables the later line counts as the topmost mount, and a move would
        // not show.
        guard !family.contains(parent), !mounts.contains(where: { $0.parent == parent && $0.point.starts(with: new) })
        else { return }
        for place in mounts.indices where family.contains(mounts[place].id) {
            mounts[place].point = new + mounts[place].point.dropFirst(old.count)
            if mounts[place].id == moved.id { mounts[place].parent = parent }
        }
    }

    /// The text of `mountinfo`. Every mount is a cgroup2 file system whose root is a different cgroup.
    var table: String {
        mounts.map { mount in
            let point = mount.point.isEmpty ? "/" : mount.point.map { "/\($0)" }.joined()
            return MountTable.v2(mount.id, mount.parent, "/\(mount.id)", point)
        }.joined()
    }
}
