import TestSupport
import Testing

@testable import ProcMem

/// The choice of the mount that shows most of a cgroup's levels.
@Suite struct MountChoiceTests {
    struct Case: CustomTestStringConvertible {
        let name: String
        var cgroup = "/own/a"
        /// Roots and mount points, in the order of preference.
        let mounts: [(root: String, point: String)]

        var testDescription: String { name }
        var best: String { "\(mounts[0].root) at \(mounts[0].point)" }
    }

    static let whateverTheOrder: [Case] = [
        Case(name: "the whole tree before a part", mounts: [("/", "/mnt"), ("/own", "/sys/fs/cgroup")]),
        Case(name: "a larger part before a smaller", mounts: [("/own", "/mnt"), ("/own/a", "/sys/fs/cgroup")]),
        Case(name: "a part before an unrelated one", mounts: [("/own/a", "/mnt"), ("/other", "/sys/fs/cgroup")]),
        Case(name: "a part of a name is unrelated", mounts: [("/own", "/mnt"), ("/ow", "/sys/fs/cgroup")]),
        Case(name: "a cgroup below is unrelated", mounts: [("/own/a", "/mnt"), ("/own/a/b", "/sys/fs/cgroup")]),
        Case(
            name: "a cgroup above the namespace is unrelated",
            mounts: [("/own", "/mnt"), ("/..", "/sys/fs/cgroup")]
        ),
        Case(
            name: "above the namespace, the higher one",
            cgroup: "/../../x",
            mounts: [("/../..", "/mnt"), ("/../../x", "/sys/fs/cgroup"), ("/", "/sys/fs/cgroup/unified")]
        ),
        Case(
            name: "of equals the one at the conventional mount point",
            mounts: [("/", "/sys/fs/cgroup"), ("/", "/mnt")]
        ),
        Case(name: "and below it", mounts: [("/", "/sys/fs/cgroup/unified"), ("/", "/mnt")]),
        Case(name: "which is a directory, not a prefix", mounts: [("/", "/sys/fs/cgroup"), ("/", "/sys/fs/cgroup2")]),
        Case(
            name: "if no mount shows the cgroup, the conventional mount point",
            cgroup: "/",
            mounts: [("/x", "/sys/fs/cgroup"), ("/y", "/mnt")]
        ),
    ]

    @Test(arguments: whateverTheOrder) func theBestMountIsChosen(_ choice: Case) {
        let lines = choice.mounts.enumerated().map { MountTable.v2(40 + $0, 20, $1.root, $1.point) }
        for order in [lines, lines.reversed()] {
            let table = MountTable.system + order.joined()
            #expect(MountTable.mount(showing: choice.cgroup, in: table) == choice.best)
        }
    }

    @Test func ofEqualsElsewhereTheLaterOneIsChosen() {
        let table = MountTable.v2(40, 20, "/", "/mnt") + MountTable.v2(41, 20, "/", "/srv")
        #expect(MountTable.mount(in: table) == "/ at /srv")
    }

    /// The number of other mounts does not matter, and neither does their position.
    @Test(arguments: [0, 31, 32, 33, 64, 65, 500, 999]) func theOnlyUsefulMountIsFoundAmongAThousand(_ place: Int) {
        var lines = (0..<1000).map { MountTable.v2(100 + $0, 20, "/other\($0)", "/mnt/\($0)") }
        lines[place] = MountTable.v2(50, 22, "/", "/sys/fs/cgroup")
        #expect(MountTable.mount(showing: "/own/a", in: MountTable.system + lines.joined()) == "/ at /sys/fs/cgroup")
    }
}
