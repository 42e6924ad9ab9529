import Foundation

/// Installed programs of other packages that the tests run.
package enum InstalledProgram {
    /// The path of a program in the directories of `PATH` or in the usual ones; `nil` if it is not installed.
    package static func path(_ name: String) -> String? {
        let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").map(String.init)
        return (folders + ["/usr/local/bin", "/usr/bin", "/bin"]).map { "\($0)/\(name)" }.first {
            FileManager.default.isExecutableFile(atPath: $0)
        }
    }
}
