import CArguments

/// The arguments of the program, as the C library has them: also where `/proc/self/cmdline` cannot be read.
enum ProgramArguments {
    /// All arguments, the name of the program first; empty if the C library does not provide them.
    static var all: [String] {
        var arguments: [String] = []
        while let argument = unsafe procmem_argument(Int32(arguments.count)) {
            arguments.append(unsafe String(cString: argument))
        }
        return arguments
    }
}
