#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

enum EnvironmentVariable {
    /// The bytes of a variable; `nil` where it is not set.
    static func value(of name: StaticString) -> [UInt8]? {
        guard let value = unsafe name.description.withCString({ unsafe getenv($0) }) else { return nil }
        return unsafe [UInt8](UnsafeRawBufferPointer(start: value, count: strlen(value)))
    }
}
