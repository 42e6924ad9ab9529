#if CommandLine
    import ArgumentParser

    /// A duration on the command line, such as `5ms`, `500us`, `2s`, `1.5s` or `1m`. A number without a unit is in
    /// seconds.
    struct DurationOption: ExpressibleByArgument {
        let duration: Duration

        init(_ duration: Duration) { self.duration = duration }

        init?(argument: String) {
            let unit = argument.drop { $0.isNumber || $0 == "." }
            let nanoseconds: Double
            switch unit {
            case "us", "µs": nanoseconds = 1e3
            case "ms": nanoseconds = 1e6
            case "s", "": nanoseconds = 1e9
            case "m", "min": nanoseconds = 60e9
            default: return nil
            }
            // At most one year, which also keeps the number of nanoseconds within an Int64.
            guard let number = Double(argument.dropLast(unit.count)), number.isFinite, number > 0,
                number * nanoseconds <= 366 * 86400e9
            else { return nil }
            duration = .nanoseconds(Int64(number * nanoseconds))
        }

        var defaultValueDescription: String { duration.asTime.replacing(" ", with: "") }
    }
#endif
