/// An open file, closed when its owner goes.
///
/// Not copyable, so that a descriptor is closed once and never leaks.
struct FileDescriptor: ~Copyable {
    let rawValue: Int32

    init(adopting rawValue: Int32) {
        self.rawValue = rawValue
    }

    deinit {
        Syscalls.close(rawValue)
    }

    /// Hands the descriptor to somebody else who closes it.
    consuming func relinquish() -> Int32 {
        let rawValue = rawValue
        discard self
        return rawValue
    }
}
