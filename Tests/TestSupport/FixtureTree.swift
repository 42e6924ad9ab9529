package import Foundation
package import ProcMem

/// A directory that serves as `/`. It is removed when it is deallocated.
package final class FixtureTree: Sendable {
    package let directory: URL

    /// - Parameters:
    ///   - files: Contents by path below the directory.
    ///   - links: Targets of symbolic links by path below the directory.
    ///   - hasSysfs: Whether the system has the folder `/sys/kernel/mm`, as every kernel does where sysfs is mounted.
    package init(_ files: [String: String] = [:], links: [String: String] = [:], hasSysfs: Bool = true) throws {
        directory = FileManager.default.temporaryDirectory.appending(path: "procmem-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        if hasSysfs { _ = try parentMade(of: "/sys/kernel/mm/file") }
        for (path, contents) in files { try write(Data(contents.utf8), to: path) }
        for (path, target) in links {
            let link = try parentMade(of: path)
            try FileManager.default.createSymbolicLink(atPath: link.path, withDestinationPath: target)
        }
    }

    deinit {
        try? FileManager.default.removeItem(at: directory)
    }

    /// An existing file is replaced atomically: a concurrent reader gets either the old or the new content.
    package func write(_ contents: Data, to path: String) throws {
        let file = try parentMade(of: path)
        let isThere = FileManager.default.fileExists(atPath: file.path)
        try contents.write(to: file, options: isThere ? .atomic : [])
    }

    package func write(_ contents: String, to path: String) throws {
        try write(Data(contents.utf8), to: path)
    }

    package func root(pageSizeBytes: Int? = nil) -> SystemRoot {
        SystemRoot(directory: directory.path, pageSizeBytes: pageSizeBytes)
    }

    private func parentMade(of path: String) throws -> URL {
        let url = URL(filePath: directory.path + "/" + path)
        try FileManager.default.createDirectory(
            at: url.deletingLastPathComponent(),
            withIntermediateDirectories: true
        )
        return url
    }
}
