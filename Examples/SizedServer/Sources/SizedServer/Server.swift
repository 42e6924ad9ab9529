import NIOConcurrencyHelpers
import NIOCore
import NIOHTTP1
import NIOPosix

/// The listening socket and its open connections.
final class Server: Sendable {
    private struct Connections {
        var open: [ObjectIdentifier: any Channel] = [:]
        var stops = false
    }

    private let listener: any Channel
    private let connections: NIOLockedValueBox<Connections>

    var port: Int { listener.localAddress?.port ?? 0 }

    init(
        host: String,
        port: Int,
        group: MultiThreadedEventLoopGroup,
        status: Status,
        workers: Workers
    ) async throws {
        let connections = NIOLockedValueBox(Connections())
        self.connections = connections
        listener = try await ServerBootstrap(group: group)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                Self.keep(channel, in: connections)
                return channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline()
                    try channel.pipeline.syncOperations.addHandler(RequestHandler(status: status, workers: workers))
                }
            }
            .bind(host: host, port: port)
            .get()
    }

    private static func keep(_ channel: any Channel, in connections: NIOLockedValueBox<Connections>) {
        let id = ObjectIdentifier(channel)
        let stops = connections.withLockedValue { connections in
            connections.open[id] = channel
            return connections.stops
        }
        channel.closeFuture.whenComplete { _ in
            connections.withLockedValue { $0.open[id] = nil }
        }
        if stops { channel.close(promise: nil) }
    }

    /// Closes the listening socket and waits until each connection has answered its current request. Connections that
    /// are still open after `grace` are closed.
    func stop(within grace: TimeAmount) async throws {
        try await listener.close()
        let open = connections.withLockedValue { connections in
            connections.stops = true
            return Array(connections.open.values)
        }
        // The HTTP pipeline closes an idle connection immediately, and a busy one after its response.
        for channel in open { channel.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent()) }
        let eventLoop = listener.eventLoop
        let deadline = eventLoop.scheduleTask(in: grace) {
            for channel in open { channel.close(promise: nil) }
        }
        try await EventLoopFuture.andAllComplete(open.map(\.closeFuture), on: eventLoop).get()
        deadline.cancel()
    }
}
