/// `/proc/meminfo`.
enum MemoryInformation {
    static var path: ProcPath { ProcPath(file: "/proc/meminfo") }

    /// `MemTotal` in bytes: the machine's memory, less what the kernel keeps for itself.
    static func totalBytes(in root: KernelRoot) throws(ReadFailure) -> Int {
        try root.read(path, FileShape(expectedBytes: 4096, limitBytes: 65536)) { (bytes) throws(Malformation) in
            var index = 0
            while let line = bytes.nextLine(at: &index) {
                guard bytes.hasPrefix("MemTotal:", in: line) else { continue }
                var valueIndex = line.lowerBound + 9
                if let field = bytes.nextField(at: &valueIndex), field.upperBound <= line.upperBound,
                    let size = bytes.sizeBytes(in: field, unitBytes: 1024)
                {
                    return size
                }
            }
            throw Malformation("a size after MemTotal")
        }
    }
}
