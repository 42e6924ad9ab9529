import Foundation
import TestSupport
import Testing

@testable import ProcMem

/// The kernel accepts paths of 4,095 bytes. Directories can be nested more deeply than that.
@Suite(.timeLimit(.minutes(10))) struct LongPathTests {
    private static let readOptions = FileReadOptions(expectedBytes: 64, limitBytes: 4096)

    private func text(_ path: String, in root: SystemRoot) throws -> String {
        try root.read(path.nulTerminated.span, Self.readOptions) { $0.text(in: 0..<$0.count) }
    }

    @Test func aPathFarTooLongForOneCallIsOpened() throws {
        let deep = try DeepTree(try FixtureTree(), depth: 100, nameBytes: 120, files: [(100, "file", "deep")])
        #expect(deep.path.utf8.count == 12_100)
        #expect(try text(deep.path + "/file", in: deep.tree.root()) == "deep")
        #expect(try text(deep.tree.directory.path + deep.path + "/file", in: .live) == "deep")
        #expect(throws: FileReadError.system(.noSuchFileOrDirectory)) {
            try text(deep.path + "/none", in: deep.tree.root())
        }
        #expect(throws: FileReadError.system(.isDirectory)) { try text(deep.path, in: deep.tree.root()) }
    }

    /// Around the length from which one call no longer suffices, counted with the NUL.
    @Test(arguments: 4090...4102)
    func noLengthFallsBetween(_ length: Int) throws {
        let deep = try DeepTree(try FixtureTree(), depth: 40, nameBytes: 99, files: [])
        let rest = length - deep.path.utf8.count - 2
        let name = String(repeating: "f", count: rest)
        let folder = try deep.tree.root().open(deep.path.nulTerminated.span, as: .directory)
        try DeepTree.write("here", to: name, in: folder.rawValue)
        let path = deep.path + "/" + name
        try #require(path.nulTerminated.count == length)
        #expect(try text(path, in: deep.tree.root()) == "here")
    }

    @Test func slashesBetweenPartsAreOne() throws {
        let deep = try DeepTree(try FixtureTree(), depth: 45, nameBytes: 99, files: [(45, "file", "deep")])
        let slashes = String(repeating: "/", count: 7)
        let path = (deep.path + "/file").replacing("/", with: slashes)
        #expect(try text(path, in: deep.tree.root()) == "deep")
        #expect(try text(deep.tree.directory.path + path, in: .live) == "deep")
    }

    @Test func aLongPathDoesNotLeadOutOfTheRoot() throws {
        let deep = try DeepTree(try FixtureTree(), depth: 45, nameBytes: 99, files: [])
        let out = deep.path + String(repeating: "/..", count: 200) + "/etc/passwd"
        #expect(throws: FileReadError.system(.noSuchFileOrDirectory)) { try text(out, in: deep.tree.root()) }
    }

    @Test(arguments: [5000, 100_000])
    func aNameTooLongIsAnError(_ length: Int) throws {
        let tree = try FixtureTree()
        let path = "/" + String(repeating: "x", count: length)
        #expect(throws: FileReadError.system(.nameTooLong)) { try text(path, in: tree.root()) }
        #expect(throws: FileReadError.system(.nameTooLong)) { try text(path, in: .live) }
    }

    @Test(arguments: [
        [UInt8](repeating: 0x2F, count: 5000), [UInt8](repeating: 0x2F, count: 5000) + [0],
        [0x2F] + [UInt8](repeating: 0, count: 5000), Array(String(repeating: "/x", count: 3000).utf8),
    ])
    func aLongPathThatIsNoneOpensNothing(_ path: [UInt8]) throws {
        let tree = try FixtureTree()
        for root in [tree.root(), .live] {
            #expect(throws: FileReadError.self) { _ = try root.open(path.span).rawValue }
        }
    }
}
