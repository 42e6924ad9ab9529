import TestSupport

@testable import ProcMem

extension MountTable {
    /// The chosen mount, as `ROOT at MOUNTPOINT`.
    static func mount(
        _ version: CgroupVersion = .v2,
        showing cgroup: String = "/",
        in table: String,
        _ controller: CgroupController = .cpu
    ) -> String? {
        KernelText.parse(table) {
            CgroupMount.find(controller, version, showing: Array(cgroup.utf8), parsing: $0)
        }.map {
            "\(String(decoding: $0.root, as: UTF8.self)) at \(String(decoding: $0.mountPoint, as: UTF8.self))"
        }
    }
}
