/// The rules by which the limits and the usage of a process's cgroups become the memory of its container.
///
/// ``ContainerMemory`` and ``ContainerMemoryReader`` read the files in different ways, and both apply these rules. The
/// levels are added in their order, the process's own first, and a hidden limit after them. A value does not allocate.
struct CgroupMemoryBounds: Hashable, Sendable {
    /// A limit, and the number of the level that sets it; `nil` if that level is not visible.
    struct Limit: Hashable, Sendable {
        let bytes: Int
        let level: Int?
    }

    /// The memory that is charged to a level.
    struct Charge: Hashable, Sendable {
        private(set) var usageBytes: Int?
        private(set) var inactiveFileBytes: Int?
        /// What the kernel can reclaim at a loss: active file pages and reclaimable slab, as far as they are known.
        private(set) var reclaimableBytes = 0

        /// Creates a charge of which nothing is known.
        init() {}

        init(usageBytes: Int?, _ stat: CgroupMemoryStat?) {
            self.usageBytes = usageBytes
            inactiveFileBytes = stat?.inactiveFileBytes
            reclaimableBytes = (stat?.activeFileBytes ?? 0).saturatingAdding(stat?.reclaimableSlabBytes ?? 0)
        }

        /// The usage minus the inactive file pages. The two are read one after the other.
        var workingSetBytes: Int? {
            guard let usageBytes, let inactiveFileBytes else { return nil }
            return max(0, usageBytes - inactiveFileBytes)
        }
    }

    /// The machine's memory, with the huge pages as far as they belong to it.
    private(set) var machine: MachineMemory
    /// The smallest limit, which binds.
    private(set) var limit: Limit?
    /// The smallest limit above the machine's memory, which does not bind.
    private(set) var limitAboveMachine: Limit?
    /// The smallest soft limit.
    private(set) var high: Limit?
    /// Whether the usage of a level exceeds its soft limit; `nil` if that is not known.
    private(set) var isAboveHigh: Bool? = false
    /// What is available below the nearest limit of any kind, and on the machine; `nil` if neither is known.
    private(set) var availableBytes: Int?
    /// The same if the kernel also reclaims what it can reclaim at a loss.
    private(set) var availableWithReclaimBytes: Int?
    /// Whether the working set of every level with a limit is known.
    private(set) var hasAllBounds = true

    init(on machine: MachineMemory) {
        self.machine = machine
        availableBytes = machine.availableBytes
        availableWithReclaimBytes = machine.availableBytes
    }

    /// The smallest limit, whether above the machine's memory or not.
    var smallestLimit: Limit? { limit ?? limitAboveMachine }

    private var ceiling: Int { machine.totalBytes ?? .max }

    /// Returns whether the charge of a level with these limits bounds the available memory. Limits above the machine's
    /// memory matter only if it is not known how much of that is available.
    func needsCharge(limitBytes: Int?, highBytes: Int?) -> Bool {
        let bound = min(limitBytes ?? .max, highBytes ?? .max)
        return bound < .max && (bound <= ceiling || machine.availableBytes == nil)
    }

    /// Adds the limits of a level.
    ///
    /// - Parameter charge: What is charged to it, if it has been read.
    mutating func add(level: Int, limitBytes: Int?, highBytes: Int?, _ charge: Charge) {
        if let limitBytes { note(Limit(bytes: limitBytes, level: level)) }
        if let highBytes {
            if highBytes < high?.bytes ?? .max { high = Limit(bytes: highBytes, level: level) }
            // A soft limit above the machine's memory cannot be exceeded.
            if highBytes <= ceiling {
                switch charge.usageBytes {
                case let usageBytes?: if usageBytes > highBytes { isAboveHigh = true }
                case nil: if isAboveHigh == false { isAboveHigh = nil }
                }
            }
        }
        noteAvailable(limitBytes: limitBytes, highBytes: highBytes, charge)
    }

    /// Returns whether a limit is smaller than that of every level that was added, so that a hidden level sets it.
    func isHidden(_ limitBytes: Int) -> Bool { limitBytes < smallestLimit?.bytes ?? .max }

    /// Adds the smallest limit of all levels, as v1 reports it, if no level that was added sets it.
    ///
    /// - Parameter charge: What is charged to the process's own cgroup. The hidden level is charged for more than that,
    ///   so that what is available below its limit is known to be at most this much.
    mutating func addHidden(limitBytes: Int, _ charge: Charge) {
        guard isHidden(limitBytes) else { return }
        note(Limit(bytes: limitBytes, level: nil))
        noteAvailable(limitBytes: limitBytes, highBytes: nil, charge)
    }

    private mutating func note(_ added: Limit) {
        machine.note(limitBytes: added.bytes)
        if added.bytes <= ceiling {
            if added.bytes < limit?.bytes ?? .max { limit = added }
        } else if added.bytes < limitAboveMachine?.bytes ?? .max {
            limitAboveMachine = added
        }
    }

    /// Where the working set is not known, the usage stands for it, which is at least as large. Where that is not known
    /// either, the limit itself is the upper end of what is available.
    private mutating func noteAvailable(limitBytes: Int?, highBytes: Int?, _ charge: Charge) {
        guard needsCharge(limitBytes: limitBytes, highBytes: highBytes) else { return }
        // The machine's memory bounds the levels with a larger limit.
        let bound = min(limitBytes ?? .max, highBytes ?? .max, ceiling)
        if charge.workingSetBytes == nil { hasAllBounds = false }
        let used = charge.workingSetBytes ?? charge.usageBytes ?? 0
        availableBytes = min(availableBytes ?? .max, max(0, bound - used))
        let unreclaimable = max(0, used - charge.reclaimableBytes)
        availableWithReclaimBytes = min(availableWithReclaimBytes ?? .max, max(0, bound - unreclaimable))
    }
}
