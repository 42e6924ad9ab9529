extension FileDescriptor {
    /// The names in a directory that are process or thread ids, in the kernel's order.
    consuming func processIDs() throws(ReadFailure) -> [Int32] {
        var ids: [Int32] = []
        do {
            try Syscalls.forEachName(in: self) { (name, _) in
                if let id = name.processID(in: 0..<name.count) { ids.append(id) }
            }
        } catch {
            throw .system(error)
        }
        return ids
    }

    /// The names of the directories in a directory.
    consuming func subdirectoryNames() throws(ReadFailure) -> [[UInt8]] {
        var names: [[UInt8]] = []
        do {
            try Syscalls.forEachName(in: self) { (name, isDirectory) in
                if isDirectory { names.append(name.bytes(in: 0..<name.count)) }
            }
        } catch {
            throw .system(error)
        }
        return names
    }
}

extension Span<UInt8> {
    /// A process id as the kernel writes it; `nil` for 0, a leading zero, or anything else.
    func processID(in range: Range<Int>) -> Int32? {
        guard let number = decimal(in: range), number > 0, self[range.lowerBound] != 0x30 else { return nil }
        return Int32(exactly: number)
    }
}
