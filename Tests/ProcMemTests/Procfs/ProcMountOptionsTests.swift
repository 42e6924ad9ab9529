import TestSupport
import Testing

@testable import ProcMem

@Suite struct ProcMountOptionsTests {
    @Test(
        arguments: [
            ("", .off, 0), ("rw", .off, 0), ("rw,hidepid=0", .off, 0), ("hidepid=off", .off, 0),
            ("rw,hidepid=1", .noAccess, 0), ("hidepid=noaccess,gid=7", .noAccess, 7),
            ("rw,gid=5,hidepid=2", .invisible, 5), ("hidepid=invisible", .invisible, 0),
            ("hidepid=4,subset=pid", .notTraceable, 0), ("hidepid=ptraceable", .notTraceable, 0),
            // Other options, and text that no kernel writes.
            ("xhidepid=2", .off, 0), ("hidepid", .off, 0), ("hidepid=", .off, 0), ("hidepid=3", .off, 0),
            ("hidepid=99999999999999999999", .off, 0), ("hidepid=invisible2", .off, 0),
            ("gid=-1,hidepid=2", .invisible, 0), ("gid=4294967296,hidepid=2", .invisible, 0), (",,,", .off, 0),
        ] as [(String, ProcMountOptions.Hiding, UInt32)]
    )
    func theOptionsOfAMount(_ text: String, _ hiding: ProcMountOptions.Hiding, _ group: UInt32) {
        let options = KernelText.parse(text) { ProcMountOptions(parsing: $0) }
        #expect(options.hiding == hiding)
        #expect(options.exemptGroup == group)
    }
}
