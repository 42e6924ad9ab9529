/// The number of page table entries that refer to a page frame, from `/proc/kpagecount`.
///
/// It shows whether a page is mapped at addresses that were not sampled. Each frame costs one system call. Reading the
/// file requires `CAP_SYS_ADMIN`, like the page frame numbers themselves.
final class FrameMapCounts {
    private let file: FileDescriptor

    /// Returns `nil` if the file cannot be opened.
    init?(in root: SystemRoot) {
        guard let file = try? root.open(ProcPath(file: "/proc/kpagecount")) else { return nil }
        self.file = file
    }

    /// Returns the number of entries that refer to a frame; `nil` if the kernel does not report it.
    func mapCount(of frame: UInt64) -> Int? {
        let count = try? Syscalls.withWords(of: file, from: Int(clamping: frame), count: 1) { words in
            words.isEmpty ? nil : Int(clamping: words[0])
        }
        return count ?? nil
    }
}
