/// How a guest was booted.
enum System: String, Sendable, CaseIterable {
    /// cgroup v2 has every controller.
    case v2
    /// cgroup v1 has every controller, each in a hierarchy of its own, and there is no v2.
    case v1
    /// v1 has cpu, memory and cpuset, and an empty v2 is mounted beside it, as systemd does.
    case hybrid
    /// v1 has memory and cpuset, v2 the rest.
    case mixed
    /// The kernel allows for 2,048 CPUs, and has four.
    case possible
    /// 96 CPUs.
    case large
}

extension Set<System> {
    /// Those with four CPUs, whatever has the controllers.
    static let withCgroups: Set<System> = [.v2, .v1, .hybrid, .mixed]
}
