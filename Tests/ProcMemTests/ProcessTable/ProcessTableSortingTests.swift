#if Procps
    import CProcps
    import Testing

    @testable import ProcMem

    @Suite("ProcessTable: sorting")
    struct ProcessTableSortingTests {
        private func row(_ pid: Int32, _ name: String?, pages: UInt64) -> ProcessTable.Row {
            var process = cprocps_process()
            process.task_id = pid
            process.size_pages = pages == 0 ? 0 : 1000
            process.resident_pages = pages
            let asked = ProcessTable.RequestedFields(fields: [.rssBytes], pageSizeBytes: 4096, secondsSinceBoot: 0)
            return ProcessTable.Row(process, asked, ProcessTable.Texts(command: name))
        }

        private var rows: [ProcessTable.Row] {
            [
                row(1, "b", pages: 5), row(2, nil, pages: 0), row(3, "a", pages: 9), row(4, "b", pages: 5),
                row(5, "c", pages: 0), row(6, "a", pages: 5),
            ]
        }

        @Test("Numbers in both orders, unknown values last, equal ones in their old order")
        func numbers() {
            #expect(rows.sorted(by: \.rssBytes).map(\.pid) == [1, 4, 6, 3, 2, 5])
            #expect(rows.sorted(by: \.rssBytes, .descending).map(\.pid) == [3, 1, 4, 6, 2, 5])
        }

        @Test("Texts in both orders, and values that are always known")
        func texts() {
            #expect(rows.sorted(by: \.command).map(\.pid) == [3, 6, 1, 4, 5, 2])
            #expect(rows.sorted(by: \.command, .descending).map(\.pid) == [5, 1, 4, 3, 6, 2])
            #expect(rows.sorted(by: \.pid, .descending).map(\.pid) == [6, 5, 4, 3, 2, 1])
            #expect([ProcessTable.Row]().sorted(by: \.pid).isEmpty)
        }

        @Test("The whole table by memory: descending, with kernel threads and zombies last")
        func wholeTable() throws {
            let zombie = try #require(SpawnedChild("/bin/true"))
            try #require(zombie.becomesZombie())
            var table = try ProcessTable(reading: [.rssBytes])
            let sizes = try table.read().sorted(by: \.rssBytes, .descending).map(\.rssBytes)
            let known = sizes.compactMap(\.self)
            #expect(known == known.sorted(by: >) && known.count > 1)
            #expect(sizes.count > known.count && sizes.prefix(known.count).allSatisfy { $0 != nil })
        }
    }
#endif
