/* The most that one core can do, one function a kind of work and instruction set: see rlt_peak() in rillet.h. Every
 * result goes into `seen`, so that no compiler drops the work. Never part of a firmware. */
#ifndef RLT_PEAK_H
#define RLT_PEAK_H

#include "rillet.h"

typedef struct {
    /* `rounds` rounds of multiply-accumulates on registers; the return value says how many that were. */
    uint64_t (*int8_macs)(uint32_t rounds, volatile int32_t *seen);
    uint64_t (*float_macs)(uint32_t rounds, volatile float *seen);
    /* Reads `bytes` (a multiple of 512, at a multiple of 64) once. */
    void (*read)(const void *buffer, size_t bytes, volatile int32_t *seen);
} rlt_peak_set;

extern const rlt_peak_set rlt_peak_scalar, rlt_peak_avx2, rlt_peak_avx512vnni;
uint64_t rlt_peak_int8_avxvnni(uint32_t rounds, volatile int32_t *seen);

/* X(0) ... X(9): independent chains, enough for two instructions a clock with a latency of five, few enough for 16
 * registers. Spelled out because GCC moves the elements of an array from register to register in such a loop. */
enum { RLT_CHAINS = 10, RLT_READ_STEP = 8 };
#define RLT_EACH_8(X) X(0) X(1) X(2) X(3) X(4) X(5) X(6) X(7)
#define RLT_EACH_CHAIN(X) RLT_EACH_8(X) X(8) X(9)

#endif
