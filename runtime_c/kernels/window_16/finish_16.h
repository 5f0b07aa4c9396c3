/* How kernels of Cortex-M turn a channel's sum into an int16 value, with the result of window_s16.c. Prepare takes only
 * channels whose sums, bias included, fit 32 bits whatever the input is.
 *
 *   value = saturate(high word of (sum + bias) * multiplier, rounded)      (SMMULR, VRMULH)
 *
 * is rlt_requantize_64(): its multiplier has 15 bits, and up to 16 more stay for its shift.
 *
 * Depthwise kernels, whose channels training sometimes leaves with tiny factors, take all 46 bits that shift may need:
 *
 *   value = saturate((high word of (sum + bias) * multiplier + offset) >> shift), the multiplier 2^16 times its 15 bits
 *
 * FULLY_CONNECTED rounds an exact product once; with h that high word,
 *
 *   value = saturate((h + offset) >> shift)
 *
 * where the bits below the value come to more than 4; elsewhere the short form cannot tell on which side of a half the
 * product lies. */
#ifndef RLT_FINISH_16_H
#define RLT_FINISH_16_H

#include "../common/fixed_point.h"

typedef struct {
    int32_t bias, multiplier;
} rlt_finish_16;

typedef struct {
    int32_t bias, multiplier;
    int32_t offset; /* half of 2^shift, and 2 */
    int32_t shift;  /* at least 3; or 0, with offset 0: never the short form */
    rlt_exact_factor exact;
} rlt_finish_16_exact;

typedef struct {
    int32_t bias, multiplier;
    int32_t offset, shift; /* half of 2^shift; both may be 0 */
} rlt_finish_16_long;

/* Four channels side by side, for Helium. */
typedef struct {
    int32_t bias[4], multiplier[4];
} rlt_finish_16_four;

typedef struct {
    int32_t bias[4], multiplier[4], shift[4]; /* to the left: negative */
} rlt_finish_16_long_four;

#endif
