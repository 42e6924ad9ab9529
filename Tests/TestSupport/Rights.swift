import CTestSupport
import Foundation

/// Whether the tests may change the system, and how a test drops privileges.
package enum Rights {
    package static var isRoot: Bool { geteuid() == 0 }

    /// Runs a closure with the privileges of a user that owns nothing, on a new thread.
    package static func asNobody<R>(_ body: @escaping () throws -> R) throws -> R {
        var result: Result<R, any Error>?
        let job = Job { result = Result { try body() } }
        let error = test_run_as_user(
            65534,
            { context in
                guard let context else { return }
                Unmanaged<Job>.fromOpaque(context).takeUnretainedValue().body()
            },
            Unmanaged.passUnretained(job).toOpaque()
        )
        guard error == 0, let result else { throw CocoaError(.featureUnsupported) }
        return try result.get()
    }

    private final class Job {
        let body: () -> Void
        init(_ body: @escaping () -> Void) { self.body = body }
    }
}
