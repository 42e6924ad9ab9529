/// Tells a thread that waits for descriptors to stop, once and for good.
final class StopSignal: Sendable {
    private let event: FileDescriptor

    init() throws(Errno) {
        event = try Syscalls.event()
    }

    /// Readable once the signal has been given.
    var descriptor: Int32 { event.rawValue }

    func give() {
        Syscalls.raise(event)
    }
}
