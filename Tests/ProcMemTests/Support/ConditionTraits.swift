import TestSupport
import Testing

/// Conditions of several suites, with the reason that the output shows if a condition is not met.
extension Trait where Self == ConditionTrait {
    /// Skips the tests if there is a reason against running them.
    static func unless(_ unavailableReason: String?) -> Self {
        .enabled(if: unavailableReason == nil, Comment(rawValue: unavailableReason ?? "no obstacle"))
    }

    /// Cgroups with the cpu controller, in v1 or v2, in which only a test's own limits bind.
    static var cpuCgroups: Self { .unless(cpuObstacle) }

    /// The same with the memory controller.
    static var memoryCgroups: Self { .unless(memoryObstacle) }

    static var pageFrames: Self {
        .enabled(if: PageFrames.areVisible, "page frames are visible to root only, and not read under a sanitizer")
    }

    static var root: Self { .enabled(if: Rights.isRoot, "needs root") }

    static func program(_ name: String) -> Self {
        .enabled(if: InstalledProgram.path(name) != nil, "\(name) is not installed")
    }

    static var countedAllocations: Self {
        .enabled(if: Allocations.areCounted, "this build does not count allocations")
    }

    /// For a program that defines functions of the C library. A sanitizer defines the same functions, and does not start
    /// beside it.
    static var withoutInterceptors: Self {
        .enabled(if: !BuildMode.isSanitized, "a sanitizer defines the same functions as the program")
    }

    static var optimized: Self { .enabled(if: BuildMode.isOptimized, "a debug build allocates for closures") }
}

private let cpuObstacle = Cgroup.unavailableReason(.cpu)
private let memoryObstacle = Cgroup.unavailableReason(.memory)
