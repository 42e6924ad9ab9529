#if Procps
    extension ProcessTable {
        /// Which rows come first.
        public enum Order: Sendable, Hashable {
            /// The smallest first, or the first in the alphabet.
            case ascending
            /// The largest first.
            case descending
        }
    }

    extension Sequence where Element == ProcessTable.Row {
        /// The rows in the order of a property, those that lack it last in either order.
        ///
        /// ```swift
        /// let largest = try table.read().sorted(by: \.rssBytes, .descending).prefix(10)
        /// ```
        ///
        /// Rows with equal values stay in the order that they had. Texts are compared as Swift compares strings, whatever
        /// the locale.
        public func sorted<Value: Comparable>(
            by property: (ProcessTable.Row) -> Value?,
            _ order: ProcessTable.Order = .ascending
        ) -> [ProcessTable.Row] {
            // Not procps_pids_sort: libprocps 3.3 has none, up to 4.0.4 it is not stable, it takes what is not known for 0, and
            // the texts here are not procps'.
            let rows = Array(self)
            let keys = rows.map(property)
            let places = rows.indices.sorted { left, right in
                switch (keys[left], keys[right]) {
                case (let a?, let b?) where a < b: order == .ascending
                case (let a?, let b?) where b < a: order == .descending
                case (.some, nil): true
                case (nil, .some): false
                default: left < right
                }
            }
            return places.map { rows[$0] }
        }
    }
#endif
