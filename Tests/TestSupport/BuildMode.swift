/// How the tests were built.
package enum BuildMode {
    package static var isOptimized: Bool {
        var isOptimized = true
        // Evaluated without optimisation only.
        assert({ isOptimized = false }() == ())
        return isOptimized
    }
}
