#if !(Procps && (canImport(CProcpsHasLibproc2) || canImport(CProcpsHasLibprocps) || CPROCPS_HEADERS))
    /// The procps library that this build links: `libproc2` (procps 4) or `libprocps` (procps 3.3).
    ///
    /// `nil` if the build has no `ProcessTable`: without the package trait `Procps`, or without procps' headers. A constant of
    /// the build, which costs nothing.
    public var linkedProcpsLibrary: String? { nil }
#endif
