import CLinux
import Synchronization

/// The process in which a value was created, to recognise a forked child, which has a copy of the value.
///
/// A child may have the same pid in another pid namespace, and a program may fork without the handlers of libc: the pid and
/// the number of forks decide together.
struct ForkGeneration: Equatable, Sendable {
    private let pid: Int32
    private let forkCount: Int

    private static let forks = Atomic<Int>(0)
    private static let countsForks = Syscalls.registerForkChildHandler { forks.wrappingAdd(1, ordering: .relaxed) }

    /// The generation of the calling process.
    static var current: ForkGeneration {
        _ = countsForks
        return ForkGeneration(pid: Syscalls.pid, forkCount: forks.load(ordering: .relaxed))
    }

    /// Whether the calling process has this generation.
    var isCurrent: Bool { self == .current }
}

/// What identifies an open file, to recognise that another part of the program has closed its descriptor, and that the
/// number refers to another file by now.
///
/// Device and inode identify a file, a pipe or a socket. All event counters and all notification queues share one anonymous
/// inode. They are marked with an owner: the kernel keeps it with the open file (`F_SETOWN_EX`), and without `O_ASYNC` it has
/// no effect. An event counter of another part of the program has no owner.
struct DescriptorIdentity: Equatable, Sendable {
    private let device: UInt64
    private let inode: UInt64
    private let owner: Int32

    /// What a file with an anonymous inode is marked with.
    enum Owner {
        /// The calling process.
        case process
        /// The calling thread, which must live as long as the file is used. No other live thread has its id.
        case thread
    }

    /// The identity of the file to which a descriptor refers now; `nil` if it refers to none.
    init?(of descriptor: Int32) {
        var identity = procmem_identity()
        guard descriptor >= 0, unsafe procmem_identify(descriptor, &identity) == 0 else { return nil }
        device = identity.device
        inode = identity.inode
        owner = identity.owner
    }

    /// Whether a descriptor refers to the file with an identity, as far as the kernel shows: not if it refuses to show the
    /// identity now. A file that could not be identified when it was opened, for example because a seccomp filter refuses
    /// `fstat`, counts as the same: it would otherwise never be closed.
    static func refers(_ descriptor: Int32, to identity: DescriptorIdentity?) -> Bool {
        guard let identity else { return true }
        return DescriptorIdentity(of: descriptor) == identity
    }

    /// Marks a file with an anonymous inode, and returns its identity; `nil` if the kernel refuses the mark or does not show
    /// it, for example because of a seccomp filter. All files of this kind have the same device and inode.
    static func marking(_ file: borrowing FileDescriptor, as owner: Owner) -> DescriptorIdentity? {
        guard procmem_set_owner(file.rawValue, owner == .thread ? 1 : 0) == 0,
            let identity = DescriptorIdentity(of: file.rawValue), identity.owner != 0
        else { return nil }
        return identity
    }
}

/// A descriptor that stays open for a long time, during which another part of the program may close it, for example with
/// `close_range(2)`, and open another file under its number.
///
/// It is closed at the end of its owner's lifetime, unless the number refers to another file then.
struct LastingDescriptor: ~Copyable {
    private let file: Int32
    private let identity: DescriptorIdentity?
    private let creator = ForkGeneration.current

    init(_ file: consuming FileDescriptor) {
        self.file = file.relinquish()
        identity = DescriptorIdentity(of: self.file)
    }

    /// Closes a file with an anonymous inode immediately if it cannot be marked: nothing would show later whether its number
    /// still refers to it. The descriptor is negative then.
    init(_ file: consuming FileDescriptor, markedAs owner: DescriptorIdentity.Owner) {
        identity = DescriptorIdentity.marking(file, as: owner)
        self.file = identity == nil ? -1 : file.relinquish()
    }

    deinit {
        if file >= 0, isIntact { Syscalls.close(file) }
    }

    /// Whether the descriptor still refers to the file with which this value was created. Two system calls.
    var isIntact: Bool { DescriptorIdentity.refers(file, to: identity) }

    /// The descriptor, without a check.
    var uncheckedValue: Int32 { file }

    /// The descriptor; negative if the number refers to another file now, and in a forked child: reading or waiting there
    /// would take the events of the parent, which shares the open file.
    var checkedValue: Int32 { file >= 0 && creator.isCurrent && isIntact ? file : -1 }
}
