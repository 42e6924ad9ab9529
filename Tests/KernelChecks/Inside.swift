import Foundation
import TestSupport

/// The output of programs that are started in a cgroup, or in new namespaces.
enum Inside {
    static let command = "/checks/procmem"

    /// Returns the output of a script of the guest's shell.
    ///
    /// - Parameter namespaces: The kinds of new namespaces: "m" for mounts, "c" for cgroups.
    static func output(of script: String, in cgroups: [Cgroup] = [], new namespaces: String = "") throws -> String {
        let words = Cgroup.entering(cgroups, new: namespaces) + ["/bin/sh", "-ec", script]
        let output = try ChildProcess.output(of: CommandLine.arguments[0], words)
        guard output.status == 0 else {
            throw Unexpected("`\(script)` ended with \(output.status): \(output.text) \(output.errorText)")
        }
        return output.text.trimmingCharacters(in: .newlines)
    }

    /// Returns the output of `procmem cpu` there.
    static func cpu(after script: String = "", in cgroups: [Cgroup] = [], new namespaces: String = "") throws
        -> CPUAnswer
    {
        try decode(output(of: "\(script)\nexec \(command) cpu --json", in: cgroups, new: namespaces))
    }

    /// Returns the output of `procmem container` there.
    static func container(
        after script: String = "",
        in cgroups: [Cgroup] = [],
        new namespaces: String = ""
    ) throws -> ContainerAnswer {
        try decode(output(of: "\(script)\nexec \(command) container --json", in: cgroups, new: namespaces))
    }

    /// Returns the number of CPUs that `nproc` counts, from the mask alone.
    static func nproc() throws -> Int {
        let text = try output(of: "nproc")
        return try require(Int(text), "nproc: \(text)")
    }

    static func decode<Answer: Decodable>(_ text: String) throws -> Answer {
        do {
            return try JSONDecoder().decode(Answer.self, from: Data(text.utf8))
        } catch {
            throw Unexpected("not as expected: \(text)")
        }
    }
}

/// The JSON of `procmem cpu --json`.
struct CPUAnswer: Decodable {
    let effectiveCPUCount: Int
    let effectiveCPUs: Double
    let limitedBy: String
    let affinity: Affinity
    let onlineCount: Int?
    let quota: Quota?
    let complete: Bool
    let warnings: [String]
    let throttling: Throttling?

    struct Affinity: Decodable {
        let count: Int
        let cpus: String
    }

    struct Quota: Decodable {
        let cpus: Double
        let cgroup: String
        let cgroupVersion: Int
        let enforced: Bool
    }

    struct Throttling: Decodable {
        let localThrottledMicroseconds: Int?
        let hiddenLimit: Bool?
    }
}

/// The JSON of `procmem container --json`.
struct ContainerAnswer: Decodable {
    let limitBytes: Int?
    let usageBytes: Int?
    let swapLimitBytes: Int?
    let cgroup: String?
    let cgroupVersion: Int?
    let complete: Bool
    let effectiveMemoryBytes: Int?
    let warnings: [String]
}
