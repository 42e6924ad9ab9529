import Foundation

/// The target of this run, which scripts/fuzz names in the environment: one parser, or `sysroot`.
private let target: @Sendable (ArraySlice<UInt8>) -> Void = {
    let name = ProcessInfo.processInfo.environment["PROCMEM_FUZZ_TARGET"] ?? ""
    if name == "sysroot" { return Sysroot.check }
    guard let parser = ParserTarget.all[name] else { fatalError("no target \(name)") }
    return { bytes in
        if !parser(bytes) { fatalError("an impossible value of \(name)") }
    }
}()

/// Called by libFuzzer for each input.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    target(ArraySlice(UnsafeBufferPointer(start: start, count: count)))
    return 0
}
