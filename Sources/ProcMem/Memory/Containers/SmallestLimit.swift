/// The smallest of the limits that one kind of file sets at the levels of a hierarchy.
struct SmallestLimit: Hashable, Sendable {
    /// `nil` where no level has one.
    private(set) var bytes: Int?
    /// Why it is not known; `nil` where it is, or one is.
    var reason: String? { bytes == nil ? failure ?? (isTold ? nil : absence) : nil }
    /// What was odd, and not merely missing.
    private(set) var warnings: [String] = []

    /// Whether a level has the file.
    private var isTold = false
    private var absence: String?
    private var failure: String?

    /// Adds a level's, and returns it; `nil` where it has none.
    ///
    /// - Parameter absence: When a kernel does not have the file.
    @discardableResult
    mutating func read(_ file: StaticString, of files: CgroupMemoryFiles, absence: String? = nil) -> Int? {
        do {
            let limit = try files.limit(file)
            isTold = true
            add(limit)
            return limit.limitBytes
        } catch {
            let reason = files.reason(file, error, absence: absence)
            if error.isAbsence {
                self.absence = self.absence ?? reason
            } else {
                failure = failure ?? reason
                warnings.append(reason)
            }
            return nil
        }
    }

    mutating func add(_ limit: MemoryLimitFile?) {
        guard let limitBytes = limit?.limitBytes else { return }
        bytes = min(limitBytes, bytes ?? .max)
    }
}
