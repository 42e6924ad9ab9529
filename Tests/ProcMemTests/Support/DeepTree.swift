import Foundation
import TestSupport
import Testing

/// A directory tree that is deeper than a path can be, created and removed step by step.
final class DeepTree {
    let tree: FixtureTree
    /// The path of the deepest directory, from the tree's root: `/NAME/NAME/…`.
    let path: String

    /// - Parameters:
    ///   - start: A directory of the tree in which the deep part begins.
    ///   - depth: The number of nested directories.
    ///   - nameBytes: The length of each name.
    ///   - files: Contents by level and name; level 1 is the first nested directory.
    init(
        _ tree: FixtureTree,
        from start: String = "",
        depth: Int,
        nameBytes: Int,
        files: [(level: Int, name: String, text: String)]
    ) throws {
        self.tree = tree
        let name = String(repeating: "d", count: nameBytes)
        path = start + String(repeating: "/" + name, count: depth)
        var folder = open(tree.directory.path + start, O_RDONLY | O_DIRECTORY)
        for level in 1...depth {
            try #require(mkdirat(folder, name, 0o755) == 0)
            let next = openat(folder, name, O_RDONLY | O_DIRECTORY)
            try #require(next >= 0)
            close(folder)
            folder = next
            for file in files where file.level == level {
                try Self.write(file.text, to: file.name, in: folder)
            }
        }
        close(folder)
    }

    /// Writes a file into a new directory, whose name may consist of any bytes.
    static func write(_ text: String, to file: String, inFolder name: [UInt8], of directory: Int32) throws {
        let name = (name + [0]).map { CChar(bitPattern: $0) }
        try #require(mkdirat(directory, name, 0o755) == 0)
        let folder = openat(directory, name, O_RDONLY | O_DIRECTORY)
        defer { close(folder) }
        try write(text, to: file, in: folder)
    }

    /// Writes a file into an open directory.
    static func write(_ text: String, to file: String, in folder: Int32) throws {
        let descriptor = openat(folder, file, O_CREAT | O_WRONLY, 0o644)
        try FileHandle(fileDescriptor: descriptor, closeOnDealloc: true).write(contentsOf: Data(text.utf8))
    }

    deinit {
        // FileManager removes by path, which is too long here.
        _ = try? ChildProcess.output(of: "/bin/rm", ["-rf", tree.directory.path])
    }
}
