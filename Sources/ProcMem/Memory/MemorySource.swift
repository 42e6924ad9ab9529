/// Where a figure came from.
public enum MemorySource: Sendable, Hashable {
    /// `/proc/PID/statm`.
    case statm
    /// `/proc/PID/smaps_rollup`.
    case smapsRollup
    /// `/proc/PID/smaps`, summed: the kernel has no `smaps_rollup`.
    case smaps
    /// `/proc/PID/pagemap`, sampled: USS is an estimate, and the truth lies within two standard errors of it in 95 of 100
    /// looks at least. 0 where every page was read.
    ///
    /// - `standardError`: in bytes.
    /// - `reads`: how many windows of pages were read.
    case sampled(standardError: Int, reads: Int)
    /// An earlier look, of which nothing has moved since: ``MemoryMode/bounded(_:)``.
    ///
    /// - `age`: how long ago.
    /// - `of`: where the figure came from then.
    indirect case cached(age: Duration, of: MemorySource)
    /// Nowhere: no figure is known.
    case unavailable(UnavailableReason)
}

extension MemorySource {
    /// How long ago the figure was taken; `nil` for one of this very look.
    public var age: Duration? {
        if case .cached(let age, _) = self { age } else { nil }
    }

    /// Where the figure was from when it was taken.
    public var original: MemorySource {
        if case .cached(_, let source) = self { source } else { self }
    }

    /// The standard error of USS in bytes, where it is from samples; `nil` for another source.
    public var standardErrorBytes: Int? {
        if case .sampled(let error, _) = original { error } else { nil }
    }

    /// Whether it is from samples, of this look or of an earlier one.
    var isSampled: Bool { standardErrorBytes != nil }
}

/// Why a figure is not known.
public enum UnavailableReason: String, Sendable, Hashable, CaseIterable {
    /// The process belongs to another user, is not dumpable, or holds a capability that the caller lacks. The
    /// corresponding C errors are `EACCES` and `EPERM`.
    case permissionDenied
    /// A kernel thread has no memory of its own.
    case kernelThread
    /// The process has ended, all of its threads too, and waits for its parent to collect it.
    case zombie
    /// The process ended while it was looked at.
    case exited
    /// The kernel does not offer the file.
    case unsupported
    /// The file is not what the kernel documents.
    case malformed
}
