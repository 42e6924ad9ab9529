/// What a system does with pages that decides how far counters can be trusted. Each is read when it is asked for.
struct PageFacts {
    let root: KernelRoot

    /// Whether `statm` is exact: since Linux 6.16. Before, each CPU or thread keeps a part of the count to itself.
    var isStatmExact: Bool { KernelConfiguration.version(in: root).map { $0 >= (6, 16) } ?? false }

    /// What all processes of the system map, each page once, with what its CPUs may not have counted yet, what of it is in
    /// huge pages, and what is set aside for hugetlbfs; `nil` where it is not known.
    var systemBytes: (anonymous: Int?, anonymousHuge: Int?, shared: Int?, hugetlb: Int?)? {
        guard let information = try? MemoryInformation(in: root),
            let cpus = try? AffinityLookup.online(in: root).count
        else { return nil }
        let slack = cpus * Self.pagesInABatch * root.pageSizeBytes
        return (
            information.anonymousBytes?.saturatingAdding(slack), information.anonymousHugeBytes,
            information.mappedBytes?.saturatingAdding(slack), information.hugetlbBytes
        )
    }

    /// The largest `stat_threshold` that the kernel gives a CPU for each zone or node (mm/vmstat.c).
    private static var pagesInABatch: Int { 125 }

    /// Whether a page fault may have brought more than one page, or a page come without one: a transparent huge page was
    /// given out since the system started, or it is not known.
    var mayHaveHugePages: Bool {
        let path = ProcPath(file: "/proc/vmstat")
        let given = try? root.read(path, FileShape(expectedBytes: 8192, limitBytes: 1 << 20)) {
            (bytes) throws(Malformation) in try Self.hugePagesGiven(bytes)
        }
        return given != 0 || mayHaveSmallerHugePages
    }

    /// Whether a page fault may have brought some pages, and fewer than a huge page has: one of the sizes between, since Linux
    /// 6.8, was given out. No count tells how many of them there are. They have counters of their own since 6.10; a size that
    /// is not for anonymous memory, as 8 kB, has neither these nor a file `enabled`.
    var mayHaveSmallerHugePages: Bool {
        let folder = "/sys/kernel/mm/transparent_hugepage/"
        guard let directory = try? root.open(Array("\(folder)\0".utf8).span, as: .directory),
            let names = try? directory.subdirectoryNames()
        else { return false }
        func number(_ file: [UInt8]) -> Int? {
            (try? root.read((Array(folder.utf8) + file + [0]).span, Self.lineShape, MemorySizeFile.init(parsing:)))?
                .bytes
        }
        let whole = number(Array("hpage_pmd_size".utf8)).map { Array("hugepages-\($0 >> 10)kB".utf8) }
        return names.contains { name in
            guard name.starts(with: Array("hugepages-".utf8)), name != whole else { return false }
            if let given = number(name + Array("/stats/anon_fault_alloc".utf8)) { return given != 0 }
            let isForAnonymous = Array(folder.utf8) + name + Array("/enabled\0".utf8)
            return (try? root.open(isForAnonymous.span)) != nil
        }
    }

    /// `thp_fault_alloc` and `thp_collapse_alloc` together, since the system started; 0 for a kernel that knows neither.
    static func hugePagesGiven(_ bytes: Span<UInt8>) throws(Malformation) -> Int {
        var sum = 0
        var index = 0
        while let line = bytes.nextLine(at: &index) {
            guard bytes.hasPrefix("thp_fault_alloc ", in: line) || bytes.hasPrefix("thp_collapse_alloc ", in: line)
            else {
                continue
            }
            let name = bytes.firstIndex(of: 0x20, in: line) ?? line.upperBound
            guard let count = bytes.decimal(in: min(name + 1, line.upperBound)..<line.upperBound) else {
                throw Malformation("a count of huge pages")
            }
            sum = sum.saturatingAdding(count)
        }
        return sum
    }

    /// Whether equal pages may have been merged (KSM), so that two pages of a process are one.
    var mayHaveMergedPages: Bool {
        do throws(ReadFailure) {
            let path = Array("/sys/kernel/mm/ksm/pages_sharing\0".utf8)
            return try root.read(path.span, Self.lineShape, MemorySizeFile.init(parsing:)).bytes > 0
        } catch {
            // A kernel without KSM has no such file.
            return !error.isAbsence
        }
    }

    private static var lineShape: FileShape { FileShape(expectedBytes: 128, limitBytes: 4096, isOneLine: true) }
}
