import Dispatch
import Glibc
import NIOPosix
import ProcMem

/// An HTTP server with one event loop for each CPU that it may use. Its workers follow the CPU limits while it runs.
///
///     SizedServer [PORT [HOST]]
@main struct SizedServer {
    static func main() async throws {
        let arguments = CommandLine.arguments.dropFirst()
        guard arguments.count <= 2, let port = Int(arguments.first ?? "8080"), 0...65535 ~= port else {
            print("usage: SizedServer [PORT [HOST]]")
            exit(64)
        }
        let host = arguments.count == 2 ? arguments[2] : "127.0.0.1"
        let termination = TerminationSignals()

        // The size of an event loop group cannot change. That is no problem when the limit shrinks, because an event
        // loop sleeps while none of its sockets is ready. Work that needs CPU time runs on the workers, which follow
        // the limit.
        let count = ProcMem.effectiveCPUCount()
        let group = MultiThreadedEventLoopGroup(numberOfThreads: count)
        let workers = Workers(limit: count)
        let limits = try LimitsInForce(workers: workers)
        let status = Status(eventLoops: count, workers: workers, limits: limits)

        let server = try await Server(host: host, port: port, group: group, status: status, workers: workers)
        say("listening on \(host):\(server.port), \(status.description)")
        let follower = Task { await limits.follow() }

        await termination.first()
        say("stopping")
        follower.cancel()
        try await server.stop(within: .seconds(10))
        try await workers.stop()
        try await group.shutdownGracefully()
    }
}

/// Prints a line without buffering, also if standard output is a file or a pipe.
func say(_ line: String) {
    print(line)
    fflush(nil)
}

/// SIGTERM and SIGINT, which are caught as soon as the value exists.
struct TerminationSignals {
    private let received: AsyncStream<Void>
    private let sources: [any DispatchSourceSignal]

    init() {
        let (received, continuation) = AsyncStream.makeStream(of: Void.self)
        self.received = received
        sources = [SIGTERM, SIGINT].map { number in
            // The default action would terminate the process before the source receives the signal.
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number)
            source.setEventHandler { continuation.yield() }
            source.resume()
            return source
        }
    }

    func first() async {
        for await _ in received { return }
    }
}
