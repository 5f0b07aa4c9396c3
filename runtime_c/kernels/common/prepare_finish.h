/* Per-channel constants of the DSP extension's int8 kernels (finish.h). Host only. */
#ifndef RLT_PREPARE_FINISH_H
#define RLT_PREPARE_FINISH_H

#include "finish.h"
#include "prepare_common.h"

/* What goes into a channel's result: the factor is multiplier * 2^(shift - 31). */
typedef struct {
    int64_t bias;    /* with the input's zero point folded in */
    int64_t largest; /* bounds |sum| before the bias is added */
    int32_t multiplier, shift;
    int32_t zero_point; /* of the output */
} rlt_channel_sum;

/* 0: out of the range in which the short forms are right. `exact`: for an rlt_finish_exact. */
int rlt_finish_for(const rlt_channel_sum *sum, int exact, rlt_finish *f);

/* Shifts left as far as sums of at most `largest` allow. */
void rlt_finish_widen(rlt_finish_exact *f, int64_t largest);

/* Channel `lane` of four. */
void rlt_finish_put(rlt_finish_four *four, int32_t lane, const rlt_finish *f);

#endif
