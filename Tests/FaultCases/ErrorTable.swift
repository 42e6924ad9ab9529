import Foundation

/// The errors of each system call through which ProcMem reaches the kernel, as its manual page lists them, and the errors
/// that files of procfs and of cgroups add (proc(5), cgroups(7)).
enum ErrorTable {
    static let errors: [String: [Int32]] = [
        "openat": open,
        "openat2": open + [E2BIG, EXDEV, ENOSYS],
        "read": reading,
        "pread": reading + [ENXIO, EOVERFLOW, ESPIPE],
        "write": [
            EAGAIN, EBADF, EDESTADDRREQ, EDQUOT, EFAULT, EFBIG, EINTR, EINVAL, EIO, ENOSPC, EPERM, EPIPE, EBUSY,
            EOPNOTSUPP, ENOMEM, EACCES, ENODEV,
        ],
        "close": [EBADF, EINTR, EIO, ENOSPC, EDQUOT],
        "closedir": [EBADF],
        "readlink": link,
        "readlinkat": link + [EBADF],
        "fdopendir": [EBADF, ENOMEM, ENOTDIR],
        // The errors of getdents(2). For ENOENT, readdir(3) reports the end of the directory.
        "readdir": [EBADF, EFAULT, EINVAL, ENOTDIR, EIO, ENOMEM, EACCES],
        "stat": [EACCES, EFAULT, ELOOP, ENAMETOOLONG, ENOENT, ENOMEM, ENOTDIR, EOVERFLOW],
        "statx": [EACCES, EBADF, EFAULT, EINVAL, ELOOP, ENAMETOOLONG, ENOENT, ENOMEM, ENOTDIR, ENOSYS, EPERM],
        "fstat": [EBADF, EFAULT, ENOMEM, EOVERFLOW],
        "fcntl": [
            EACCES, EAGAIN, EBADF, EBUSY, EDEADLK, EFAULT, EINTR, EINVAL, EMFILE, ENOLCK, ENOTDIR, EPERM, ESRCH, ENOSYS,
        ],
        "fstatfs": [EBADF, EFAULT, EINTR, EIO, ENOMEM, ENOSYS, EOVERFLOW],
        "statmount": [EPERM, EFAULT, EINVAL, ENOENT, EOVERFLOW, ENOSYS, ENOMEM],
        "poll": [EFAULT, EINTR, EINVAL, ENOMEM],
        "eventfd": [EINVAL, EMFILE, ENFILE, ENODEV, ENOMEM, ENOSYS],
        "inotify_init1": [EINVAL, EMFILE, ENFILE, ENOMEM, ENOSYS],
        "inotify_add_watch": [
            EACCES, EBADF, EEXIST, EFAULT, EINVAL, ENAMETOOLONG, ENOENT, ENOMEM, ENOSPC, ENOTDIR,
        ],
        "inotify_rm_watch": [EBADF, EINVAL],
        "sched_getaffinity": [EFAULT, EINVAL, EPERM, ESRCH],
        "sched_getscheduler": [EINVAL, EPERM, ESRCH],
        "getgroups": [EFAULT, EINVAL],
        "getrlimit": [EFAULT, EINVAL, EPERM],
        "sysinfo": [EFAULT],
        "prctl": [EACCES, EFAULT, EINVAL, EPERM],
        "kcmp": [EBADF, EFAULT, EINVAL, EPERM, ESRCH, ENOSYS],
        "capget": [EFAULT, EINVAL, EPERM, ESRCH],
        "ioctl": [EBADF, EFAULT, EINVAL, ENOTTY, EINTR, ENOMEM, EPERM],
        "pthread_create": [EAGAIN, EINVAL, EPERM],
        // gettid(2) always succeeds.
        "gettid": [],
    ]

    private static let open = [
        EACCES, EAGAIN, EBADF, EBUSY, EDQUOT, EEXIST, EFAULT, EFBIG, EINTR, EINVAL, EIO, EISDIR, ELOOP, EMFILE,
        ENAMETOOLONG, ENFILE, ENODEV, ENOENT, ENOMEM, ENOSPC, ENOTDIR, ENXIO, EOPNOTSUPP, EOVERFLOW, EPERM, EROFS,
        ESRCH, ETXTBSY,
    ]
    private static let reading = [
        EACCES, EAGAIN, EBADF, EFAULT, EINTR, EINVAL, EIO, EISDIR, ENODEV, ENOMEM, EOPNOTSUPP, EPERM, ESRCH,
    ]
    private static let link = [
        EACCES, EFAULT, EINVAL, EIO, ELOOP, ENAMETOOLONG, ENOENT, ENOMEM, ENOTDIR, ESRCH,
    ]

    /// The errors that stand for the others where a campaign is short: no rights, gone, no descriptor or memory,
    /// interrupted, and broken.
    private static let representative: Set<Int32> = [EACCES, ESRCH, EMFILE, EINTR, EIO]

    /// Returns the errors of a call that are injected in a short campaign.
    static func representatives(of errors: [Int32]) -> [Int32] {
        let chosen = errors.filter { representative.contains($0) }
        return chosen.isEmpty ? Array(errors.prefix(1)) : chosen
    }

    static func name(_ error: Int32) -> String {
        String(cString: strerror(error))
    }
}
