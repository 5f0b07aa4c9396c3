/* Parameters of the RANDOM_UNIFORM and RANDOM_STANDARD_NORMAL kernels: Philox4x32-10 (Salmon et al., "Parallel random
 * numbers: as easy as 1, 2, 3", SC 2011), four numbers per count. The count goes on from run to run; a session that
 * starts anew, or is reset, gives the same numbers again. */
#ifndef RLT_RANDOM_H
#define RLT_RANDOM_H

#include "../../core/kernel.h"

typedef struct {
    rlt_ref output;
    rlt_ref counter; /* uint32_t[2], low word first: blocks of four drawn so far */
    uint32_t count;
    uint32_t key[2], stream[2]; /* the two seeds, low word first */
} rlt_random_params;

enum { RLT_RANDOM_REFS = 2 };

#endif
