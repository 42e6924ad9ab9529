extension ContainerMemory {
    /// The name of a figure that may be unknown: the same as the property's.
    public enum Figure: String, Sendable, Hashable, CaseIterable {
        /// ``ContainerMemory/usageBytes``
        case usageBytes
        /// ``ContainerMemory/workingSetBytes``
        case workingSetBytes
        /// ``ContainerMemory/availableBytes``
        case availableBytes
        /// ``ContainerMemory/anonBytes``
        case anonBytes
        /// ``ContainerMemory/fileBytes``
        case fileBytes
        /// ``ContainerMemory/shmemBytes``
        case shmemBytes
        /// ``ContainerMemory/inactiveFileBytes``
        case inactiveFileBytes
        /// ``ContainerMemory/kernelBytes``
        case kernelBytes
        /// ``ContainerMemory/swapBytes``
        case swapBytes
        /// ``ContainerMemory/swapLimitBytes``
        case swapLimitBytes
        /// ``ContainerMemory/pressure``
        case pressure
        /// ``ContainerMemory/machineBytes``
        case machineBytes

        /// What the cgroup alone tells that a process is charged to.
        static var ofUsage: [Figure] {
            [
                .usageBytes, .workingSetBytes, .anonBytes, .fileBytes, .shmemBytes, .inactiveFileBytes, .kernelBytes,
                .swapBytes, .pressure,
            ]
        }
    }
}
