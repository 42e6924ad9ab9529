import CTestSupport

/// Heap allocations of the calling thread.
package enum Allocations {
    /// Whether this build counts them: a build with a sanitizer, or with another C library, does not.
    package static let areCounted: Bool = {
        let before = test_allocation_count()
        let array = [UInt8](repeating: 1, count: Int.random(in: 1000...2000))
        return withExtendedLifetime(array) { before >= 0 && test_allocation_count() > before }
    }()

    package struct NotCounted: Error {}

    /// Returns the number of allocations that a piece of work makes. Fails if the build does not count, instead of
    /// returning 0.
    package static func count(during work: () throws -> Void) throws -> Int {
        guard areCounted else { throw NotCounted() }
        let before = test_allocation_count()
        try work()
        return Int(test_allocation_count() - before)
    }
}
