/* Per-channel constants of finish_16.h. Host only. */
#ifndef RLT_PREPARE_FINISH_16_H
#define RLT_PREPARE_FINISH_16_H

#include "finish_16.h"
#include "prepare_window_16.h"

/* Weight `i`, counted over taps and their channels, of output channel `c`. */
int32_t rlt_weight_16(const rlt_window_16 *w, int32_t c, int32_t i);

/* Constants of channel `c`. *fits: 0, out of the range in which short forms are right; -1, the bias alone decides the
 * result, and these constants want weights of 0; else 1. */
rlt_status rlt_finish_16_for(rlt_prepare_state *p, const rlt_window_16 *w, int32_t c, rlt_finish_16_exact *f, int *fits);

/* The same for a depthwise convolution. */
rlt_status rlt_finish_16_long_for(rlt_prepare_state *p, const rlt_window_16 *w, int32_t c, rlt_finish_16_long *f,
                                  int *fits);

/* Whether every channel fits. */
rlt_status rlt_finish_16_fits(rlt_prepare_state *p, const rlt_window_16 *w, int *fit);

#endif
