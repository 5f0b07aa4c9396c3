/* One fuzzing case, the same for libFuzzer and for the mutation driver. */
#ifndef FUZZ_MODEL_H
#define FUZZ_MODEL_H

#include <stddef.h>
#include <stdint.h>

/* Verifies, prepares, opens and runs `data` as a model would be. Aborts where a promise of rillet.h is broken that
 * sanitizers cannot see. Returns 0 always. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What became of the cases so far. */
extern unsigned long fuzz_refused, fuzz_prepared, fuzz_invoked;

#endif
