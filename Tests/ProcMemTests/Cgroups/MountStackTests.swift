import TestSupport
import Testing

@testable import ProcMem

/// Mounts on top of other mounts.
@Suite struct MountStackTests {
    struct Case: CustomTestStringConvertible {
        let name: String
        var version = CgroupVersion.v2
        let lines: [String]
        let expected: String?

        var testDescription: String { name }
    }

    private static let place = "/sys/fs/cgroup"
    private static let cpu = "/sys/fs/cgroup/cpu"

    static let inAnyOrder: [Case] = [
        Case(
            name: "one on the other, as the kernel lists them",
            lines: [MountTable.v2(25, 22, "/", place), MountTable.v2(26, 25, "/own", place)],
            expected: "/own at \(place)"
        ),
        Case(
            name: "three of them",
            lines: [
                MountTable.v2(25, 22, "/", place), MountTable.v2(26, 25, "/", place),
                MountTable.v2(27, 26, "/own", place),
            ],
            expected: "/own at \(place)"
        ),
        Case(
            name: "a tmpfs on it",
            lines: [MountTable.v2(25, 22, "/", place), MountTable.tmpfs(26, 25, place)],
            expected: nil
        ),
        Case(
            name: "a tmpfs on it, and another mount elsewhere",
            lines: [
                MountTable.v2(25, 22, "/", place), MountTable.tmpfs(26, 25, place),
                MountTable.v2(27, 20, "/own", "/mnt"),
            ],
            expected: "/own at /mnt"
        ),
        Case(
            name: "on the tmpfs that hides another",
            version: .v1,
            lines: [
                MountTable.tmpfs(30, 22, place), MountTable.v1(31, 30, "/", cpu), MountTable.tmpfs(32, 30, place),
                MountTable.v1(33, 32, "/own", cpu),
            ],
            expected: "/own at \(cpu)"
        ),
        Case(
            name: "hidden by a tmpfs on its folder",
            version: .v1,
            lines: [
                MountTable.tmpfs(30, 22, place), MountTable.v1(31, 30, "/", cpu), MountTable.tmpfs(32, 30, place),
            ],
            expected: nil
        ),
        Case(
            name: "a tmpfs in the folder below hides nothing",
            lines: [MountTable.v2(25, 22, "/", place), MountTable.tmpfs(26, 25, place + "/x")],
            expected: "/ at \(place)"
        ),
        Case(
            name: "nor one in a directory whose name has the same prefix",
            version: .v1,
            lines: [
                MountTable.tmpfs(30, 22, place), MountTable.v1(31, 30, "/", place + "/cpu,cpuacct"),
                MountTable.tmpfs(32, 30, cpu), MountTable.tmpfs(33, 30, place + "/cpu,cpuacct2"),
            ],
            expected: "/ at \(place)/cpu,cpuacct"
        ),
        Case(
            name: "a lower mount hides nothing",
            version: .v1,
            lines: [
                MountTable.v1(24, 22, "/own", cpu), MountTable.tmpfs(30, 22, place), MountTable.v1(31, 30, "/", cpu),
            ],
            expected: "/ at \(cpu)"
        ),
        Case(
            name: "a mount on the root is not visible",
            lines: [MountTable.v2(25, 22, "/", place), MountTable.tmpfs(40, 20, "/")],
            expected: "/ at \(place)"
        ),
    ]

    /// The kernel lists mounts in the order in which they were mounted. This need not be the order in which they came
    /// to their present mount points: the `/proc` and `/sys` of an initial ramdisk are listed before `/`, and a moved
    /// mount can be listed anywhere.
    @Test(arguments: inAnyOrder) func theParentsDecideWhatIsOnTop(_ stack: Case) {
        for order in stack.lines.permutations {
            for table in [MountTable.system + order.joined(), order.joined() + MountTable.system] {
                #expect(MountTable.mount(stack.version, showing: "/own/a", in: table) == stack.expected, "\(table)")
            }
        }
    }

    static let byTheOrder: [Case] = [
        Case(
            name: "two of one parent",
            lines: [MountTable.v2(25, 22, "/", place), MountTable.v2(26, 22, "/own", place)],
            expected: "/own at \(place)"
        ),
        Case(
            name: "two of one parent, numbered the other way",
            lines: [MountTable.v2(26, 22, "/", place), MountTable.v2(25, 22, "/own", place)],
            expected: "/own at \(place)"
        ),
        Case(
            name: "parents that are not in the table",
            lines: [MountTable.v2(25, 901, "/", place), MountTable.v2(26, 902, "/own", place)],
            expected: "/own at \(place)"
        ),
        Case(
            name: "a tmpfs on the folder, of a parent that is not in the table",
            version: .v1,
            lines: [MountTable.v1(31, 30, "/", cpu), MountTable.tmpfs(40, 902, place)],
            expected: nil
        ),
        Case(
            name: "a tmpfs on the folder, of the folder's parent",
            version: .v1,
            lines: [
                MountTable.tmpfs(30, 22, place), MountTable.v1(31, 30, "/", cpu), MountTable.tmpfs(40, 22, place),
            ],
            expected: nil
        ),
        Case(
            name: "all of one parent, folder first",
            version: .v1,
            lines: [MountTable.tmpfs(30, 22, place), MountTable.v1(31, 22, "/", cpu)],
            expected: "/ at \(cpu)"
        ),
        Case(
            name: "all of one parent, folder last",
            version: .v1,
            lines: [MountTable.v1(31, 22, "/", cpu), MountTable.tmpfs(30, 22, place)],
            expected: nil
        ),
        Case(
            name: "a tmpfs with a parent, on a mount whose own is not in the table",
            lines: [MountTable.v2(25, 901, "/", place), MountTable.tmpfs(26, 22, place)],
            expected: nil
        ),
        Case(
            name: "one line twice",
            lines: [MountTable.v2(25, 22, "/", place), MountTable.v2(25, 22, "/", place)],
            expected: "/ at \(place)"
        ),
        Case(
            name: "its own parent",
            lines: [MountTable.v2(25, 25, "/", place)],
            expected: "/ at \(place)"
        ),
        Case(
            name: "each the other's parent, one above the other",
            version: .v1,
            lines: [MountTable.tmpfs(30, 31, place), MountTable.v1(31, 30, "/", cpu)],
            expected: "/ at \(cpu)"
        ),
        Case(
            name: "a ring of parents beside it",
            lines: [
                MountTable.tmpfs(40, 41, "/mnt"), MountTable.tmpfs(41, 42, "/mnt"), MountTable.tmpfs(42, 40, "/mnt"),
                MountTable.v2(25, 22, "/", place),
            ],
            expected: "/ at \(place)"
        ),
        Case(
            name: "a ring of parents above it",
            version: .v1,
            lines: [
                MountTable.tmpfs(40, 41, "/sys"), MountTable.tmpfs(41, 40, place), MountTable.v1(31, 41, "/", cpu),
            ],
            expected: "/ at \(cpu)"
        ),
    ]

    @Test(arguments: byTheOrder) func withoutParentsTheLaterLineIsOnTop(_ stack: Case) {
        let table = MountTable.system + stack.lines.joined()
        #expect(MountTable.mount(stack.version, showing: "/own/a", in: table) == stack.expected)
    }
}

extension Array {
    fileprivate var permutations: [[Element]] {
        guard count > 1 else { return [self] }
        return indices.flatMap { place in
            var rest = self
            let element = rest.remove(at: place)
            return rest.permutations.map { [element] + $0 }
        }
    }
}
