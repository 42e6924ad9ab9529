import Foundation
import TestSupport
import Testing

@testable import ProcMem

/// The mount that `statmount` reports at the conventional mount point, compared with `mountinfo`, which lists all
/// mounts.
@Suite(.unless(statmountObstacle)) struct ConventionalMountTests {
    @Test(arguments: [CgroupVersion.v1, .v2], ["cpu", "memory"])
    func agreesWithMountinfo(_ version: CgroupVersion, _ name: String) throws {
        let controller = name == "cpu" ? CgroupController.cpu : .memory
        let table = try SystemRoot.live.read(ProcPath(.current, "mountinfo"), MountLine.readOptions) {
            CgroupMount.find(controller, version, showing: [0x2F], parsing: $0)
        }
        let usual = ConventionalMount.mount(of: controller, version)
        // If mountinfo lists no complete hierarchy at a conventional mount point, statmount must find none.
        let expected = table.flatMap { table in
            let isUsual = controller.conventionalMountPoints(version).contains { place in
                Self.resolved(Array(place.description.utf8)) == Self.resolved(table.mountPoint)
            }
            return isUsual && table.root == [0x2F] ? table : nil
        }
        #expect(usual?.root == expected?.root)
        #expect(usual.map { Self.resolved($0.mountPoint) } == expected.map { Self.resolved($0.mountPoint) })
    }

    /// Ensures that the test above compares at least one hierarchy, if there is one at its conventional mount point.
    @Test(
        .enabled(
            if: ["/sys/fs/cgroup", "/sys/fs/cgroup/memory"].contains { KernelFile.exists("\($0)/cgroup.procs") },
            "no cgroup hierarchy is at its conventional mount point"
        )
    )
    func aHierarchyAtItsUsualPlaceIsFound() {
        let found = [CgroupVersion.v1, .v2].flatMap { version in
            [CgroupController.cpu, .memory].compactMap { ConventionalMount.mount(of: $0, version) }
        }
        #expect(!found.isEmpty)
    }

    @Test func aPlaceThatIsNoCgroupMountIsNone() throws {
        let path = Array("/proc\0".utf8)
        let mount = try Syscalls.mount(at: path.span)
        #expect(mount.type == Array("proc".utf8))
        #expect(mount.root == [0x2F])
    }

    private static func resolved(_ path: [UInt8]) -> String {
        URL(filePath: String(decoding: path, as: UTF8.self)).resolvingSymlinksInPath().path
    }
}

/// The reason why this kernel does not support the call; `nil` if it does.
private let statmountObstacle: String? = {
    do {
        _ = try Syscalls.mount(at: Array("/proc\0".utf8).span)
        return nil
    } catch {
        return "statmount with a mount's options requires Linux 6.11 and no filter against it: \(error)"
    }
}()
