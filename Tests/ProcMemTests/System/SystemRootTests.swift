import Foundation
import TestSupport
import Testing

@testable import ProcMem

/// A directory in place of `/`: no path leads out of it, and no file in it blocks the reader.
@Suite(.timeLimit(.minutes(10))) struct SystemRootTests {
    private static let readOptions = FileReadOptions(expectedBytes: 64, limitBytes: 4096)

    private func text(of path: String, in tree: FixtureTree) throws -> String {
        try tree.root().read(path.nulTerminated.span, Self.readOptions) { $0.text(in: 0..<$0.count) }
    }

    private func failure(of path: String, in root: SystemRoot) -> FileReadError? {
        do throws(FileReadError) {
            _ = try root.read(path.nulTerminated.span, Self.readOptions) { $0.count }
            return nil
        } catch {
            return error
        }
    }

    @Test(
        arguments: [
            ("beside it", "/a/link", "file"),
            ("through the parent folder", "/a/link", "../a/file"),
            ("absolute", "/a/link", "/a/file"),
            ("absolute, to a folder on the way", "/link/file", "/a"),
            ("out by as many parents as it likes", "/a/link", "../../../../../../a/file"),
            ("absolute, and out again", "/a/link", "/../../a/file"),
        ] as [(String, String, String)]
    )
    func linksStayBelowTheRoot(_ kind: String, _ path: String, _ target: String) throws {
        let tree = try FixtureTree(
            ["/a/file": "inside"],
            links: [path.hasSuffix("/file") ? "/link" : path: target]
        )
        #expect(try text(of: path, in: tree) == "inside")
    }

    @Test func parentsInAPathStayBelowTheRoot() throws {
        let tree = try FixtureTree(["/a/file": "inside"])
        #expect(try text(of: "/../../../../a/../a/file", in: tree) == "inside")
    }

    @Test(arguments: ["/etc/passwd", "/proc/self/stat", "/../../../../../../etc/passwd", "/link", "/out/passwd"])
    func thisSystemIsOutOfReach(_ path: String) throws {
        let tree = try FixtureTree(links: ["/link": "/etc/passwd", "/out": "../../../../../../../../../etc"])
        #expect(failure(of: path, in: tree.root()) == .system(.noSuchFileOrDirectory))
    }

    @Test func aLinkToItselfIsAnError() throws {
        let tree = try FixtureTree(links: ["/loop": "loop"])
        #expect(failure(of: "/loop", in: tree.root()) == .system(.tooManyLinks))
    }

    /// Ends the wait of a reader that blocks until the pipe has a writer: after ten seconds, with more data than the
    /// reader accepts. The test then fails instead of hanging.
    private func endWaiting(for path: String) {
        Thread.detachNewThread {
            sleep(10)
            let writer = open(path, O_WRONLY | O_NONBLOCK)
            write(writer, [UInt8](repeating: 0x78, count: 8192), 8192)
            close(writer)
        }
    }

    @Test func aPipeWithoutAWriterIsAnEmptyFile() throws {
        let tree = try FixtureTree(["/a/file": ""])
        let path = tree.directory.path + "/a/pipe"
        try #require(mkfifo(path, 0o600) == 0)
        endWaiting(for: path)
        let start = ContinuousClock.now
        #expect(try text(of: "/a/pipe", in: tree) == "")
        #expect(ContinuousClock.now - start < .seconds(9))
    }

    @Test func aPipeWithASilentWriterIsAnError() throws {
        let tree = try FixtureTree(["/a/file": ""])
        let path = tree.directory.path + "/a/pipe"
        try #require(mkfifo(path, 0o600) == 0)
        let writer = open(path, O_RDWR)
        defer { close(writer) }
        endWaiting(for: path)
        #expect(failure(of: "/a/pipe", in: tree.root()) == .system(Errno(rawValue: EAGAIN)))
    }

    @Test func aFolderInPlaceOfAFileIsAnError() throws {
        let tree = try FixtureTree(["/proc/self/cgroup/file": ""])
        #expect(failure(of: "/proc/self/cgroup", in: tree.root()) == .system(.isDirectory))
    }

    @Test func aFileInPlaceOfAFolderIsAnError() throws {
        let tree = try FixtureTree(["/proc/self": ""])
        #expect(failure(of: "/proc/self/cgroup", in: tree.root()) == .system(.notDirectory))
        #expect(throws: FileReadError.system(.notDirectory)) {
            _ = try tree.root().open("/proc/self".nulTerminated.span, as: .directory).rawValue
        }
    }

    @Test(arguments: ["/missing", "/a/missing", "/missing/file"])
    func whatIsMissingIsAbsent(_ path: String) throws {
        let tree = try FixtureTree(["/a/file": ""])
        #expect(failure(of: path, in: tree.root()) == .system(.noSuchFileOrDirectory))
    }

    @Test(arguments: ["/nowhere/at/all", "", "/dev/null"])
    func aRootThatIsNoFolderIsAnErrorOfEveryFile(_ directory: String) {
        let failure = failure(of: "/proc/self/stat", in: SystemRoot(directory: directory))
        #expect(failure?.isAbsence == true)
    }

    @Test(arguments: [[UInt8](), [0x2F], [0x2F, 0x00, 0x61, 0x00], [0x00, 0x00]])
    func aPathWithoutOneNULAtItsEndOpensNothing(_ path: [UInt8]) throws {
        let tree = try FixtureTree(["/a": "inside"])
        for root in [tree.root(), .live] {
            #expect(throws: FileReadError.system(.invalidArgument)) { _ = try root.open(path.span).rawValue }
        }
    }

    @Test func theWholeSystemIsARootLikeAnother() throws {
        let below = try SystemRoot(directory: "/").read("/proc/version".nulTerminated.span, Self.readOptions) {
            $0.count
        }
        let live = try SystemRoot.live.read("/proc/version".nulTerminated.span, Self.readOptions) { $0.count }
        #expect(below > 0)
        #expect(below == live)
    }

    @Test func thePageSizeIsTheSystemsUnlessItIsGiven() {
        #expect(SystemRoot.live.pageSizeBytes == sysconf(Int32(_SC_PAGESIZE)))
        #expect(SystemRoot(directory: "/").pageSizeBytes == sysconf(Int32(_SC_PAGESIZE)))
        #expect(SystemRoot(directory: "/", pageSizeBytes: 65536).pageSizeBytes == 65536)
    }

    @Test func aFileThatMayNotBeReadIsRefused() throws {
        let tree = try FixtureTree(["/a/file": "secret"])
        let path = tree.directory.path + "/a/file"
        try #require(chmod(path, 0) == 0)
        let root = tree.root()
        let found =
            Rights.isRoot
            ? try Rights.asNobody { self.failure(of: "/a/file", in: root) }
            : failure(of: "/a/file", in: root)
        #expect(found == .system(.permissionDenied))
    }
}
