#ifndef PROCMEM_FUZZ_DRIVER_H
#define PROCMEM_FUZZ_DRIVER_H

/// The main function of the program Fuzz, by the name that SwiftPM gives it: runs libFuzzer.
int Fuzz_main(int count, char **arguments);

#endif
