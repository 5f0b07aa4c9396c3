/* Parameters of the kernels that direct a plan's flow. */
#ifndef RLT_CONTROL_H
#define RLT_CONTROL_H

#include "../../core/kernel.h"

/* Goes on at step `target` where there is no condition, or it is false; else at the next step. `target` is the second
 * word: see RLT_JUMP. */
typedef struct {
    rlt_ref condition; /* BOOL, maybe RLT_REF_NONE */
    uint32_t target;
} rlt_jump_params;

/* Input and output may be the same bytes. */
typedef struct {
    rlt_ref input, output;
    uint32_t bytes;
} rlt_copy_params;

enum { RLT_JUMP_REFS = 1, RLT_COPY_REFS = 2 };

#endif
