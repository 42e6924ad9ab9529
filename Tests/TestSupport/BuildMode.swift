/// How the tests were built.
public enum BuildMode {
    public static var isOptimized: Bool {
        var isOptimized = true
        // Evaluated without optimisation only.
        assert({ isOptimized = false }() == ())
        return isOptimized
    }
}
