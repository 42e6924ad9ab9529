import Testing

@testable import ProcMemCommand

@Suite struct UnitsTests {
    @Test(arguments: [
        (0, "0 B"), (1, "1 B"), (1023, "1023 B"), (1024, "1.00 KiB"), (1025, "1.00 KiB"), (1536, "1.50 KiB"),
        (10_234, "9.99 KiB"), (10_235, "10.0 KiB"), (102_348, "99.9 KiB"), (102_349, "100 KiB"),
        (1_023_487, "999 KiB"), (1_023_488, "0.98 MiB"), (1_048_576, "1.00 MiB"), (1_048_051_711, "999 MiB"),
        (1_048_051_712, "0.98 GiB"), (2_222_222_222, "2.07 GiB"), (1 << 40, "1.00 TiB"), (1 << 50, "1.00 PiB"),
        (1 << 60, "1.00 EiB"), (.max, "8.00 EiB"),
    ])
    func sizes(_ bytes: Int, _ text: String) {
        #expect(bytes.asSize == text)
    }

    @Test(
        arguments: [
            (0.0001, "less than 0.001"), (0.001, "0.001"), (0.0015, "0.002"), (0.5, "0.5"), (1, "1"), (1.5, "1.5"),
            (1.25, "1.25"), (2.0 / 3, "0.667"), (1.0001, "1.0001"), (1.9999, "1.9999"), (0.999_999, "0.999999"),
            (10, "10"), (96, "96"), (100.125, "100.125"), (1e6, "1000000"), (1e9, "1000000000.0"),
            (9.223372036854776e18, "9.223372036854776e+18"),
        ] as [(Double, String)]
    )
    func cpus(_ cpus: Double, _ text: String) {
        #expect(cpus.asCPUs == text)
    }

    @Test(
        arguments: [
            (.zero, "0 µs"), (.nanoseconds(999), "0 µs"), (.microseconds(1), "1 µs"), (.microseconds(999), "999 µs"),
            (.microseconds(1000), "1.00 ms"), (.microseconds(2113), "2.11 ms"), (.microseconds(9994), "9.99 ms"),
            (.microseconds(9995), "10.0 ms"), (.microseconds(9999), "10.0 ms"), (.microseconds(10_000), "10.0 ms"),
            (.microseconds(999_949), "999.9 ms"), (.microseconds(999_950), "1.00 s"), (.seconds(1), "1.00 s"),
            (.milliseconds(1300), "1.30 s"), (.seconds(3600), "3600.00 s"),
        ] as [(Duration, String)]
    )
    func times(_ duration: Duration, _ text: String) {
        #expect(duration.asTime == text)
    }

    @Test(arguments: [(0, "0 processes"), (1, "1 process"), (2, "2 processes")])
    func counts(_ count: Int, _ text: String) {
        #expect(count.counted("process", "processes") == text)
    }
}
