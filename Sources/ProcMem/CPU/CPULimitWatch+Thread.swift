extension CPULimitWatch {
    /// Starts a thread that looks, and ends when nobody listens any more.
    func answers() -> AsyncStream<Result<CPULimits, ProcMemError>> {
        let (stream, listener) = AsyncStream.makeStream(
            of: Result<CPULimits, ProcMemError>.self,
            bufferingPolicy: .bufferingNewest(1)
        )
        do throws(Errno) {
            let stop = try StopSignal()
            listener.onTermination = { _ in stop.give() }
            try BackgroundThread.start("procmem-cpu") {
                do throws(ProcMemError) {
                    try run(until: stop) { listener.yield(.success($0)) }
                } catch {
                    listener.yield(.failure(error))
                }
                listener.finish()
            }
        } catch {
            listener.yield(.failure(ProcMemError(.outOfResources, path: "CPULimitChanges", errno: error.rawValue)))
            listener.finish()
        }
        return stream
    }
}
