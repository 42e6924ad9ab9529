#if Procps
    import CProcps
    import Testing

    @testable import ProcMem

    /// The conversion of the numbers that procps returns.
    @Suite("ProcessTable: rows from numbers")
    struct ProcessTableNumbersTests {
        /// A row from numbers that a test chooses.
        private func row(_ change: (inout cprocps_process) -> Void, seconds: Double = 100) -> ProcessTable.Row {
            var process = cprocps_process()
            change(&process)
            let asked = ProcessTable.RequestedFields(
                fields: Set(ProcessTable.Field.allCases),
                pageSizeBytes: 4096,
                secondsSinceBoot: seconds
            )
            return ProcessTable.Row(process, asked, ProcessTable.Texts())
        }

        @Test("0 is a value if the size is known, and unknown otherwise")
        func zeroSizes() {
            let none = row {
                $0.resident_pages = 7
                $0.vm_swap = 7
            }
            #expect(none.known.isDisjoint(with: ProcessTableUnknownTests.ofMemory))
            let swappedOut = row {
                $0.size_pages = 100
                $0.vm_size = 400
                $0.vm_swap = 300
            }
            #expect(swappedOut.rssBytes == 0 && swappedOut.swapBytes == 300 << 10)
            #expect(swappedOut.rssAnonBytes == 0 && swappedOut.lockedBytes == 0)
            let resident = row {
                $0.size_pages = 100
                $0.resident_pages = 3
            }
            #expect(resident.rssBytes == 3 * 4096 && resident.sizeBytes == 100 * 4096)
            #expect(resident.swapBytes == nil)
        }

        @Test("Before Linux 4.5 the parts of RSS are unknown, and the rest of status is known")
        func oldKernel() {
            let row = row {
                $0.vm_size = 400
                $0.vm_rss = 300
            }
            #expect(row.rssAnonBytes == nil && row.rssFileBytes == nil && row.rssShmemBytes == nil)
            #expect(row.swapBytes == 0)
            #expect(
                self.row {
                    $0.vm_size = 400
                    $0.vm_rss = 300
                    $0.rss_file = 300
                }.rssAnonBytes == 0
            )
        }

        @Test("If status cannot be read, no process is taken for root's")
        func noStatus() {
            let without = row { $0.user_id = 5 }
            #expect(without.realUserID == nil && without.savedUserID == nil && without.realGroupID == nil)
            #expect(without.savedGroupID == nil && without.userID == 5)
            #expect(row { $0.has_status = true }.realUserID == 0)
        }

        @Test("Impossible numbers are unknown, and do not trap")
        func absurd() {
            let row = row {
                $0.size_pages = .max
                $0.resident_pages = 1 << 50
                $0.vm_size = .max
                $0.vm_locked = .max
                $0.user_ticks = .max
                $0.system_ticks = .max
                $0.start_ticks = .max
                $0.minor_faults = .max
                $0.user_ticks_with_children = 1
                $0.thread_count = .min
                $0.process_group_id = -1
                $0.session_id = -1
                $0.policy = -1
                $0.state = -1
            }
            #expect(row.sizeBytes == nil && row.rssBytes == nil && row.lockedBytes == nil)
            #expect(row.userTicks == .max && row.startTimeTicks == .max && row.minorFaults == .max)
            #expect(row.childrenUserTicks == nil && row.cpuUtilization == nil)
            #expect(row.processGroupID == nil && row.sessionID == nil)
            #expect(row.schedulingPolicy == nil && row.state == nil)
        }

        @Test("Utilisation: a half, more than one CPU, and a process that has just started")
        func utilization() {
            let hertz = UInt64(ProcessTable.ticksPerSecond)
            func utilization(started: UInt64, user: UInt64, system: UInt64 = 0) -> Double? {
                row {
                    $0.start_ticks = started
                    $0.user_ticks = user
                    $0.system_ticks = system
                }.cpuUtilization
            }
            // 100 seconds after boot.
            #expect(utilization(started: 90 * hertz, user: 4 * hertz, system: hertz) == 0.5)
            #expect(utilization(started: 90 * hertz, user: 25 * hertz) == 2.5)
            #expect(utilization(started: 100 * hertz, user: 1) == nil)
            #expect(utilization(started: 101 * hertz, user: 1) == nil)
        }

        @Test("Any letter is a state, and no other character is")
        func states() {
            #expect(ProcessTable.State(letter: 0x44) == .uninterruptible)
            #expect(ProcessTable.State(rawValue: "W")?.description == "W")
            #expect(ProcessTable.State(rawValue: "t") == .traced && .traced != ProcessTable.State.stopped)
            #expect(ProcessTable.State(letter: 0) == nil && ProcessTable.State(rawValue: "1") == nil)
            #expect(ProcessTable.State(rawValue: "ä") == nil)
        }
    }
#endif
