import ProcMem

/// The version of the command, which `scripts/release` writes.
enum Version {
    static let number = "0.1.0-dev"

    /// The text of `--version`.
    static var text: String {
        "procmem \(number), \(linkedProcpsLibrary.map { "linked with \($0)" } ?? "without procps' library")"
    }
}
