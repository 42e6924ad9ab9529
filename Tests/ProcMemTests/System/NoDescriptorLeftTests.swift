import CTestSupport
import Foundation
import ProcMem
import Testing

/// Results in a forked child that cannot open a file.
@Suite struct NoDescriptorLeftTests {
    /// The result of a closure, 0 to 255, in a child in which no file can be opened; -1 if the child did not exit
    /// normally.
    private static func withoutDescriptors(_ body: @escaping () -> Int32) -> Int32 {
        final class Job {
            let body: () -> Int32
            init(_ body: @escaping () -> Int32) { self.body = body }
        }
        let job = Job(body)
        return test_in_fork(
            { context in
                var none = rlimit(rlim_cur: 0, rlim_max: 0)
                guard let context, setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &none) == 0 else { return 99 }
                return Unmanaged<Job>.fromOpaque(context).takeUnretainedValue().body()
            },
            Unmanaged.passUnretained(job).toOpaque()
        )
    }

    @Test func listsSayThatThereWasNoDescriptor() {
        let answer = Self.withoutDescriptors {
            let scopes: [ProcessScope] = [.all, .cgroup("/sys/fs/cgroup"), .process(1), .tree(root: 1), .currentTree]
            for (number, scope) in scopes.enumerated() {
                do throws(ProcMemError) {
                    _ = try processList(of: scope)
                    return Int32(10 + number)
                } catch {
                    if error.code != .outOfResources { return Int32(20 + number) }
                }
            }
            return 42
        }
        #expect(answer == 42)
    }

    @Test func theCountComesFromTheMaskAlone() throws {
        let mask = try CPULimits.current().affinity.count
        #expect(Self.withoutDescriptors { Int32(ProcMem.effectiveCPUCount()) } == Int32(mask))
    }

    @Test func theExplanationSaysWhatCouldNotBeRead() {
        let answer = Self.withoutDescriptors {
            guard let limits = try? CPULimits.current() else { return 1 }
            if limits.isComplete || limits.onlineCount != nil || limits.binding != nil { return 2 }
            return limits.warnings.contains { $0.contains("/proc/self/cgroup") && $0.contains("errno 24") } ? 42 : 3
        }
        #expect(answer == 42)
    }

    @Test func aReaderAnswersAllTheSame() {
        let answer = Self.withoutDescriptors {
            guard var reader = try? CPULimitReader(), let reading = try? reader.read() else { return 1 }
            return !reading.isComplete && reading.effectiveCPUCount() >= 1 ? 42 : 2
        }
        #expect(answer == 42)
    }

    @Test func theContainersMemoryIsNotCalledMissing() {
        let answer = Self.withoutDescriptors {
            do throws(ProcMemError) {
                _ = try ContainerMemory.current()
                return 1
            } catch {
                guard ProcMem.effectiveMemoryBytes() == nil else { return 2 }
                return error.code == .outOfResources && error.errno == EMFILE ? 42 : 3
            }
        }
        #expect(answer == 42)
    }

    @Test(arguments: [MemoryMode.cheap, .accurate, .sampled(reads: 64)]) func memoryIsNotCalledGone(_ mode: MemoryMode)
    {
        let answer = Self.withoutDescriptors {
            do throws(ProcMemError) {
                _ = try memoryUsage(of: getpid(), mode: mode)
                return 1
            } catch {
                return error.code == .outOfResources && error.errno == EMFILE ? 42 : 2
            }
        }
        #expect(answer == 42)
        #expect(
            Self.withoutDescriptors {
                do throws(ProcMemError) {
                    _ = try memorySnapshot(of: .tree(root: getppid()), mode: mode)
                    return 1
                } catch {
                    return error.code == .outOfResources ? 42 : 2
                }
            } == 42
        )
    }
}
