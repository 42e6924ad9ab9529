import TestSupport
import Testing

@testable import ProcMem

/// Soft limits, events, huge pages, a controller that is off, and charge that no figure explains.
@Suite struct ContainerReportTests {
    private typealias System = ContainerSystem
    private static let gib = System.gib
    private static let mib = System.mib
    /// The inactive file pages of `MemoryStatText.v2`.
    private static let inactive = 446_464

    private func system(limit: String = "max", high: String = "max", usage: Int) -> ContainerSystem {
        var system = System.v2(System.v2Cgroup("/cg/a/b", limit: limit, usage: usage))
        system.files["/cg/a/b/memory.high"] = "\(high)\n"
        system.machine = "MemTotal: 16777216 kB\nMemAvailable: 8388608 kB\n"
        return system
    }

    @Test func availableExtendsToTheNearestLimitOfAnyKind() throws {
        let limit = "\(4 * Self.gib)"
        let high = "\(3 * Self.gib)"
        let workingSet = Self.gib - Self.inactive
        #expect(try system(limit: limit, usage: Self.gib).memory().availableBytes == 4 * Self.gib - workingSet)
        #expect(
            try system(limit: limit, high: high, usage: Self.gib).memory().availableBytes == 3 * Self.gib - workingSet
        )
        // The machine itself.
        #expect(try system(usage: Self.gib).memory().availableBytes == 8 * Self.gib)
        #expect(try system(limit: "\(12 * Self.gib)", usage: 0).memory().availableBytes == 8 * Self.gib)
        // Unknown only where none is known, and then with a reason.
        for (machine, reason) in [(nil, "errno 2"), ("MemTotal: 16777216 kB\n", "MemAvailable")] as [(String?, String)]
        {
            var none = system(usage: Self.gib)
            none.machine = machine
            #expect(try none.memory().availableBytes == nil)
            #expect(try none.memory().reasonsByUnknownFigure[.availableBytes]?.contains(reason) == true)
        }
        // A parent's soft limit.
        var parent = system(usage: Self.gib)
        parent.files.merge(System.v2Cgroup("/cg/a", usage: 2 * Self.gib)) { $1 }
        parent.files["/cg/a/memory.high"] = "\(2 * Self.gib)\n"
        let memory = try parent.memory()
        #expect(memory.availableBytes == Self.inactive)
        #expect(memory.highBytes == 2 * Self.gib && memory.highCgroup == "/a" && memory.isAboveHigh == false)
    }

    @Test func aSoftLimitThatIsExceeded() throws {
        let memory = try system(high: "\(Self.gib)", usage: Self.gib + 4096).memory()
        #expect(memory.isAboveHigh == true && memory.limitBytes == nil)
        #expect(memory.effectiveMemoryBytes == 16 * Self.gib)
        #expect(memory.effectiveMemoryBytes(includingSoftLimit: true) == Self.gib)
        let tree = try system(high: "\(Self.gib)", usage: 0).tree()
        #expect(effectiveMemoryBytes(includingSoftLimit: true, in: tree.root()) == Self.gib)
        #expect(effectiveMemoryBytes(in: tree.root()) == 16 * Self.gib)
        var unknown = system(high: "\(Self.gib)", usage: 0)
        unknown.files["/cg/a/b/memory.current"] = nil
        #expect(try unknown.memory().isAboveHigh == nil)
        #expect(try system(usage: 0).memory().isAboveHigh == false)
    }

    @Test func aLimitAboveTheMachinesMemory() throws {
        let memory = try system(limit: "\(100 * Self.gib)", usage: 0).memory()
        #expect(memory.limitBytes == nil && memory.effectiveMemoryBytes == 16 * Self.gib)
        #expect(memory.limitAboveMachine?.limitBytes == 100 * Self.gib && memory.limitAboveMachine?.cgroup == "/a/b")
    }

    /// Where `MemAvailable` is hidden, a limit above the machine's memory bounds what is available no more than that
    /// memory does.
    @Test func availableBelowALimitAboveTheMachinesMemory() throws {
        var system = system(limit: "\(100 * Self.gib)", usage: Self.gib)
        #expect(try system.memory().availableBytes == 8 * Self.gib)
        system.machine = "MemTotal: 16777216 kB\n"
        #expect(try system.memory().availableBytes == 15 * Self.gib + Self.inactive)
        system.machine = nil
        #expect(try system.memory().availableBytes == 99 * Self.gib + Self.inactive)
    }

    /// The usage is at least the working set, and what is available at most the limit.
    @Test func availableWhereTheWorkingSetIsNotKnown() throws {
        let limit = "\(Self.gib)"
        var stat = system(limit: limit, usage: 512 * Self.mib)
        stat.files["/cg/a/b/memory.stat"] = "anon x\n"
        #expect(try stat.memory().availableBytes == 512 * Self.mib && stat.memory().warnings.count == 1)
        stat.files["/cg/a/b/memory.stat"] = "active_file \(256 * Self.mib)\n"
        #expect(try stat.memory().availableBytes == 512 * Self.mib)
        #expect(try stat.memory().availableWithReclaimBytes == 768 * Self.mib)
        var usage = system(limit: limit, usage: 0)
        usage.files["/cg/a/b/memory.current"] = "x\n"
        #expect(try usage.memory().availableBytes == Self.gib && usage.memory().warnings.count == 1)
        var soft = system(high: limit, usage: 0)
        soft.files["/cg/a/b/memory.current"] = nil
        #expect(try soft.memory().availableBytes == Self.gib)
        let tree = try stat.tree()
        var reader = try ContainerMemoryReader(in: tree.root())
        #expect(try !reader.read().isComplete)
    }

    @Test func whatCouldBeReclaimedIsTheUpperEnd() throws {
        var system = system(limit: "\(Self.gib)", usage: 512 * Self.mib)
        system.files["/cg/a/b/memory.stat"] =
            "anon 1\nfile 2\nkernel 3\ninactive_file 1048576\nactive_file 2097152\nslab_reclaimable 4194304\n"
        let memory = try system.memory()
        #expect(memory.availableBytes == 513 * Self.mib)
        #expect(memory.availableWithReclaimBytes == 519 * Self.mib)
    }

    @Test func eventsAndPeak() throws {
        let memory = try system(usage: 9).memory()
        let events = memory.events
        #expect(
            [events.low, events.high, events.max, events.oom, events.oomKill, events.oomGroupKill] == [
                1, 2, 3, 4, 5, 6,
            ]
        )
        #expect(memory.localEvents.max == 0 && memory.localEvents.oomGroupKill == nil)
        #expect(memory.swapEvents.max == 7 && memory.swapEvents.fail == 8)
        #expect(memory.peakBytes == 9)
        let v1 = try System.v1(System.v1Cgroup("/cg/a/b", usage: 11)).memory()
        #expect(v1.events.max == 3 && v1.events.oomKill == 5 && v1.events.oom == nil && v1.peakBytes == 11)
        var old = System.v1(System.v1Cgroup("/cg/a/b"))
        old.files["/cg/a/b/memory.oom_control"] = "oom_kill_disable 0\nunder_oom 0\n"
        #expect(try old.memory().events.oomKill == nil)
        var bad = system(usage: 9)
        bad.files["/cg/a/b/memory.events"] = "oom_kill x\n"
        #expect(try bad.memory().events == .init())
        #expect(try bad.memory().warnings.count == 1)
    }

    @Test(
        arguments: [
            ("Hugetlb: 4194304 kB\n", 4 * gib), ("HugePages_Total: 1024\nHugepagesize: 2048 kB\n", 2 * gib), ("", 0),
        ]
    )
    func hugePagesAreNotAvailable(_ text: String, _ bytes: Int) throws {
        var system = system(usage: 0)
        system.machine = "MemTotal: 16777216 kB\n\(text)"
        let memory = try system.memory()
        #expect(memory.hugePageBytes == bytes && memory.machineBytes == 16 * Self.gib)
        #expect(memory.effectiveMemoryBytes == 16 * Self.gib - bytes)
    }

    /// lxcfs shows the memory of a container, and the huge pages of the machine.
    @Test(
        arguments: [
            ("4294967296", "MemTotal: 4194304 kB\nHugetlb: 50331648 kB\n", 4 * gib),
            ("4294967296", "MemTotal: 4194304 kB\nHugetlb: 2097152 kB\n", 4 * gib),
            ("4294967296", "MemTotal: 4194304 kB\nHugePages_Total: 1024\nHugepagesize: 2048 kB\n", 4 * gib),
            ("max", "MemTotal: 4194304 kB\nHugetlb: 4194308 kB\n", 4 * gib),
        ]
    )
    func hugePagesOfAnotherSystem(_ limit: String, _ machine: String, _ bytes: Int) throws {
        var system = system(limit: limit, usage: 0)
        system.machine = machine
        let tree = try system.tree()
        let memory = try ContainerMemory.current(in: tree.root())
        #expect(memory.hugePageBytes == nil && memory.effectiveMemoryBytes == bytes && memory.machineBytes == bytes)
        #expect(memory.reason(.hugePageBytes, in: tree)?.hasPrefix("/proc/meminfo: ") == true)
        #expect(effectiveMemoryBytes(in: tree.root()) == bytes)
        var reader = try ContainerMemoryReader(in: tree.root())
        #expect(try reader.read().effectiveMemoryBytes == bytes)
    }

    /// On the running system, the file system of the file decides.
    @Test func hugePagesOfAFileThatIsNotTheKernels() throws {
        let information = MemInfo(parsing: "MemTotal: 8192 kB\nHugetlb: 1024 kB\n".utf8Span.span)
        let foreign = try #require(MachineMemory(information, isOfKernel: false))
        #expect(foreign.hugePageBytes == nil && foreign.hasForeignHugePages && foreign.usableBytes == 8 * Self.mib)
        let own = try #require(MachineMemory(information, isOfKernel: true))
        #expect(own.hugePageBytes == Self.mib && !own.hasForeignHugePages && own.usableBytes == 7 * Self.mib)
        let none = try #require(MachineMemory(MemInfo(parsing: "MemTotal: 8 kB\n".utf8Span.span), isOfKernel: false))
        #expect(none.hugePageBytes == 0 && !none.hasForeignHugePages)
    }

    @Test func aControllerThatIsOff() throws {
        var system = System.v2(["/cg/a/b/cgroup.procs": "", "/cg/cgroup.controllers": "cpu pids\n"])
        #expect(try system.memory().isControllerEnabled == false)
        system.files["/cg/cgroup.controllers"] = "cpu memory pids\n"
        // The root has the controller and does not pass it on.
        #expect(try system.memory().isControllerEnabled == false)
        system.membership = "0::/\n"
        #expect(try system.memory().isControllerEnabled == true)
        system.membership = "0::/a/gone\n"
        #expect(try system.memory().isControllerEnabled == nil)
        #expect(try self.system(usage: 0).memory().isControllerEnabled == true)
        #expect(try System.v1(System.v1Cgroup("/cg/a/b")).memory().isControllerEnabled == true)
        system.files["/cg/cgroup.controllers"] = nil
        #expect(try system.memory().isControllerEnabled == nil)
        // An ancestor has the controller and does not pass it on: the ancestor is charged.
        var inherited = System.v2(System.v2Cgroup("/cg/a", usage: 7))
        inherited.files["/cg/a/b/cgroup.procs"] = ""
        #expect(try inherited.memory().isControllerEnabled == true)
        #expect(try inherited.memory().usageCgroup == "/a")
    }

    /// v1 does not have a controller that is disabled, and v2 is not mounted beside it, as with Docker on a hybrid system.
    @Test(
        arguments: [
            ("memory\t0\t105\t0\n", false), ("memory\t0\t105\t1\n", nil), ("", nil), ("memory\t0\t105\n", nil),
            ("memory_x\t0\t105\t0\n", nil), (nil, nil),
        ] as [(String?, Bool?)]
    )
    func aControllerThatTheKernelWasStartedWithout(_ line: String?, _ isEnabled: Bool?) throws {
        var system = System.v2([:])
        system.membership = "4:cpu:/x\n0::/docker/abc\n"
        system.mounts = "40 30 0:9 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n"
        system.files["/sys/fs/cgroup/cpu/tasks"] = ""
        let header = "#subsys_name\thierarchy\tnum_cgroups\tenabled\ncpu\t4\t105\t1\n"
        system.files["/proc/cgroups"] = line.map { header + $0 }
        #expect(try system.memory().isControllerEnabled == isEnabled)
    }

    @Test func chargeThatNoFigureExplains() throws {
        var system = system(usage: 201 * Self.mib)
        system.files["/cg/a/b/memory.stat"] =
            "anon 1048576\nfile 0\nkernel 0\nsock 4096\ninactive_anon 210763776\nactive_anon 0\ninactive_file 0\n"
        let memory = try system.memory()
        #expect(memory.unexplainedBytes == 200 * Self.mib - 4096)
        #expect(memory.inactiveAnonBytes == 201 * Self.mib && memory.activeAnonBytes == 0)
        system.files["/cg/a/b/memory.stat"] = "anon 1\nfile 0\n"
        #expect(try system.memory().unexplainedBytes == nil)
        // Linux 5.10 has only parts of the kernel's memory.
        system.files["/cg/a/b/memory.stat"] =
            "anon 1048576\nfile 0\nkernel_stack 16384\npercpu 8192\nsock 4096\ninactive_file 0\n"
            + "slab_reclaimable 65536\nslab_unreclaimable 32768\nslab 98304\n"
        let old = try system.memory()
        #expect(old.unexplainedBytes == 200 * Self.mib - 4096 - 16384 - 8192 - 98304)
        #expect(old.kernelBytes == nil && old.reasonsByUnknownFigure[.kernelBytes] != nil)
        // From 5.18 on, the whole counts.
        system.files["/cg/a/b/memory.stat"]? += "kernel 131072\n"
        #expect(try system.memory().unexplainedBytes == 200 * Self.mib - 4096 - 131072)
    }
}
