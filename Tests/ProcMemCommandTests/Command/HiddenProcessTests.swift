import Foundation
import TestSupport
import Testing

/// Processes that `/proc` hides, or whose files the caller may not read. Their memory is not known, and the output says
/// so.
@Suite(.enabled(if: ProcMount.unavailableReason == nil, "\(ProcMount.unavailableReason ?? "")"))
struct HiddenProcessTests {
    /// The mount options under which the processes of other users are not listed.
    static let hiding = ["hidepid=2"] + (ProcMount.supportsPtraceable ? ["hidepid=4"] : [])

    @Test(arguments: hiding) func cpuLimits(_ options: String) throws {
        let process = try ChildProcess(state: "hold", 4096)
        let run = try ProcMount.procmem("cpu", "--pid", "\(process.pid)", options: options)
        #expect(run.status == 1)
        #expect(run.text.isEmpty)
        #expect(
            run.errorText == """
                procmem: /proc/\(process.pid): the process exists, but /proc hides it (mount option hidepid) \
                (errno 2, No such file or directory); run as the owner of the process, or with CAP_SYS_PTRACE

                """
        )
    }

    /// A process whose files fail with EPERM, or that is not listed at all, is reported with unknown figures.
    @Test(arguments: ["hidepid=1"] + hiding, ["cheap", "accurate"]) func itsMemory(_ options: String, _ mode: String)
        throws
    {
        let process = try ChildProcess(state: "hold", 4 << 20)
        let run = try ProcMount.procmem("memory", "\(process.pid)", "--mode", mode, "--json", options: options)
        #expect(run.status == 1)
        #expect(
            run.errorText.hasPrefix("procmem: the memory of 1 process could not be read: permission denied; run as")
        )
        let answer = try JSON(parsing: run.text)
        let row = try #require(answer["processes"]?.elements.first)
        #expect(row["pid"] == .number(Double(process.pid)))
        #expect(row["unavailable"] == "permissionDenied")
        #expect(row["rssBytes"] == .null && row["command"] == .null)
        let total = try #require(answer["total"])
        #expect(total["rssBytes"] == .null && total["pssBytes"] == .null)
        #expect(total["distinctBytes"]?["upper"] == .null)
        #expect(total["distinctBytes"]?["proven"] == .bool(false))
        #expect(total["unavailableCount"] == 1 && total["memorylessCount"] == 0)
    }

    /// With hidepid=1 the processes of other users are listed but not readable. psutil's children() fails on the first
    /// one.
    @Test func aListWithProcessesThatMayNotBeReadGoesOn() throws {
        let process = try ChildProcess(state: "hold", 4096)
        let run = try ProcMount.procmem("memory", "--all", "--json", options: "hidepid=1")
        #expect(run.status == 0)
        let answer = try JSON(parsing: run.text)
        let rows = answer["processes"]?.elements ?? []
        #expect(rows.contains { $0["pid"] == .number(Double(process.pid)) && $0["unavailable"] == "permissionDenied" })
        let readable = rows.count { $0["rssBytes"] != .null }
        #expect(rows.contains { $0["command"] == "procmem" && $0["rssBytes"] != .null })
        #expect(answer["complete"] == .bool(true))
        #expect(answer["total"]?["figureCounts"]?["rss"] == .number(Double(readable)))
        #expect(readable < rows.count)
    }

    @Test(arguments: hiding) func aListSaysThatSomeAreHidden(_ options: String) throws {
        let process = try ChildProcess(state: "hold", 4096)
        let run = try ProcMount.procmem("memory", "--all", "--json", options: options)
        #expect(run.status == 0)
        let answer = try JSON(parsing: run.text)
        #expect(answer["processes"]?.elements.contains { $0["pid"] == .number(Double(process.pid)) } == false)
        #expect(answer["complete"] == .bool(false))
        #expect(answer["gaps"] == .array(["hidden"]))
        let text = try ProcMount.procmem("memory", "--all", options: options)
        #expect(text.text.hasSuffix("processes may be missing: some are hidden (hidepid) or cannot be listed\n"))
    }

    /// Up to hidepid=2, the members of the group in the mount options see all processes, and so does a caller that may
    /// trace all processes.
    @Test func anExemptCallerSeesAll() throws {
        let process = try ChildProcess(state: "hold", 4096)
        let inGroup = ["--regid", "65534", "--groups", "4242", "--bounding-set", "-all", "--inh-caps", "-all"]
        let exemptions = [
            ("hidepid=2,gid=4242", inGroup), ("hidepid=2", []), ("gid=65534,hidepid=2", ProcMount.droppedRights),
        ]
        for (options, privileges) in exemptions {
            let run = try ProcMount.procmem("memory", "--all", "--json", options: options, privileges: privileges)
            let answer = try JSON(parsing: run.text)
            #expect(answer["complete"] == .bool(true), "\(options)")
            #expect(answer["processes"]?.elements.contains { $0["pid"] == .number(Double(process.pid)) } == true)
        }
    }

    /// A tree with a readable root and a child of another user. The child has a row with unknown figures.
    @Test(arguments: ["hidepid=1"] + hiding) func aHiddenChild(_ options: String) throws {
        let states = try BuiltProduct.url(of: "ProcessStates").path
        let script = "\"$0\" hold 4096 >/dev/null & exec setpriv \"$@\" \"$0\" hold 8388608"
        let parent = try ChildProcess(running: "/bin/sh", ["-c", script, states] + ProcMount.droppedRights)
        #expect(parent.line() == "ready")
        let run = try ProcMount.procmem("memory", "\(parent.pid)", "--tree", "--json", options: options)
        let answer = try JSON(parsing: run.text)
        let rows = answer["processes"]?.elements ?? []
        #expect(rows.map { $0["unavailable"] } == [.null, "permissionDenied"])
        #expect(rows.map { $0["depth"] } == [0, 1])
        #expect(answer["gaps"] == .array(["hidden"]))
        #expect(try #require(answer["total"]?["rssBytes"]?.number) > 8e6)
        #expect(answer["total"]?["distinctBytes"]?["upper"] == .null)
        #expect(run.status == 0)
    }

    /// If neither the session leader nor the parent may be read, the summary is about the command's own tree. A child
    /// from before the command gave up its privileges is hidden from it.
    @Test(arguments: ["hidepid=1"] + hiding) func theSummary(_ options: String) throws {
        let run = try ProcMount.output(
            "mount -t proc -o \(options) proc /proc && { tail -f /dev/null --pid=$$ & }",
            of: [BuiltProduct.url(of: "procmem").path]
        )
        #expect(run.status == 0)
        #expect(run.text.contains("\ntree       2 processes, root procmem ("))
        #expect(run.text.contains("\n  cheap    at least ") && !run.text.contains("unknown in"))
        #expect(
            run.text.contains(
                "\nnote       processes may be missing: some are hidden (hidepid) or cannot be listed\n"
            )
        )
    }

    /// A mount of `/proc` that shows only processes.
    @Test(.enabled(if: ProcMount.supportsSubset, "needs a /proc mounted with subset=pid (Linux 5.8)"))
    func aProcWithoutTheMachine() throws {
        let process = try ChildProcess(state: "hold", 4096)
        let options = "subset=pid"
        let run = try ProcMount.procmem("memory", "\(process.pid)", "--json", options: options, privileges: [])
        #expect(run.status == 0)
        #expect(try JSON(parsing: run.text)["processes"]?.elements.first?["rssBytes"] != .null)
        let summary = try ProcMount.procmem(options: options, privileges: [])
        #expect(summary.status == 0)
        // sysinfo(2) reports the machine's memory, and not the huge pages.
        let pages = sysconf(Int32(_SC_PHYS_PAGES)) * sysconf(Int32(_SC_PAGESIZE))
        let container = try ProcMount.procmem("container", "--json", options: options, privileges: [])
        let answer = try JSON(parsing: container.text)
        #expect(answer["machineBytes"]?.number == Double(pages) && answer["hugePageBytes"] == .null)
        #expect(answer["unknown"]?["hugePageBytes"]?.text?.hasPrefix("/proc/meminfo: ") == true)
        #expect(summary.text.contains(", huge pages unknown\n"))
        let watch = try ProcMount.output(
            "mount -t proc -o \(options) proc /proc",
            privileges: [],
            of: [
                "sh", "-c", "timeout 20 \"$0\" container --watch --json | head -n 1",
                BuiltProduct.url(of: "procmem").path,
            ]
        )
        let start = try JSON(parsing: watch.text)
        #expect(start["cause"] == "start" && start["limitBytes"] == answer["limitBytes"])
        #expect(start["effectiveMemoryBytes"] == answer["effectiveMemoryBytes"])
    }
}

