#if Procps
    import CProcps

    extension ProcessTable.Row {
        struct Memory: Sendable, Hashable {
            let sizeBytes, rssBytes, sharedBytes, textBytes, dataBytes: Int?
            let rssAnonBytes, rssFileBytes, rssShmemBytes: Int?
            let swapBytes, lockedBytes, stackBytes: Int?
            let minorFaults, majorFaults: Int?

            init(_ process: cprocps_process, _ asked: ProcessTable.Asked) {
                // Nothing runs without a mapping. A size of 0 is a kernel thread's or a zombie's, or a file that could not
                // be read, and makes every number of that file unknown; beside a size each 0 is one: all in swap, say.
                func statm(_ pages: UInt64) -> Int? {
                    process.size_pages == 0 ? nil : .memorySize(pages, unitBytes: asked.pageSizeBytes)
                }
                func status(_ kibibytes: UInt64) -> Int? {
                    process.vm_size == 0 ? nil : .memorySize(kibibytes, unitBytes: 1024)
                }
                // The three make up VmRSS: before Linux 4.5, where there are none, all are 0 and it is not.
                let lacksParts = process.rss_anon | process.rss_file | process.rss_shmem == 0 && process.vm_rss > 0
                func part(_ kibibytes: UInt64) -> Int? { lacksParts ? nil : status(kibibytes) }

                sizeBytes = asked(.sizeBytes, statm(process.size_pages))
                rssBytes = asked(.rssBytes, statm(process.resident_pages))
                sharedBytes = asked(.sharedBytes, statm(process.shared_pages))
                textBytes = asked(.textBytes, statm(process.text_pages))
                dataBytes = asked(.dataBytes, statm(process.data_pages))
                rssAnonBytes = asked(.rssAnonBytes, part(process.rss_anon))
                rssFileBytes = asked(.rssFileBytes, part(process.rss_file))
                rssShmemBytes = asked(.rssShmemBytes, part(process.rss_shmem))
                swapBytes = asked(.swapBytes, status(process.vm_swap))
                lockedBytes = asked(.lockedBytes, status(process.vm_locked))
                stackBytes = asked(.stackBytes, status(process.vm_stack))
                minorFaults = asked(.minorFaults, Int(clamping: process.minor_faults))
                majorFaults = asked(.majorFaults, Int(clamping: process.major_faults))
            }
        }

        /// The address space that is mapped, in bytes, from the first field of `statm` (`PIDS_MEM_VIRT_PGS`).
        ///
        /// As all sizes here `nil` for kernel threads and zombies, which have no memory, and where the file could not be
        /// read: procps does not tell these apart.
        public var sizeBytes: Int? { memory.sizeBytes }
        /// The memory that is resident, in bytes, from the second field of `statm` (`PIDS_MEM_RES_PGS`).
        public var rssBytes: Int? { memory.rssBytes }
        /// The part of ``rssBytes`` that is files or shared memory, in bytes, from the third field of `statm`
        /// (`PIDS_MEM_SHR_PGS`). Not what is shared: memory of forked processes is not among it.
        public var sharedBytes: Int? { memory.sharedBytes }
        /// The program's code, mapped and not only resident, in bytes, from the fourth field of `statm`
        /// (`PIDS_MEM_CODE_PGS`).
        public var textBytes: Int? { memory.textBytes }
        /// Private writable mappings and the stack, mapped and not only resident, in bytes, from the sixth field of
        /// `statm` (`PIDS_MEM_DATA_PGS`).
        public var dataBytes: Int? { memory.dataBytes }
        /// The resident memory that no file backs, in bytes, `RssAnon` in `status` (`PIDS_VM_RSS_ANON`). Since Linux 4.5.
        public var rssAnonBytes: Int? { memory.rssAnonBytes }
        /// The resident memory that files back, in bytes, `RssFile` in `status` (`PIDS_VM_RSS_FILE`). Since Linux 4.5.
        public var rssFileBytes: Int? { memory.rssFileBytes }
        /// The resident shared memory, in bytes: System V, `tmpfs` and shared anonymous mappings. `RssShmem` in `status`
        /// (`PIDS_VM_RSS_SHARED`). Since Linux 4.5.
        public var rssShmemBytes: Int? { memory.rssShmemBytes }
        /// The anonymous memory that is in swap, in bytes, without shared memory: `VmSwap` in `status` (`PIDS_VM_SWAP`).
        public var swapBytes: Int? { memory.swapBytes }
        /// The memory that `mlock` keeps from being swapped, in bytes, `VmLck` in `status` (`PIDS_VM_RSS_LOCKED`).
        public var lockedBytes: Int? { memory.lockedBytes }
        /// The main thread's stack, mapped and not only resident, in bytes, `VmStk` in `status` (`PIDS_VM_STACK`).
        public var stackBytes: Int? { memory.stackBytes }
        /// Page faults that were served without reading a disk, `stat` field 10 (`PIDS_FLT_MIN`).
        public var minorFaults: Int? { memory.minorFaults }
        /// Page faults that had to wait for a disk, `stat` field 12 (`PIDS_FLT_MAJ`).
        public var majorFaults: Int? { memory.majorFaults }
    }
#endif
