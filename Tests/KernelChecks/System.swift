/// How a guest was booted.
enum System: String, Sendable, CaseIterable {
    /// cgroup v2 has every controller.
    case v2
    /// cgroup v1 has every controller, each in a hierarchy of its own, and there is no v2.
    case v1
    /// v1 has cpu, memory and cpuset. An empty v2 is mounted beside it, as systemd does.
    case hybrid
    /// v1 has memory and cpuset, v2 has the others.
    case mixed
    /// The kernel supports 2,048 CPUs, and four exist.
    case possible
    /// The kernel counts no pressure: `psi=0`.
    case nopsi
    /// 96 CPUs.
    case large
}

extension Set<System> {
    /// The systems with four CPUs, whichever version has the controllers.
    static let withCgroups: Set<System> = [.v2, .v1, .hybrid, .mixed]
}
