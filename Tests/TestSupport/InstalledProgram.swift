import Foundation

/// Programs of other packages that tests run where they are installed.
package enum InstalledProgram {
    /// The path of a program in the folders of `PATH` and the usual ones; `nil` where it is not installed.
    package static func path(_ name: String) -> String? {
        let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").map(String.init)
        return (folders + ["/usr/local/bin", "/usr/bin", "/bin"]).map { "\($0)/\(name)" }.first {
            FileManager.default.isExecutableFile(atPath: $0)
        }
    }
}
