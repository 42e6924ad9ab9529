import CFaults
import Foundation
import ProcMem
import TestSupport

/// The files that the queries of the limits open and read: each once.
enum Openings {
    /// Files that the kernel does not write in one piece: the last read detects the end.
    private static let inPieces = ["mountinfo"]

    /// Makes each query, and returns the files that were opened more than once, or were read more than once.
    ///
    /// - Parameter name: The name of the system.
    static func repeated(_ name: String, in root: SystemRoot) -> [String] {
        let queries: [(String, () -> Void)] = [
            ("effectiveCPUCount", { _ = effectiveCPUCount(in: root) }),
            ("CPULimits.current", { _ = try? CPULimits.current(in: root) }),
            ("effectiveMemoryBytes", { _ = effectiveMemoryBytes(includingSoftLimit: true, in: root) }),
            ("ContainerMemory.current", { _ = try? ContainerMemory.current(in: root) }),
        ]
        return queries.flatMap { query, body in
            faults_begin(0, "", 0, 0, .max)
            body()
            return repeated(amongCalls: faults_end()).map { "\(name): \(query): \($0)" }
        }
    }

    private static func repeated(amongCalls count: Int64) -> [String] {
        var paths: [Int32: String] = [:]
        var counts: [String: (opened: Int, read: Int)] = [:]
        for call in 0..<count {
            let number = call + 1
            let file = faults_file(number)
            guard file >= 0 else { continue }
            let opened = String(cString: faults_path(number))
            if !opened.isEmpty {
                paths[file] = opened
                counts[opened, default: (0, 0)].opened += 1
            } else if let path = paths[file] {
                counts[path]?.read += 1
            }
        }
        return counts.sorted { $0.key < $1.key }.compactMap { path, count in
            // The directory that replaces `/` is opened for each file. That a folder exists may be found out twice.
            let last = path.split(separator: "/").last.map(String.init) ?? ""
            if last.isEmpty || last == "." || last.hasPrefix("procmem-") { return nil }
            let reads = inPieces.contains(last) ? 2 : 1
            guard count.opened > 1 || count.read > reads else { return nil }
            return "\(path) opened \(count.opened), read \(count.read)"
        }
    }
}
