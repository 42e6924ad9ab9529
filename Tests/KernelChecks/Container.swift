import Foundation
import TestSupport

/// A container that crun runs, with the guest's own programs.
final class Container {
    let pid: Int32
    /// The path of its cgroup, as seen from outside.
    let cgroup: String
    private let id: String

    struct Limits {
        var quota: Int?
        var cpus: String?
        var memory: Int?
    }

    /// - Parameter hasOwnCgroups: Whether the container has a cgroup namespace, so that it sees its cgroup as the root.
    ///   On v2 this is the default of container engines.
    init(_ limits: Limits, hasOwnCgroups: Bool) throws {
        guard Files.exists("/usr/bin/crun") else { throw Skipped("crun is not installed") }
        for controller in ["memory", "cpuset"] where Files.exists("/sys/fs/cgroup/cpu") {
            guard Files.exists("/sys/fs/cgroup/\(controller)") else {
                throw Skipped("the kernel has no \(controller) on v1, which crun asks for")
            }
        }
        // The prefix allows the runner to remove what a killed check has left.
        id = Cgroup.namePrefix(of: getpid()) + UUID().uuidString.prefix(8)
        cgroup = "/\(id)"
        let bundle = "/tmp/\(id)"
        for folder in ["bin", "checks", "lib", "lib64", "usr", "proc", "sys", "dev", "tmp"] {
            try FileManager.default.createDirectory(
                atPath: "\(bundle)/rootfs/\(folder)",
                withIntermediateDirectories: true
            )
        }
        let configuration = Self.configuration(limits, hasOwnCgroups: hasOwnCgroups, cgroup: cgroup)
        let data = try JSONSerialization.data(withJSONObject: configuration)
        try data.write(to: URL(filePath: "\(bundle)/config.json"))
        let run = "crun --cgroup-manager=cgroupfs run --no-pivot -d -b \(bundle) --pid-file \(bundle)/pid \(id)"
        let log = try Inside.output(of: "\(run) >\(bundle)/log 2>&1 </dev/null || cat \(bundle)/log")
        // On 5.10, crun 1.8 exits before it has read anything (observed).
        if log.contains("Failed to re-execute libcrun") { throw Skipped("crun does not start on this kernel: \(log)") }
        guard log.isEmpty else { throw Unexpected("crun: \(log)") }
        pid = try Int32(Files.number("\(bundle)/pid"))
    }

    deinit {
        _ = try? Inside.output(of: "crun delete -f \(id)")
    }

    /// Returns the output of a program that is started in the container.
    func output(of command: String) throws -> String {
        try Inside.output(of: "crun exec \(id) \(command)")
    }

    func update(_ options: String) throws {
        _ = try Inside.output(of: "crun --cgroup-manager=cgroupfs update \(options) \(id)")
    }

    private static func configuration(_ limits: Limits, hasOwnCgroups: Bool, cgroup: String) -> [String: Any] {
        var cpu: [String: Any] = [:]
        cpu["quota"] = limits.quota
        cpu["period"] = limits.quota.map { _ in 100_000 }
        cpu["cpus"] = limits.cpus
        var memory: [String: Any] = [:]
        memory["limit"] = limits.memory
        func bound(_ path: String) -> [String: Any] {
            ["destination": path, "type": "bind", "source": path, "options": ["rbind", "ro"]]
        }
        let namespaces = ["pid", "mount", "ipc", "uts"] + (hasOwnCgroups ? ["cgroup"] : [])
        return [
            "ociVersion": "1.0.0",
            "process": [
                "user": ["uid": 0, "gid": 0], "args": ["/bin/sleep", "1000"], "cwd": "/", "noNewPrivileges": true,
                "env": ["PATH=/bin:/checks"], "capabilities": [String: Any](),
            ],
            "root": ["path": "rootfs", "readonly": true],
            "mounts": ["/bin", "/checks", "/lib", "/lib64", "/usr"].map(bound) + [
                ["destination": "/proc", "type": "proc", "source": "proc"],
                ["destination": "/dev", "type": "tmpfs", "source": "tmpfs"],
                ["destination": "/sys", "type": "sysfs", "source": "sysfs", "options": ["ro"]],
                ["destination": "/sys/fs/cgroup", "type": "cgroup", "source": "cgroup", "options": ["ro"]],
            ],
            "linux": [
                "namespaces": namespaces.map { ["type": $0] },
                "cgroupsPath": cgroup,
                "resources": ["cpu": cpu, "memory": memory],
                // The paths that container engines mask and protect.
                "maskedPaths": [
                    "/proc/acpi", "/proc/asound", "/proc/kcore", "/proc/keys", "/proc/latency_stats",
                    "/proc/timer_list",
                    "/proc/timer_stats", "/proc/sched_debug", "/proc/scsi", "/sys/firmware",
                ],
                "readonlyPaths": ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"],
            ],
        ]
    }
}
