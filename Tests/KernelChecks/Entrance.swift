import CTestSupport
import Foundation
import TestSupport

/// What a process does before it executes another program: `--cgroup DIRECTORY` enters a cgroup, `--new KINDS` creates
/// namespaces, `--fifo PRIORITY` sets a real-time policy, `--uid ID` gives up all privileges, in the order given. `--` and
/// the program follow.
struct Entrance {
    private let arguments: [String]

    init(_ arguments: [String]) { self.arguments = arguments }

    func enter() -> Never {
        var rest = arguments[...]
        while let option = rest.popFirst(), option != "--" {
            guard let value = rest.popFirst() else { fail("\(option) has no value") }
            switch option {
            case "--cgroup":
                do { try Files.write("\(getpid())", to: "\(value)/cgroup.procs") } catch { fail("\(error)") }
            case "--fifo":
                var parameter = sched_param(sched_priority: Int32(value) ?? 1)
                guard sched_setscheduler(0, SCHED_FIFO, &parameter) == 0 else { fail("SCHED_FIFO: error \(errno)") }
            case "--uid":
                let id = UInt32(value) ?? 1000
                guard setgid(id) == 0, setuid(id) == 0 else { fail("uid \(id): error \(errno)") }
            case "--new":
                guard test_unshare(value) == 0 else { fail("unshare \(value): error \(errno)") }
            default:
                fail("no such option: \(option)")
            }
        }
        guard let program = rest.first else { fail("no program") }
        execvp(program, rest.map { strdup($0) } + [nil])
        fail("\(rest): error \(errno)")
    }

    fileprivate static func words(_ cgroups: [Cgroup], new namespaces: String) -> [String] {
        ["enter"] + cgroups.flatMap { ["--cgroup", $0.directory] } + (namespaces.isEmpty ? [] : ["--new", namespaces])
            + ["--"]
    }

    private func fail(_ text: String) -> Never {
        print("enter: \(text)")
        exit(99)
    }
}

extension Cgroup {
    /// Arguments with which this program enters cgroups, and then executes the program that follows.
    static func entering(_ cgroups: [Cgroup], new namespaces: String = "") -> [String] {
        Entrance.words(cgroups, new: namespaces)
    }
}
