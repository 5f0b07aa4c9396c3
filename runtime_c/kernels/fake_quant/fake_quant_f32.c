#include "fake_quant.h"

#include <float.h>

#include "../common/float_math.h"

typedef struct {
    float low, high, step, inverse;
} grid;

static grid grid_of(float low, float high, float first, float last) {
    low = low < 0.0f ? low : 0.0f;
    high = high > 0.0f ? high : 0.0f;
    if (low == high) return (grid){-FLT_MAX, FLT_MAX, 0.0f, 0.0f};
    const float step = (high - low) / (last - first);
    float zero = rlt_floorf(first - low / step + 0.5f);
    zero = zero < first ? first : zero > last ? last : zero;
    return (grid){(first - zero) * step, (last - zero) * step, step, 1.0f / step};
}

static float rounded(float x, grid g) {
    if (g.step == 0.0f) return x;
    x = x < g.low ? g.low : x > g.high ? g.high : x;
    return rlt_floorf((x - g.low) * g.inverse + 0.5f) * g.step + g.low;
}

#define FAKE_QUANT(name, expression) \
    rlt_status rlt_##name##_f32(const rlt_run *run, const void *params) { \
        const rlt_fake_quant_params *p = params; \
        const float *from = rlt_in(run, p->x), *lows = rlt_in(run, p->low), *highs = rlt_in(run, p->high); \
        float *to = rlt_out(run, p->y); \
        uint32_t i, last; \
        rlt_share_of(run, p->count, &i, &last); \
        while (i < last) { \
            const uint32_t row = i / p->inner, c = row % p->channels; \
            const uint32_t end = last - row * p->inner < p->inner ? last : (row + 1) * p->inner; \
            const grid g = grid_of(lows[c], highs[c], p->first, p->last); \
            for (; i < end; i++) { \
                const float x = from[i]; \
                to[i] = (expression); \
            } \
        } \
        return RLT_OK; \
    }

FAKE_QUANT(fake_quant, rounded(x, g))
FAKE_QUANT(fake_quant_gradient, x < g.low || x > g.high ? 0.0f : ((const float *)rlt_in(run, p->dy))[i])
