import NIOCore
import NIOHTTP1

/// Answers `GET /` with the sizes. `GET /work` computes for 100 ms, and returns the number of busy workers.
final class RequestHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let status: Status
    private let workers: Workers
    private var request: HTTPRequestHead?

    init(status: Status, workers: Workers) {
        self.status = status
        self.workers = workers
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            request = head
        case .body:
            break
        case .end:
            guard let request = request.take() else { return }
            answer(request, context: context)
        }
    }

    private func answer(_ request: HTTPRequestHead, context: ChannelHandlerContext) {
        switch (request.method, request.uri) {
        case (.GET, "/"):
            respond(to: request, .ok, status.json, context: context)
        case (.GET, "/work"):
            let work = workers.run(on: context.eventLoop) { [workers] in
                let running = workers.counts.running
                compute(for: .milliseconds(100))
                return running
            }
            // The event loop serves other connections until the worker has finished.
            work.assumeIsolated().whenComplete { result in
                switch result {
                case .success(let running):
                    self.respond(to: request, .ok, "{\"running\": \(running)}\n", context: context)
                case .failure:
                    self.respond(to: request, .serviceUnavailable, "{\"error\": \"busy\"}\n", context: context)
                }
            }
        default:
            respond(to: request, .notFound, "{\"error\": \"not found\"}\n", context: context)
        }
    }

    private func respond(
        to request: HTTPRequestHead,
        _ status: HTTPResponseStatus,
        _ json: String,
        context: ChannelHandlerContext
    ) {
        let body = context.channel.allocator.buffer(string: json)
        let headers: HTTPHeaders = [
            "content-type": "application/json",
            "content-length": "\(body.readableBytes)",
            "connection": request.isKeepAlive ? "keep-alive" : "close",
        ]
        let head = HTTPResponseHead(version: request.version, status: status, headers: headers)
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        context.write(wrapOutboundOut(.body(.byteBuffer(body))), promise: nil)
        let written = context.writeAndFlush(wrapOutboundOut(.end(nil)))
        guard !request.isKeepAlive else { return }
        written.assumeIsolated().whenComplete { _ in context.close(promise: nil) }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }
}

/// Keeps a CPU busy, in place of real work.
private func compute(for duration: Duration) {
    let end = ContinuousClock.now + duration
    while ContinuousClock.now < end {}
}