/// `/proc` is not mounted, or belongs to another pid namespace, in which the same pids name other processes.
@Suite(.enabled(if: ProcMount.unavailableReason == nil, "\(ProcMount.unavailableReason ?? "")")) struct ForeignProcTests
{
    private static let commands = [
        ["memory", "1"], ["memory", "1", "--tree"], ["memory", "--all"], ["cpu", "--pid", "1"],
        ["memory", "--cgroup-of", "1"],
    ]

    private static func withoutProc(_ arguments: [String]) throws -> ChildProcess.Output {
        let procmem = try BuiltProduct.url(of: "procmem").path
        return try ProcMount.output("mount -t tmpfs tmpfs /proc", privileges: [], of: [procmem] + arguments)
    }

    private static let notMounted = "/proc is not mounted"

    @Test(.withoutSanitizer, arguments: commands) func withoutProc(_ arguments: [String]) throws {
        let run = try Self.withoutProc(arguments)
        #expect(run.status == 1)
        #expect(run.text.isEmpty)
        #expect(run.errorText.hasPrefix("procmem: /proc/"))
        #expect(run.errorText.contains(Self.notMounted))
    }

    /// The affinity mask and the machine's memory are system calls. Swift's runtime reads the arguments from
    /// `/proc/self/cmdline`, and the command has them nevertheless.
    @Test(.withoutSanitizer) func whatNeedsNoProc() throws {
        let cpu = try Self.withoutProc(["cpu", "--json"])
        #expect(cpu.status == 0 && cpu.errorText.isEmpty)
        let count = try processorCount()
        #expect(try JSON(parsing: cpu.text)["effectiveCPUCount"] == .number(Double(count)))
        let container = try Self.withoutProc(["container"])
        #expect(container.status == 0 && container.text.contains("machine memory, no limit is visible"))
    }

    @Test(.withoutSanitizer) func theSummaryKeepsWhatCouldBeRead() throws {
        let run = try Self.withoutProc([])
        #expect(run.status == 1)
        #expect(run.text.hasPrefix("CPUs "))
        #expect(run.text.contains("no quota is visible"))
        #expect(run.text.contains("\nmemory     no limit is visible; the machine has "))
        // One line for the three modes.
        #expect(run.errorText.contains(Self.notMounted) && run.errorText.count(where: \.isNewline) == 1)
        let answer = try JSON(parsing: Self.withoutProc(["--json"]).text)
        #expect(answer["cpu"]?["effectiveCPUCount"] != nil && answer["memory"]?.elements.isEmpty == true)
    }

    /// Returns the number of CPUs that `nproc` reports, which reads the affinity mask.
    private func processorCount() throws -> Int {
        let text = try ChildProcess.output(of: "/usr/bin/env", ["nproc"]).text
        return try #require(Int(text.filter { $0 != "\n" }))
    }

    @Test(arguments: commands) func ofAnotherPIDNamespace(_ arguments: [String]) throws {
        let procmem = try BuiltProduct.url(of: "procmem").path
        let run = try ProcMount.output(
            "true",
            privileges: [],
            namespaces: ["--pid", "--fork"],
            of: [procmem] + arguments
        )
        #expect(run.status == 1)
        #expect(run.text.isEmpty)
        #expect(run.errorText.hasPrefix("procmem: /proc/self: /proc is mounted for another pid namespace: this "))
    }

    private static let v1Root = "/sys/fs/cgroup/memory"

    /// On v1 the kernel leaves out a cgroup's processes outside of the pid namespace. The output says that some may
    /// exist.
    @Test(.enabled(if: access(v1Root + "/release_agent", F_OK) == 0, "needs the memory controller on cgroup v1"))
    func aCgroupReadFromAnotherPIDNamespace() throws {
        let procmem = try BuiltProduct.url(of: "procmem").path
        let run = try ProcMount.output(
            "mount -t proc proc /proc",
            privileges: [],
            namespaces: ["--pid", "--fork"],
            of: [procmem, "memory", "--cgroup", Self.v1Root, "--json"]
        )
        let answer = try JSON(parsing: run.text)
        #expect(answer["gaps"] == .array(["otherNamespace"]))
        #expect(answer["complete"] == .bool(false))
    }

    /// In a pid namespace with its own `/proc`, the parent of the first process has no pid.
    @Test func aParentOutsideOfTheNamespace() throws {
        let procmem = try BuiltProduct.url(of: "procmem").path
        let run = try ProcMount.output(
            "mount -t proc proc /proc",
            privileges: [],
            namespaces: ["--pid", "--fork"],
            of: [procmem, "memory", "1", "--tree", "--json"]
        )
        let rows = try JSON(parsing: run.text)["processes"]?.elements ?? []
        #expect(rows.map { $0["pid"] } == [1])
        #expect(rows.map { $0["parentPID"] } == [0])
        #expect(rows.map { $0["command"] } == ["procmem"])
    }
}

extension Trait where Self == ConditionTrait {
    fileprivate static var withoutSanitizer: Self {
        .enabled(if: !BuildMode.isSanitized, "a sanitizer prints a warning where /proc is missing")
    }
}
