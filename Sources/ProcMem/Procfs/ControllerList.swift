/// The lists of controllers in `/proc/cgroups` and `cgroup.controllers`.
enum ControllerList {
    private static var path: ProcPath { ProcPath(file: "/proc/cgroups") }

    /// Reads whether the kernel was started without a controller (`cgroup_disable`); `false` also if that is not known.
    static func isDisabled(_ name: StaticString, in root: SystemRoot) -> Bool {
        let options = FileReadOptions(expectedBytes: 1024, limitBytes: 65536)
        do throws(FileReadError) {
            return try root.read(path, options) { (bytes: Span<UInt8>) throws(ParseError) -> Bool in
                try isDisabled(name, parsing: bytes)
            }
        } catch {
            return false
        }
    }

    /// Parses `cgroup.controllers`: names in one line.
    static func lists(_ name: StaticString, parsing bytes: Span<UInt8>) -> Bool {
        var index = 0
        while let field = bytes.nextField(at: &index) {
            if bytes.equals(name, in: field) { return true }
        }
        return false
    }

    /// Parses lines that consist of a controller, the number of its hierarchy, the number of cgroups, and 0 if it is
    /// disabled. Recent kernels omit controllers that exist on v2 only, so that a missing line says nothing.
    static func isDisabled(_ name: StaticString, parsing bytes: Span<UInt8>) throws(ParseError) -> Bool {
        var index = 0
        while let line = bytes.nextLine(at: &index) {
            guard var field = bytes.firstField(in: line), bytes.equals(name, in: field) else { continue }
            for _ in 0..<3 {
                guard let next = bytes.firstField(in: field.upperBound..<line.upperBound) else { break }
                field = next
            }
            switch bytes.decimal(in: field) {
            case 0?: return true
            case 1?: return false
            default: throw ParseError("a controller, two numbers, and 0 or 1")
            }
        }
        return false
    }
}
