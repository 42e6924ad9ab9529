// The internal interfaces that stand in for the kernel's files exist only in a build with -enable-testing; scripts/load
// defines the condition there.
#if WITH_INTERNALS
    import Foundation
    import TestSupport

    @testable import ProcMem

    extension Load {
        static let injected = [passes, limitChanges, memoryChanges]

        /// Passes of a sampler with a reader in place of the kernel's files, which fails in one of seven passes.
        static let passes = Load(name: "passes", description: "passes of a sampler with an injected reader") {
            settings in
            let empty = try memorySnapshot(of: .process(getpid()), mode: .cheap)
            var outcome = Outcome("passes", "sampler", mayFail: true)
            // The runtime opens descriptors when the first task is suspended.
            _ = try? await sampler(returning: empty).snapshot()
            try await outcome.measure { outcome in
                let sampler = sampler(returning: empty)
                for _ in 0..<settings.passes {
                    do throws(ProcMemError) {
                        outcome.add(try await sampler.snapshot())
                    } catch {
                        outcome.addFailure(error)
                    }
                }
                outcome.require(
                    outcome.errorCount == settings.passes / 7 || outcome.errorCount == settings.passes / 7 + 1,
                    "\(outcome.errorCount) errors in \(settings.passes) passes"
                )
            }
            return [outcome]
        }

        private static func sampler(returning snapshot: MemorySnapshot) -> MemorySampler {
            var count = 0
            return MemorySampler { () throws(ProcMemError) in
                count += 1
                if count.isMultiple(of: 7) { throw ProcMemError(.outOfResources, path: "/proc", errno: EMFILE) }
                return snapshot
            }
        }

        static let limitChanges = Load(name: "limit-changes", description: "passes of CPULimitChanges") { settings in
            let quotas = ["50000 100000\n", "150000 100000\n", "max 100000\n"]
            let file = "/sys/fs/cgroup/own/cpu.max"
            let tree = try FixtureTree(
                MountTable.files(
                    in: "/own",
                    ["/proc/self/status": "Cpus_allowed:\tff\n", "/proc/self/stat": stat, file: quotas[0]]
                )
            )
            return [
                try await repeatWatch("limit-changes", tree, file, quotas, settings) { stop, deliver in
                    try CPULimitWatch(
                        process: .current,
                        root: tree.root(),
                        pollMilliseconds: 0,
                        debounceMilliseconds: 0,
                        usesNotification: false
                    ).run(until: stop) { _ in deliver() }
                }
            ]
        }

        static let memoryChanges = Load(name: "memory-changes", description: "passes of ContainerMemoryChanges") {
            settings in
            let limits = ["1073741824\n", "2147483648\n", "max\n"]
            let file = "/sys/fs/cgroup/own/memory.max"
            let tree = try FixtureTree(
                MountTable.files(
                    in: "/own",
                    [
                        "/proc/self/status": "Cpus_allowed:\tff\n", "/proc/self/stat": stat,
                        "/proc/meminfo": "MemTotal: 8388608 kB\nMemAvailable: 4194304 kB\n",
                        file: limits[0], "/sys/fs/cgroup/own/memory.current": "536870912\n",
                        "/sys/fs/cgroup/own/memory.stat": "anon 400000000\nfile 100000000\ninactive_file 50000000\n",
                    ]
                )
            )
            return [
                try await repeatWatch("memory-changes", tree, file, limits, settings) { stop, deliver in
                    try ContainerMemoryWatch(
                        process: .current,
                        root: tree.root(),
                        thresholds: [],
                        pressure: nil,
                        pollMilliseconds: 0,
                        debounceMilliseconds: 0,
                        usesNotification: false
                    ).run(until: stop) { _ in deliver() }
                }
            ]
        }

        /// Runs a watch whose file is rewritten at each change that it delivers, so that each pass finds a change.
        private static func repeatWatch(
            _ load: String,
            _ tree: FixtureTree,
            _ file: String,
            _ values: [String],
            _ settings: Settings,
            _ run: (StopSignal, _ deliver: () -> Void) throws -> Void
        ) async throws -> Outcome {
            var outcome = Outcome(load, "watch")
            let path = tree.directory.path + file
            let stop = try StopSignal()
            try await outcome.measure { outcome in
                var passCount = 0
                try run(stop) {
                    passCount += 1
                    outcome.addReading()
                    // By a rename: in a kernel's file, too, a reader finds either the old or the new value.
                    let temporary = path + ".new"
                    try? values[passCount % values.count].write(toFile: temporary, atomically: false, encoding: .utf8)
                    rename(temporary, path)
                    if passCount >= settings.passes { stop.signal() }
                }
                outcome.require(passCount == settings.passes, "\(passCount) passes of \(settings.passes)")
            }
            return outcome
        }

        private static let stat = "42 (own) S 1 42 42 0 -1 4194304" + String(repeating: " 0", count: 43) + "\n"
    }
#else
    extension Load {
        static let injected: [Load] = []
    }
#endif
