import TestSupport
import Testing

@testable import ProcMem

/// The reachable mounts, compared with a model of the kernel's path resolution.
@Suite(.timeLimit(.minutes(10))) struct MountPropertyTests {
    private func randomPath(_ generator: inout SampleGenerator) -> [Character] {
        (0..<Int.random(in: 1...4, using: &generator)).map { _ in "ab".randomElement(using: &generator) ?? "a" }
    }

    @Test(arguments: 0..<8) func aMountIsFoundIfAndOnlyIfAPathLeadsToIt(_ seed: UInt64) {
        var generator = SampleGenerator(seed: seed)
        var (reachable, hidden) = (0, 0)
        for _ in 0..<60 {
            var namespace = MountNamespace()
            for _ in 0..<Int.random(in: 1...14, using: &generator) {
                if Int.random(in: 0..<4, using: &generator) == 0 {
                    namespace.move(from: randomPath(&generator), to: randomPath(&generator))
                } else {
                    namespace.mount(at: randomPath(&generator))
                }
            }
            let table = namespace.table
            for mount in namespace.mounts {
                // No mount that does not show the cgroup is preferred.
                let isFound = MountTable.mount(showing: "/\(mount.id)", in: table)?.hasPrefix("/\(mount.id) ") == true
                #expect(isFound == namespace.isReachable(mount.id), "mount \(mount.id) of\n\(table)")
                if isFound { reachable += 1 } else { hidden += 1 }
            }
        }
        // Both outcomes occurred.
        #expect(reachable > 100)
        #expect(hidden > 20)
    }
}
