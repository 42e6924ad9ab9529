import ProcMem
import Testing

@testable import ProcMemCommand

@Suite struct ContainerChangeTextTests {
    @Test(
        arguments: [
            ("200MiB", 200 << 20), ("200M", 200 << 20), ("200m", 200 << 20), ("1.5GiB", 3 << 29), ("50MB", 50_000_000),
            ("4096", 4096), ("1B", 1), ("2k", 2048), ("1TiB", 1 << 40), ("1048576T", 1 << 60),
        ]
    )
    func sizes(_ text: String, _ bytes: Int) {
        #expect(AvailableThreshold(argument: text) == .bytes(bytes))
    }

    @Test(arguments: [("20%", 0.2), ("2.5%", 0.025), ("100%", 1)])
    func shares(_ text: String, _ share: Double) {
        #expect(AvailableThreshold(argument: text) == .share(share))
        #expect(Double(percentage: text) == share)
    }

    @Test(
        arguments: [
            "", "%", "0", "0%", "-1", "-1%", "101%", "1e3", "1e3%", "inf", "nan%", "0x10", "M", "5XB", "1.2.3M", ".",
            ".5M",
            "9999999T", "٣M", "20 %", "²%",
        ]
    )
    func notASize(_ text: String) {
        #expect(AvailableThreshold(argument: text) == nil)
        #expect(Double(percentage: text) == nil)
    }
}
