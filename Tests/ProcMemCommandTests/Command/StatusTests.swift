import Foundation
import TestSupport
import Testing

/// The exit status: 0 success, 1 the figures could not be read, 64 usage error.
@Suite struct StatusTests {
    @Test(arguments: [
        ["bogus"], ["--bogus"], ["cpu", "extra"], ["cpu", "--pid"], ["cpu", "--pid", "0"], ["cpu", "--pid=-1"],
        ["cpu", "--pid", "one"], ["cpu", "--pid", "99999999999"], ["cpu", "--rounding", "sideways"],
        ["cpu", "--throttling", "0"], ["cpu", "--throttling=-1"], ["cpu", "--throttling", "nan"],
        ["cpu", "--throttling", "4000"], ["cpu", "--throttling", "1", "--watch"],
        ["memory", "0"], ["memory", "1", "two"], ["memory", "--mode", "exact"], ["memory", "1", "--all"],
        ["memory", "--all", "--cgroup", "/a"], ["memory", "1", "--cgroup", "/a"], ["memory", "--tree", "--all"],
        ["memory", "--tree", "--cgroup", "/a"], ["memory", "--cgroup"],
        ["memory", "--columns", "none"], ["memory", "--columns", ""], ["memory", "--columns", "pid,"],
        ["memory", "--columns"], ["memory", "--columns", "count"], ["memory", "--sort", "none"],
        ["memory", "--sort", "count"], ["memory", "--by-command", "--columns", "pid,rss"],
        ["memory", "--by-command", "--sort", "ppid"], ["memory", "--watch", "1s", "--columns", "rss"],
        ["memory", "--watch", "1s", "--sort", "rss"], ["memory", "--watch", "1s", "--by-command"],
        ["container", "1"], ["container", "--pid", "0"], ["container", "--pid=-1"], ["container", "--pid"],
    ])
    func wrongUsage(_ arguments: [String]) throws {
        let run = try ChildProcess.output(of: BuiltProduct.url(of: "procmem").path, arguments)
        #expect(run.status == 64)
        #expect(run.text.isEmpty)
        #expect(run.errorText.contains("Usage: procmem"))
    }

    @Test(arguments: [["--help"], ["cpu", "--help"], ["memory", "--help"], ["container", "--help"]])
    func help(_ arguments: [String]) throws {
        let run = try ChildProcess.output(of: BuiltProduct.url(of: "procmem").path, arguments)
        #expect(run.status == 0)
        #expect(run.text.contains("USAGE: procmem"))
        #expect(run.errorText.isEmpty)
    }

    /// The version, and the library of procps as the dynamic linker reports it.
    @Test func version() throws {
        let procmem = try BuiltProduct.url(of: "procmem").path
        let run = try ChildProcess.output(of: procmem, ["--version"])
        #expect(run.status == 0 && run.errorText.isEmpty)
        let linked = try ChildProcess.output(of: "/usr/bin/env", ["ldd", procmem]).text
        let library = ["libproc2", "libprocps"].first { linked.contains("\($0).so") }
        let expected = library.map { "linked with \($0)" } ?? "without procps' library"
        #expect(run.text.wholeMatch(of: /procmem [0-9]+\.[0-9]+\.[0-9]+(-dev)?, (.*)\n/)?.2 == Substring(expected))
    }

    /// Expects no standard output, and one line on standard error that names a path.
    private func expectFailure(_ run: CommandRun, naming path: String, _ location: SourceLocation = #_sourceLocation) {
        #expect(run.status == 1, sourceLocation: location)
        #expect(run.output.isEmpty, sourceLocation: location)
        #expect(run.errorLines.count == 1 && run.errors.hasSuffix("\n"), sourceLocation: location)
        #expect(run.errors.hasPrefix("procmem: \(path): "), "\(run.errors)", sourceLocation: location)
    }

    @Test func anExitedProcess() throws {
        let process = try ChildProcess(state: "hold", 4096)
        let pid = process.pid
        process.end()
        expectFailure(try CommandRun("memory", "\(pid)"), naming: "/proc/\(pid)")
        expectFailure(try CommandRun("memory", "\(pid)", "--tree", "--json"), naming: "/proc/\(pid)")
        expectFailure(try CommandRun("cpu", "--pid", "\(pid)"), naming: "/proc/\(pid)")
        expectFailure(try CommandRun("container", "--pid", "\(pid)"), naming: "/proc/\(pid)")
    }

    @Test func anEmptySysroot() throws {
        let tree = try FixtureTree()
        let root = tree.directory.path
        expectFailure(try CommandRun("cpu", in: tree), naming: "\(root)/proc/self/status")
        expectFailure(try CommandRun("container", in: tree), naming: "\(root)/proc/meminfo")
        expectFailure(try CommandRun("memory", in: tree), naming: "\(root)/proc/self")
        expectFailure(try CommandRun("memory", "--all", in: tree), naming: "\(root)/proc")
        // The summary names the file that each of its parts lacks.
        let summary = try CommandRun(in: tree)
        #expect(summary.status == 1 && summary.output.isEmpty)
        let files = ["/proc/self/status", "/proc/meminfo", "/proc/self"]
        #expect(summary.errorLines.count == files.count)
        for (line, file) in zip(summary.errorLines, files) { #expect(line.hasPrefix("procmem: \(root)\(file): ")) }
        expectFailure(try CommandRun("memory", "--cgroup", "/none", in: tree), naming: "/none")
    }

    @Test func figuresThatCannotBeRead() throws {
        let tree = try Systems.processes()
        try tree.write(Data("no numbers\n".utf8), to: "/proc/100/statm")
        let run = try CommandRun("memory", "100", in: tree)
        #expect(run.status == 1)
        #expect(run.output.contains("server (malformed file)"))
        #expect(run.errors == "procmem: the memory of 1 process could not be read: malformed file\n")
    }

    /// A parent process may have made standard output non-blocking. A list is larger than the pipe, and is printed
    /// completely nevertheless.
    @Test func outputThatDoesNotBlock() throws {
        let script = """
            import fcntl, os, subprocess, sys, time
            output, input = os.pipe()
            fcntl.fcntl(output, fcntl.F_SETPIPE_SZ, 4096)
            os.set_blocking(input, False)
            child = subprocess.Popen(sys.argv[1:], stdout=input)
            os.close(input)
            # The pipe is full before its first byte is read.
            time.sleep(0.2)
            text = open(output, "rb").read()
            sys.stdout.buffer.write(text)
            sys.exit(child.wait())
            """
        let command = try [BuiltProduct.url(of: "procmem").path, "memory", "--all", "--json"]
        let run = try ChildProcess.output(of: "/usr/bin/env", ["python3", "-c", script] + command)
        #expect(run.status == 0 && run.errorText.isEmpty, "\(run.errorText)")
        #expect(run.text.utf8.count > 4096)
        #expect(try JSON(parsing: run.text)["processes"] != nil)
    }

    /// A failed write, for example to a full disk, is an error.
    @Test(arguments: [
        ["cpu"], ["cpu", "--json"], ["memory"], ["memory", "--json"], ["container"], ["container", "--json"], [],
    ])
    func outputThatCannotBeWritten(_ arguments: [String]) throws {
        let command = try [BuiltProduct.url(of: "procmem").path] + arguments
        let run = try ChildProcess.output(
            of: "/bin/sh",
            ["-c", "exec \"$@\" >/dev/full", "sh"] + command
        )
        #expect(run.status == 1)
        #expect(run.errorText == "procmem: standard output: cannot be written (errno 28, No space left on device)\n")
    }
}
