#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// A file that is replaced as a whole: a reader has either the old contents or the new ones.
///
/// The new contents are written to a temporary file in the same directory, which is then renamed. The temporary file is
/// removed if that fails, and if a signal ends the command meanwhile.
struct MetricsFile {
    /// A file that could not be written.
    struct Failure: Error {
        let path: String
        let errorNumber: Int32

        var description: String {
            let reason = unsafe strerror(errorNumber).map { unsafe ", \(String(cString: $0))" } ?? ""
            return "\(path): cannot be written (errno \(errorNumber)\(reason))"
        }
    }

    // Why nonisolated(unsafe): it is set once, before the handler of signals is installed, and not changed any more.
    nonisolated(unsafe) private static var temporaryPath: UnsafeMutablePointer<CChar>?

    private let path: String
    private let temporary: String

    /// - Parameter path: The path of the file. The command has at most one file of this kind.
    init(path: String) {
        self.path = path
        let end = path.lastIndex(of: "/").map { path.index(after: $0) } ?? path.startIndex
        // Hidden, and without the extension `.prom`: no collector reads it.
        temporary = "\(path[..<end]).\(path[end...]).\(getpid()).tmp"
        unsafe Self.temporaryPath = unsafe strdup(temporary)
        Self.removeAtSignals()
    }

    /// Replaces the contents of the file. Its mode is 0644, whatever the mask of the process is.
    func write(_ text: String) throws(Failure) {
        // Left by a command with the same pid that was killed. Not followed if it is a symbolic link.
        _ = unsafe unlink(temporary)
        do {
            let file = unsafe open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o644)
            guard file >= 0 else { throw Failure(path: path, errorNumber: errno) }
            let error = fchmod(file, 0o644) == 0 ? Terminal.failure(ofWriting: text, to: file) : errno
            // Some file systems report a lack of room only here.
            guard close(file) == 0 || errno == EINTR || error != nil else {
                throw Failure(path: path, errorNumber: errno)
            }
            if let error { throw Failure(path: path, errorNumber: error) }
            guard unsafe rename(temporary, path) == 0 else { throw Failure(path: path, errorNumber: errno) }
        } catch let failure as Failure {
            _ = unsafe unlink(temporary)
            throw failure
        } catch {
            throw Failure(path: path, errorNumber: EIO)
        }
    }

    /// Removes the temporary file if a signal ends the command, which ends by the signal nevertheless. A signal that is
    /// ignored remains so.
    private static func removeAtSignals() {
        for number in [SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGPIPE] {
            let before = signal(number) { number in
                if let path = unsafe MetricsFile.temporaryPath { _ = unsafe unlink(path) }
                // For the first process of a pid namespace, the kernel ignores a signal without a handler.
                if getpid() == 1 { _exit(128 + number) }
                _ = signal(number, SIG_DFL)
                // Delivered when this handler returns.
                raise(number)
            }
            if isIgnored(before) { _ = signal(number, SIG_IGN) }
        }
    }

    private static func isIgnored(_ handler: __sighandler_t?) -> Bool {
        unsafe unsafeBitCast(handler, to: UInt.self) == unsafeBitCast(SIG_IGN, to: UInt.self)
    }
}
