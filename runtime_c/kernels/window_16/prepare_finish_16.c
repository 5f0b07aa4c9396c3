#include "prepare_finish_16.h"

#include <string.h>

#include "../common/fixed_point_64.h"

enum { LARGEST_INPUT = 32768 };

int32_t rlt_weight_16(const rlt_window_16 *w, int32_t c, int32_t i) {
    const size_t at = (size_t)c * (size_t)w->channel_step + (size_t)(i / w->depth) * (size_t)w->tap_step;
    return (int8_t)w->weights->data[at + (size_t)(i % w->depth)];
}

/* Bounds of what rescaling gets. */
typedef struct {
    int64_t bias, low, high;
} sum_range;

static int range_of(const rlt_window_16 *w, int32_t c, sum_range *range) {
    const int32_t count = w->window->kernel_h * w->window->kernel_w * w->depth;
    int64_t size = 0;
    for (int32_t i = 0; i < count; i++) {
        const int32_t weight = rlt_weight_16(w, c, i);
        size += weight < 0 ? -weight : weight;
    }
    range->bias = 0;
    if (w->bias && !w->bias->data) return 0; /* not constant */
    if (w->bias && w->bias->type == RLT_INT32) range->bias = rlt_const_i32(w->bias, (uint32_t)c);
    else if (w->bias) memcpy(&range->bias, w->bias->data + sizeof(int64_t) * (size_t)c, sizeof(int64_t));
    if (range->bias > INT64_MAX / 2 || range->bias < -(INT64_MAX / 2)) return 0;
    range->low = range->bias - LARGEST_INPUT * size;
    range->high = range->bias + LARGEST_INPUT * size;
    return 1;
}

static int is_narrow(const sum_range *range) { return range->low > INT32_MIN && range->high < INT32_MAX; }

/* How sums are rescaled; `decided`: all to `value`. */
typedef struct {
    int32_t reduced, shift; /* 15 bits, and rlt_requantize_64()'s */
    int32_t decided, value;
} rescaling;

static rlt_status rescaling_of(rlt_prepare_state *p, const rlt_window_16 *w, int32_t c, const sum_range *range,
                               rescaling *r) {
    int32_t multiplier;
    memset(r, 0, sizeof *r);
    RLT_TRY(rlt_channel_multiplier(p, w->input, w->weights, w->output, (uint32_t)c, &multiplier, &r->shift));
    if (r->shift > 7) return RLT_OK;
    const int32_t lowest = rlt_requantize_64(range->low, multiplier, r->shift);
    r->decided = lowest == rlt_requantize_64(range->high, multiplier, r->shift);
    r->value = rlt_clamp(lowest, INT16_MIN, INT16_MAX);
    r->reduced = multiplier < 0x7FFF0000 ? (multiplier + (1 << 15)) >> 16 : 0x7FFF;
    return RLT_OK;
}

static int fits_exact(const sum_range *range, rlt_finish_16_exact *f) {
    f->bias = (int32_t)range->bias;
    f->multiplier = (int32_t)(f->exact.high >> 1);
    f->shift = -f->exact.exponent - 1;
    if (f->shift < 3) f->shift = 0; /* the short form can never tell */
    else f->offset = (1 << (f->shift - 1)) + 2;
    return f->shift <= 29;
}

rlt_status rlt_finish_16_for(rlt_prepare_state *p, const rlt_window_16 *w, int32_t c, rlt_finish_16_exact *f,
                             int *fits) {
    sum_range range;
    memset(f, 0, sizeof *f);
    *fits = 0;
    if (!range_of(w, c, &range)) return RLT_OK;
    const int narrow = is_narrow(&range);
    if (w->exact) {
        const double x = (double)rlt_scale(w->input, 0), scale = (double)rlt_scale(w->weights, (uint32_t)c);
        const double factor = x * scale / (double)rlt_scale(w->output, 0);
        if (!narrow || !(factor > 0.0 && factor < 16777216.0)) return RLT_OK;
        RLT_TRY(rlt_exact(p, factor, &f->exact));
        *fits = fits_exact(&range, f);
        return RLT_OK;
    }
    rescaling r;
    RLT_TRY(rescaling_of(p, w, c, &range, &r));
    if (r.decided) {
        f->bias = r.value * (1 << 16);
        f->multiplier = 1 << 16;
        *fits = -1;
    } else if (narrow && r.shift <= -1 && r.shift >= -17) {
        f->bias = (int32_t)range.bias;
        f->multiplier = r.reduced * (1 << (17 + r.shift));
        *fits = 1;
    }
    return RLT_OK;
}

rlt_status rlt_finish_16_long_for(rlt_prepare_state *p, const rlt_window_16 *w, int32_t c, rlt_finish_16_long *f,
                                  int *fits) {
    sum_range range;
    rescaling r;
    memset(f, 0, sizeof *f);
    *fits = 0;
    if (!range_of(w, c, &range)) return RLT_OK;
    RLT_TRY(rescaling_of(p, w, c, &range, &r));
    if (r.decided) {
        *f = (rlt_finish_16_long){r.value * (1 << 16), 1 << 16, 0, 0};
        *fits = -1;
    } else if (is_narrow(&range) && r.shift <= -2) {
        *f = (rlt_finish_16_long){(int32_t)range.bias, r.reduced * (1 << 16), 1 << (-r.shift - 2), -r.shift - 1};
        *fits = 1;
    }
    return RLT_OK;
}

rlt_status rlt_finish_16_fits(rlt_prepare_state *p, const rlt_window_16 *w, int *fit) {
    rlt_finish_16_exact f;
    *fit = w->exact || !(w->bias && w->bias->type == RLT_INT32); /* 32-bit sums are rounded twice */
    for (int32_t c = 0; c < w->window->out_c && *fit; c++) RLT_TRY(rlt_finish_16_for(p, w, c, &f, fit));
    *fit = *fit != 0;
    return RLT_OK;
}
