/// A limit file of one level of a hierarchy, read.
struct CgroupLevelFile<Value> {
    /// The cgroup, as `/proc/PID/cgroup` names it.
    let cgroup: String
    /// The file.
    let path: String
    /// What the file says; `nil` where the level has no such file, or it cannot be read or understood.
    private(set) var value: Value?
    /// Whether the level is there and may be read. One without the file is: it has no limit.
    private(set) var isVisible = true
    /// What was odd: the file, and what was found there.
    private(set) var warning: String?

    init(
        _ file: StaticString,
        level: Int,
        of hierarchy: CgroupHierarchy,
        in root: KernelRoot,
        shape: FileShape? = nil,
        _ parse: (Span<UInt8>) throws(Malformation) -> Value
    ) {
        let bytes = hierarchy.path(of: file, atLevel: level)
        cgroup = hierarchy.cgroup(atLevel: level)
        path = root.text(bytes)
        do {
            value = try root.read(bytes.span, shape ?? Self.shape, parse)
        } catch .system(.isDirectory) {
            // A child cgroup that bears the file's name: possible only where the level has no such file.
        } catch  where error.isAbsence {
            // Without the controller, and at the root of all, a level has no such file. A level that is not there at all
            // is another matter: the process has been moved, or its cgroup removed. The mount's root is there when a level
            // below it is.
            let isMountRoot = level + 1 == hierarchy.levelCount
            let folder = hierarchy.path(of: ".", atLevel: level)
            if level == 0 || !isMountRoot, (try? root.open(folder.span, as: .directory)) == nil {
                isVisible = false
                warning = "\(path): no such cgroup is visible"
            }
        } catch {
            if case .system = error { isVisible = false }
            warning = "\(path): \(error.summary)"
        }
    }

    /// Limits are one line.
    private static var shape: FileShape { FileShape(expectedBytes: 128, limitBytes: 4096, isOneLine: true) }
}
