import TestSupport

/// Mounts as the kernel keeps them: each lies at a place in its parent, and a path is looked for from the root downwards.
struct MountNamespace {
    struct Mount {
        let id: Int
        var parent: Int
        /// The components of the mount point, as seen from the root.
        var point: [Character]
    }

    /// In the order of their making, which is the order of `mountinfo`.
    private(set) var mounts = [Mount(id: 1, parent: 0, point: [])]

    /// The mount that a path leads into, and the one on top of all at its end.
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

    /// Moves the mount on top of a place, with everything in it, if that is possible.
    mutating func move(from old: [Character], to new: [Character]) {
        guard let moved = mounts.first(where: { $0.point == old && $0.id != 1 && isReachable($0.id) }),
            !new.starts(with: old)
        else { return }
        var family: Set<Int> = [moved.id]
        while let next = mounts.first(where: { family.contains($0.parent) && !family.contains($0.id) }) {
            family.insert(next.id)
        }
        let parent = top(at: new)
        // Not over a folder with mounts in it: a table that is not the kernel's often names one parent for all, so there
        // the later line counts as the one on top, whatever was moved.
        guard !family.contains(parent), !mounts.contains(where: { $0.parent == parent && $0.point.starts(with: new) })
        else { return }
        for place in mounts.indices where family.contains(mounts[place].id) {
            mounts[place].point = new + mounts[place].point.dropFirst(old.count)
            if mounts[place].id == moved.id { mounts[place].parent = parent }
        }
    }

    /// `mountinfo`. Every mount is a cgroup2 whose root is a cgroup of its own.
    var table: String {
        mounts.map { mount in
            let point = mount.point.isEmpty ? "/" : mount.point.map { "/\($0)" }.joined()
            return MountTable.v2(mount.id, mount.parent, "/\(mount.id)", point)
        }.joined()
    }
}
