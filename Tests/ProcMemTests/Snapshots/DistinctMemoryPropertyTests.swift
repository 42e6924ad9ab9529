import Foundation
import ProcMem
import TestSupport
import Testing

/// The properties of distinct memory in every mode, for root and for an ordinary user, over all scenes.
@Suite(.pageFrames, .serialized)
struct DistinctMemoryPropertyTests {
    /// Two proven intervals of the same unchanged processes overlap, and none misses the truth.
    @Test(arguments: MemoryScene.all) func noProofIsFalse(_ scene: MemoryScene) throws {
        let running = try start(scene)
        for scopes in running.scopes {
            let result = try BoundsProperty.check(scopes)
            #expect(result.violations.isEmpty, "\(scene), \(scopes.map(\.name)): truth \(result.truth)")
            if ProcessInfo.processInfo.environment["PROCMEM_SCENES"] != nil {
                print("== \(scene), \(scopes[0].name): truth \(result.truth)")
                for reading in result.readings { print("   \(reading)") }
            }
        }
        withExtendedLifetime(running) {}
    }

    private func start(_ scene: MemoryScene) throws -> MemoryScene.Running {
        do {
            return try scene.start()
        } catch let unavailable as MemoryScene.Unavailable {
            try Test.cancel("\(unavailable.reason)")
        }
    }
}
