import Foundation

/// Compares ProcMem's answers with what the running kernel enforces and reports. The checks change the whole system:
/// they run in a disposable virtual machine, which scripts/test-kernel starts.
@main
enum KernelChecks {
    static let all: [Check] =
        QuotaChecks.all + PlaceChecks.all + EnforcementChecks.all + AffinityChecks.all + ChangeChecks.all
        + MemorySceneChecks.all + MemoryBoundsChecks.all + SwapChecks.all + CgroupChargeChecks.all
        + ContainerMemoryChecks.all
        + ContainerEventChecks.all + MemoryChangeChecks.all + PressureChecks.all + HiddenProcessChecks.all
        + RuntimeChecks.all
        + CounterChecks.all

    static func main() async {
        let arguments = CommandLine.arguments.dropFirst()
        switch arguments.first {
        case "run":
            let words = arguments.dropFirst()
            guard let system = words.first.flatMap(System.init(rawValue:)) else { usage() }
            // A word of the kernel's command line cannot contain a space.
            let filter = (words.dropFirst().first ?? "").replacing("_", with: " ")
            let isThorough = ProcessInfo.processInfo.environment["thorough"] == "yes"
            let checks = all.filter { check in
                check.systems.contains(system) && (isThorough || !check.isThorough)
                    && (filter.isEmpty || check.name.contains(filter))
            }
            exit(CheckRunner(system: system, checks: checks).run() ? 0 : 1)
        case "make":
            guard let check = all.first(where: { $0.name == arguments.last }) else { usage() }
            await CheckRunner.make(check)
        case "enter":
            Entrance(Array(arguments.dropFirst())).enter()
        case "changes":
            await ChangeChecks.printChanges()
        case "memory-changes":
            await PressureChecks.printChanges()
        case "list":
            for check in all { print(check.name) }
        default:
            usage()
        }
    }

    private static func usage() -> Never {
        print("usage: KernelChecks run SYSTEM [TEXT] | list; inside the virtual machine of scripts/test-kernel")
        exit(64)
    }
}
