#if Procps
    extension ProcessTable {
        /// The order in which rows are sorted.
        public enum Order: Sendable, Hashable {
            /// The smallest value first; texts in alphabetical order.
            case ascending
            /// The largest value first; texts in reverse alphabetical order.
            case descending
        }
    }

    extension Sequence where Element == ProcessTable.Row {
        /// Returns the rows sorted by a property; rows without a value come last in either order.
        ///
        /// ```swift
        /// let rows = try table.read()
        /// let largest = rows.sorted(by: \.rssBytes, .descending).prefix(10)
        /// ```
        ///
        /// The sort is stable. Texts are compared as Swift strings, regardless of the locale.
        public func sorted<Value: Comparable>(
            by property: (ProcessTable.Row) -> Value?,
            _ order: ProcessTable.Order = .ascending
        ) -> [ProcessTable.Row] {
            // Not procps_pids_sort: libprocps 3.3 lacks it, it is not stable up to 4.0.4, it treats unknown values as
            // 0, and the texts here do not come from procps.
            let rows = Array(self)
            let keys = rows.map(property)
            let sorted = rows.indices.sorted { left, right in
                switch (keys[left], keys[right]) {
                case (let a?, let b?) where a < b: order == .ascending
                case (let a?, let b?) where b < a: order == .descending
                case (.some, nil): true
                case (nil, .some): false
                default: left < right
                }
            }
            return sorted.map { rows[$0] }
        }
    }
#endif
