import Foundation
import TestSupport
import Testing

@testable import ProcMem

@Suite struct CPULimitsErrorTests {
    private func error(of pid: Int32, in root: SystemRoot = .live) -> ProcMemError? {
        do throws(ProcMemError) {
            _ = try CPULimits(of: pid, in: root)
            return nil
        } catch {
            return error
        }
    }

    @Test(arguments: [0, -1, .min] as [Int32]) func whatCannotBeAProcessIsRefused(_ pid: Int32) {
        for root in [SystemRoot.live, SystemRoot(directory: "/nowhere")] {
            let error = error(of: pid, in: root)
            #expect(error?.code == .invalidArgument)
            #expect(error?.errno == nil)
            #expect(error?.description == "/proc/\(pid): not a process id")
        }
    }

    @Test func aProcessThatHasEndedIsNone() throws {
        let child = try ChildProcess(state: "hold", 4096)
        #expect(error(of: child.pid) == nil)
        child.end()
        let error = error(of: child.pid)
        #expect(error?.code == .noSuchProcess)
        #expect(error?.path == "/proc/\(child.pid)")
        #expect(error?.errno == ENOENT)
    }

    @Test func theLargestIdIsNoProcess() {
        #expect(error(of: .max)?.code == .noSuchProcess)
    }

    @Test func aProcessThatTheFolderDoesNotHaveIsNone() throws {
        let tree = try CPUSystem(process: "17").tree()
        #expect(error(of: 17, in: tree.root()) == nil)
        let error = error(of: 18, in: tree.root())
        #expect(error?.code == .noSuchProcess)
        #expect(error?.path == tree.directory.path + "/proc/18")
    }

    @Test func aProcessWithoutAMaskHasTheOnlineCPUs() throws {
        let tree = try FixtureTree(["/proc/18/comm": "x\n", "/sys/devices/system/cpu/online": "0-2\n"])
        let limits = try CPULimits(of: 18, in: tree.root())
        #expect(limits.affinity.description == "0-2")
        #expect(!limits.isComplete)
        #expect(limits.warnings.count == 2)
    }

    @Test func withoutAnyMaskThereIsAnError() throws {
        let tree = try FixtureTree(["/proc/18/comm": "x\n", "/proc/self/comm": "x\n"])
        let expected = "neither this file nor \(tree.directory.path)/sys/devices/system/cpu/online reports them"
        for process in [ProcessSelector.id(18), .current] {
            do throws(ProcMemError) {
                _ = try CPULimits(of: process, in: tree.root(), .all)
                Issue.record("an answer out of nothing")
            } catch {
                #expect(error.code == .unsupported)
                #expect(error.description.hasSuffix(expected))
            }
        }
    }

    @Test func theCountAloneNeverFails() throws {
        let empty = try FixtureTree()
        #expect(effectiveCPUCount(in: empty.root()) == 1)
        #expect(effectiveCPUCount(in: SystemRoot(directory: "/nowhere")) == 1)
        #expect(effectiveCPUCount(in: SystemRoot(directory: "")) == 1)
        #expect(effectiveCPUCount(in: SystemRoot(directory: "with a \0 in it")) == 1)
    }

    @Test func aZombieStillHasItsLimits() throws {
        let child = try ChildProcess(state: "zombie")
        let zombie = try #require(child.ids.first)
        #expect(try CPULimits(of: zombie).effectiveCPUCount() >= 1)
    }
}
