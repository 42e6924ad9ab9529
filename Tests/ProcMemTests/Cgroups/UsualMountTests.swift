import Foundation
import Testing

@testable import ProcMem

/// What statmount says of the usual place, beside what mountinfo says of all places.
@Suite struct UsualMountTests {
    @Test(arguments: [CgroupVersion.v1, .v2], ["cpu", "memory"])
    func agreesWithMountinfo(_ version: CgroupVersion, _ name: String) throws {
        let controller = name == "cpu" ? CgroupController.cpu : .memory
        let table = try SystemRoot.live.read(ProcPath(.current, "mountinfo"), MountLine.readOptions) {
            CgroupMount.find(controller, version, showing: [0x2F], parsing: $0)
        }
        guard let usual = ConventionalMount.mount(of: controller, version) else { return }
        let listed = try #require(table, "statmount knows a mount that mountinfo does not list")
        #expect(usual.root == listed.root)
        #expect(Self.resolved(usual.mountPoint) == Self.resolved(listed.mountPoint))
    }

    @Test func aPlaceThatIsNoCgroupMountIsNone() throws {
        let path = Array("/proc\0".utf8)
        guard let mount = try? Syscalls.mount(at: path.span) else { return }
        #expect(mount.type == Array("proc".utf8))
        #expect(mount.root == [0x2F])
    }

    private static func resolved(_ path: [UInt8]) -> String {
        URL(filePath: String(decoding: path, as: UTF8.self)).resolvingSymlinksInPath().path
    }
}
