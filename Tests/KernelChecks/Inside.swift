import Foundation
import TestSupport

/// What programs say that begin in a cgroup, or in namespaces of their own.
enum Inside {
    static let command = "/checks/procmem"

    /// The output of a script of the guest's shell.
    ///
    /// - Parameter namespaces: Those of its own that it has: "m" its mounts, "c" its cgroups.
    static func output(of script: String, in cgroups: [Cgroup] = [], new namespaces: String = "") throws -> String {
        let words = Cgroup.entering(cgroups, new: namespaces) + ["/bin/sh", "-ec", script]
        let output = try ChildProcess.output(of: CommandLine.arguments[0], words)
        guard output.status == 0 else {
            throw Unexpected("`\(script)` ended with \(output.status): \(output.text) \(output.errorText)")
        }
        return output.text.trimmingCharacters(in: .newlines)
    }

    /// What `procmem cpu` says there.
    static func cpu(after script: String = "", in cgroups: [Cgroup] = [], new namespaces: String = "") throws
        -> CPUAnswer
    {
        try decode(output(of: "\(script)\nexec \(command) cpu --json", in: cgroups, new: namespaces))
    }

    /// What `procmem container` says there.
    static func container(
        after script: String = "",
        in cgroups: [Cgroup] = [],
        new namespaces: String = ""
    ) throws -> ContainerAnswer {
        try decode(output(of: "\(script)\nexec \(command) container --json", in: cgroups, new: namespaces))
    }

    /// How many CPUs another program counts, which knows the mask alone.
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

/// What `procmem cpu --json` prints.
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

/// What `procmem container --json` prints.
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
