import Foundation
import TestSupport
import Testing

/// A folder tree deeper than a path can say, made and removed step by step.
final class DeepTree {
    let tree: FixtureTree
    /// The deepest folder, below the tree: `/NAME/NAME/…`.
    let path: String

    /// - Parameters:
    ///   - start: A folder of the tree in which the deep part begins.
    ///   - depth: How many folders lie in each other.
    ///   - nameBytes: How long each one's name is.
    ///   - files: Contents by level and name; level 1 is the first deep folder.
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

    /// Writes a file into a folder that is made for it, whose name may be any bytes.
    static func write(_ text: String, to file: String, inFolder name: [UInt8], of directory: Int32) throws {
        let name = (name + [0]).map { CChar(bitPattern: $0) }
        try #require(mkdirat(directory, name, 0o755) == 0)
        let folder = openat(directory, name, O_RDONLY | O_DIRECTORY)
        defer { close(folder) }
        try write(text, to: file, in: folder)
    }

    /// Writes a file into an open folder.
    static func write(_ text: String, to file: String, in folder: Int32) throws {
        let descriptor = openat(folder, file, O_CREAT | O_WRONLY, 0o644)
        try FileHandle(fileDescriptor: descriptor, closeOnDealloc: true).write(contentsOf: Data(text.utf8))
    }

    deinit {
        // FileManager cannot: it makes paths.
        _ = try? ChildProcess.output(of: "/bin/rm", ["-rf", tree.directory.path])
    }
}
