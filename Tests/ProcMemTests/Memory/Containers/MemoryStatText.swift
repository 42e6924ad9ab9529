/// `memory.stat` as kernels write it.
enum MemoryStatText {
    /// From Linux 6.1, without the lines after the figures that are read.
    static let v2 = """
        anon 151552
        file 1986560
        kernel 8192
        kernel_stack 4096
        pagetables 0
        sec_pagetables 0
        percpu 5256
        sock 0
        vmalloc 0
        shmem 1540096
        file_mapped 1634304
        file_dirty 0
        file_writeback 0
        swapcached 0
        anon_thp 0
        file_thp 0
        shmem_thp 0
        inactive_anon 339968
        active_anon 1748992
        inactive_file 446464
        active_file 0
        unevictable 0
        pgfault 711

        """

    /// From Linux 6.18, without the event counts.
    ///
    /// - Parameters:
    ///   - limit: The smallest memory limit of all levels.
    ///   - memorySwap: The smallest limit of memory and swap together.
    static func v1(limit: String = "100663296", memorySwap: String = "9223372036854771712") -> String {
        """
        cache 9306112
        rss 6488064
        rss_huge 0
        shmem 9068544
        mapped_file 7495680
        dirty 16384
        writeback 0
        swap 0
        swapcached 0
        pgfault 39269
        inactive_anon 0
        active_anon 1531904
        inactive_file 16384
        active_file 221184
        unevictable 14024704
        hierarchical_memory_limit \(limit)
        hierarchical_memsw_limit \(memorySwap)
        total_cache 925003776
        total_rss 366739456
        total_rss_huge 0
        total_shmem 9068544
        total_mapped_file 288014336
        total_dirty 72138752
        total_writeback 0
        total_swap 4096
        total_swapcached 0
        total_pgfault 3304135
        total_inactive_anon 360046592
        total_active_anon 1601536
        total_inactive_file 535601152
        total_active_file 380334080
        total_unevictable 14024704

        """
    }
}
