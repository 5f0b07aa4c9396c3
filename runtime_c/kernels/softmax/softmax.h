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

enum { RLT_SOFTMAX_F32_REFS = 2, RLT_SOFTMAX_S8_REFS = 3 };

#endif
