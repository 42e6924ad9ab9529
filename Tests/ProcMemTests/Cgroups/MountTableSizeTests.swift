import TestSupport
import Testing

@testable import ProcMem

/// Long tables, and tables that are slow for a quadratic algorithm. By default the kernel allows at most 100,000
/// mounts.
@Suite(.serialized) struct MountTableSizeTests {
    struct Case: CustomTestStringConvertible {
        let name: String
        let lines: [String]
        var expected: String?

        var testDescription: String { name }
    }

    private static let count = 5000
    private static let place = "/sys/fs/cgroup"
    private static let own = MountTable.v2(25, 22, "/", place)
    private static let found = "/ at \(place)"

    private static func lines(_ line: (Int) -> String) -> [String] { (1000..<1000 + count).map(line) }

    static let tables: [Case] = [
        Case(
            name: "other mounts",
            lines: [own] + lines { MountTable.tmpfs($0, 20, "/mnt/\($0)") },
            expected: found
        ),
        Case(
            name: "mounts of other cgroups",
            lines: [own] + lines { MountTable.v2($0, 20, "/docker/\($0)", "/mnt/\($0)") },
            expected: found
        ),
        Case(
            name: "the whole tree at other places",
            lines: [own] + lines { MountTable.v2($0, 20, "/", "/mnt/\($0)") },
            expected: found
        ),
        Case(
            name: "each on the one before",
            lines: lines { MountTable.v2($0, $0 == 1000 ? 22 : $0 - 1, "/", place) },
            expected: found
        ),
        Case(
            name: "each on the one before, backwards",
            lines: lines { MountTable.v2($0, $0 == 1000 ? 22 : $0 - 1, "/", place) }.reversed(),
            // Most mounts are not reachable.
            expected: nil
        ),
        Case(
            name: "one place, one parent",
            lines: lines { MountTable.v2($0, 22, "/", place) },
            expected: found
        ),
        Case(
            name: "all hidden by the last",
            lines: lines { MountTable.v2($0, 22, "/", "\(place)/\($0)") } + [MountTable.tmpfs(30, 22, place)],
            expected: nil
        ),
        Case(
            name: "all hidden by one in the middle",
            lines: lines { MountTable.v2($0, 22, "/", "\(place)/\($0)") } + [MountTable.tmpfs(30, 22, place)]
                + lines { MountTable.tmpfs(100_000 + $0, 20, "/mnt/\($0)") },
            expected: nil
        ),
        Case(
            name: "a ring of parents",
            lines: lines { MountTable.tmpfs($0, $0 == 1000 ? 1000 + count - 1 : $0 - 1, place) } + [own],
            expected: found
        ),
        Case(
            name: "one id",
            lines: lines { _ in MountTable.tmpfs(7, 7, place) } + [own],
            expected: found
        ),
        Case(
            name: "later ones below a hidden mount",
            lines: [MountTable.tmpfs(30, 22, place), MountTable.tmpfs(31, 30, place)]
                + [MountTable.tmpfs(40, 30, place + "/x"), MountTable.v2(41, 31, "/", place + "/x")]
                + lines { MountTable.tmpfs($0, 40, place + "/x") },
            expected: "/ at \(place)/x"
        ),
        Case(
            name: "a deep path in each line",
            lines: lines { MountTable.v2($0, 20, String(repeating: "/a", count: 100) + "\($0)", "/mnt/\($0)") } + [own],
            expected: found
        ),
    ]

    @Test(arguments: tables) func aLongTableIsReadAtOnce(_ table: Case) {
        let text = MountTable.system + table.lines.joined()
        let clock = ContinuousClock()
        var mount: String?
        let time = clock.measure { mount = MountTable.mount(showing: "/own/a", in: text) }
        #expect(mount == table.expected)
        // For a debug build on a busy machine. A quadratic algorithm would take minutes.
        #expect(time < .seconds(30))
    }
}
