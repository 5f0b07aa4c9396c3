/* Parameters of the optimizers: `variable` takes one step along `gradient`, in one pass over memory. The formulas are those
 * of Keras 3 (keras/src/optimizers). */
#ifndef RLT_OPTIMIZER_H
#define RLT_OPTIMIZER_H

#include "../../core/kernel.h"
#include "../common/float_math.h"

enum { RLT_OPTIMIZER_SCALARS = 6, RLT_OPTIMIZER_REFS = 4 + RLT_OPTIMIZER_SCALARS, RLT_OPTIMIZER_PIECE = 16 };

typedef struct {
    rlt_ref variable, gradient;
    rlt_ref first, second;                  /* its averages, as many as the optimizer has */
    rlt_ref scalars[RLT_OPTIMIZER_SCALARS]; /* learning rate and what follows it among the operands */
    uint32_t count;
} rlt_optimizer_params;

/* One task's work. */
typedef struct {
    float *w, *first, *second;
    const float *g;
    float rate, a, b, c, d, e; /* the scalars in order */
    size_t begin, end;
} rlt_optimizer_work;

static inline float rlt_optimizer_scalar(const rlt_run *run, rlt_ref ref) {
    const float *value = rlt_in_or_null(run, ref);
    return value ? *value : 0.0f;
}

static inline rlt_optimizer_work rlt_optimizer_start(const rlt_run *run, const rlt_optimizer_params *p) {
    uint32_t first, last;
    rlt_share_of(run, (p->count + RLT_OPTIMIZER_PIECE - 1) / RLT_OPTIMIZER_PIECE, &first, &last);
    const size_t end = (size_t)last * RLT_OPTIMIZER_PIECE;
    return (rlt_optimizer_work){
        .w = rlt_out(run, p->variable), .g = rlt_in(run, p->gradient),
        .first = p->first == RLT_REF_NONE ? NULL : rlt_out(run, p->first),
        .second = p->second == RLT_REF_NONE ? NULL : rlt_out(run, p->second),
        .rate = rlt_optimizer_scalar(run, p->scalars[0]), .a = rlt_optimizer_scalar(run, p->scalars[1]),
        .b = rlt_optimizer_scalar(run, p->scalars[2]), .c = rlt_optimizer_scalar(run, p->scalars[3]),
        .d = rlt_optimizer_scalar(run, p->scalars[4]), .e = rlt_optimizer_scalar(run, p->scalars[5]),
        .begin = (size_t)first * RLT_OPTIMIZER_PIECE, .end = end < p->count ? end : p->count,
    };
}

/* Adam's rate, corrected for averages that began at zero: a, b are beta_1, beta_2, d the number of this step. */
static inline float rlt_adam_rate(const rlt_optimizer_work *k) {
    return k->rate * rlt_sqrtf(1.0f - rlt_powf(k->b, k->d)) / (1.0f - rlt_powf(k->a, k->d));
}

#endif
