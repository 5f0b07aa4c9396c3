/* Parameters of the SOFTMAX kernels, over the last dimension.
 *
 * int8: the exponentials of all 256 possible differences to the row's largest value come as a table. */
#ifndef RLT_SOFTMAX_H
#define RLT_SOFTMAX_H

#include "../../core/kernel.h"

typedef struct {
    rlt_ref input, output;
    uint32_t rows, depth;
    float beta;
} rlt_softmax_f32_params;

typedef struct {
    rlt_ref input, output;
    rlt_ref exponentials; /* int32[256]: exp(-i * beta * scale) * 2^31; 0 where LiteRT ignores the difference */
    uint32_t rows, depth;
    uint32_t wide; /* output is int16 */
} rlt_softmax_s8_params;

/* int16: differences to the row's largest value are rescaled so that -65535 means -10. */
typedef struct {
    rlt_ref input, output;
    rlt_ref tables; /* int16[2][513]: exp(x) for x in [-10, 0], 1 / (1 + x) for x in [0, 1]; table_16.h */
    uint32_t rows, depth;
    int32_t multiplier, shift;
} rlt_softmax_s16_params;

enum { RLT_SOFTMAX_F32_REFS = 2, RLT_SOFTMAX_S8_REFS = 3, RLT_SOFTMAX_S16_REFS = 3 };

#endif
