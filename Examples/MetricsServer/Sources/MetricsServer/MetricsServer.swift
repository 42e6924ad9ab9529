import CoreMetrics
import Glibc
import Hummingbird
import ProcMemMetrics

/// An HTTP server whose metrics Prometheus reads at `/metrics`.
@main
struct MetricsServer {
    static func main() async throws {
        let port = CommandLine.arguments.dropFirst().first.flatMap { Int($0) } ?? 8080
        let registry = PrometheusRegistry()
        MetricsSystem.bootstrap(registry)

        let router = Router()
        router.get("/") { _, _ in "Metrics are at /metrics.\n" }
        router.get("metrics") { _, _ in
            Response(
                status: .ok,
                headers: [.contentType: "text/plain; version=0.0.4"],
                body: .init(byteBuffer: ByteBuffer(string: registry.text()))
            )
        }
        var server = Application(
            router: router,
            configuration: .init(address: .hostname("127.0.0.1", port: port)),
            onServerRunning: { channel in
                print("listening on 127.0.0.1:\(channel.localAddress?.port ?? port)")
                fflush(nil)
            }
        )
        // The service group of the application starts the service, and ends it after SIGTERM.
        server.addServices(
            ProcMemMetricsService(every: .seconds(1), dimensions: [("group", #"the "example""#)]) { error in
                print(error)
            }
        )
        try await server.runService()
    }
}
