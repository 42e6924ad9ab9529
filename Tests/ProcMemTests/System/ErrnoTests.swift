import Foundation
import Testing

@testable import ProcMem

@Suite struct ErrnoTests {
    @Test(
        arguments: [
            (Errno.noSuchFileOrDirectory, "errno 2, No such file or directory"),
            (.noSuchProcess, "errno 3, No such process"),
            (.permissionDenied, "errno 13, Permission denied"),
            (.notPermitted, "errno 1, Operation not permitted"),
            (.noSuchDevice, "errno 19, No such device"),
            (.nameTooLong, "errno 36, File name too long"),
        ] as [(Errno, String)]
    )
    func anErrorIsItsNumberAndItsText(_ error: Errno, _ text: String) {
        #expect(error.description == text)
    }

    @Test func anInterruptedCallIsMadeAgain() throws {
        var calls = 0
        let result = try Syscalls.retrying { () -> Int32 in
            calls += 1
            errno = EINTR
            return calls < 3 ? -1 : 7
        }
        #expect(result == 7)
        #expect(calls == 3)
    }

    @Test func aCallThatFailsIsNotMadeAgain() {
        var calls = 0
        #expect(throws: Errno(rawValue: EIO)) {
            try Syscalls.retrying { () -> Int32 in
                calls += 1
                errno = EIO
                return -1
            }
        }
        #expect(calls == 1)
    }

    @Test func anUnknownNumberIsReported() {
        #expect(Errno(rawValue: 4095).description.hasPrefix("errno 4095"))
    }

    @Test(
        arguments: [
            (Errno.noSuchFileOrDirectory, ProcMemError.Code.noSuchProcess), (.noSuchProcess, .noSuchProcess),
            (.notDirectory, .inputOutput), (.noSuchDevice, .inputOutput), (.permissionDenied, .permissionDenied),
            (.notPermitted, .permissionDenied),
            (.tooManyOpenFiles, .outOfResources), (.tooManyOpenFilesInSystem, .outOfResources),
            (.noMemory, .outOfResources), (.noFunction, .unsupported), (.notSupported, .unsupported),
            (Errno(rawValue: EIO), .inputOutput), (.isDirectory, .inputOutput),
        ] as [(Errno, ProcMemError.Code)]
    )
    func eachErrorNumberHasItsCode(_ error: Errno, _ code: ProcMemError.Code) {
        #expect(ProcMemError.Code(error) == code)
        let full = ProcMemError(FileReadError.system(error), path: "/proc/1/stat")
        #expect(full.errno == error.rawValue)
        #expect(full.description.hasPrefix("/proc/1/stat: "))
        #expect(full.description.contains("errno \(error.rawValue)"))
    }

    @Test(
        arguments: [
            (
                FileReadError.malformed(ParseError("seven numbers"), found: "\"x\""),
                "expected seven numbers, found \"x\""
            ),
            (.tooLarge(limitBytes: 4096), "longer than 4096 bytes"),
        ] as [(FileReadError, String)]
    )
    func whatWasFoundIsPartOfTheMessage(_ failure: FileReadError, _ text: String) {
        let error = ProcMemError(failure, path: "/proc/1/statm")
        #expect(error.errno == nil)
        #expect(error.description == "/proc/1/statm: " + text)
    }

    @Test(
        arguments: [
            (Errno.noSuchFileOrDirectory, true), (.noSuchProcess, true), (.notDirectory, true), (.noSuchDevice, true),
            (.permissionDenied, false), (.isDirectory, false), (.tooManyOpenFiles, false), (.interrupted, false),
        ] as [(Errno, Bool)]
    )
    func onlyWhatIsNotThereIsAbsent(_ error: Errno, _ expected: Bool) {
        #expect(FileReadError.system(error).isAbsence == expected)
    }
}
