#include "../common/prepare_channels.h"
#include "prepare_pack_channels.h"
#include "prepare_pixel.h"

enum { CHUNK = 65536 };

size_t rlt_conv_channels_bytes(const rlt_conv_2d_packed_params *k, const rlt_conv_form *f) {
    const size_t lanes = (size_t)f->lanes, padded = (size_t)k->vectors * lanes, factors = RLT_ROUNDING_ARRAYS * lanes;
    return (k->one_scale ? padded + factors : 4 * padded) * sizeof(int32_t);
}

/* Sum of the distances of values from `zero`: as unsigned bytes, which processors have an instruction for, which
 * compilers do not find for a `zero` that they know. */
static __attribute__((noinline)) uint32_t distance(const int8_t *values, size_t count, int8_t zero) {
    const uint8_t from = (uint8_t)zero ^ 0x80;
    int32_t sum = 0;
    for (size_t i = 0; i < count; i++) {
        const uint8_t value = (uint8_t)values[i] ^ 0x80;
        const int32_t apart = value - from;
        sum += apart < 0 ? -apart : apart;
    }
    return (uint32_t)sum;
}

/* The band holds x + 128 and, in padding, zero point + 128. So sum(w * band) = sum(w * (x - zp)) + (zp + 128) * sum(w),
 * and a weights zero point subtracts wzp * (sum(band) - taps * (zp + 128)). */
static int32_t fold(const rlt_conv_2d_packed_params *k, const rlt_conv_tensors *t, int32_t channel, int64_t *least,
                    int64_t *most) {
    const size_t filter = (size_t)k->run_bytes * (size_t)k->run_count;
    const int8_t *weights = (const int8_t *)t->weights->data + (size_t)channel * filter;
    const int32_t zero_point = rlt_zero_point(t->weights, 0);
    const int32_t own = t->bias ? rlt_const_i32(t->bias, (uint32_t)channel) : 0;
    uint32_t sum = 0;
    int64_t apart = 0;
    for (size_t first = 0; first < filter; first += CHUNK) { /* 32 bits hold a chunk's */
        const size_t bytes = filter - first < CHUNK ? filter - first : CHUNK;
        sum += distance(weights + first, bytes, INT8_MIN);
        sum -= (uint32_t)bytes * (uint32_t)(zero_point - INT8_MIN);
        apart += 255 * (int64_t)distance(weights + first, bytes, (int8_t)zero_point);
    }
    *least = own - apart;
    *most = own + apart;
    return (int32_t)((uint32_t)own - (uint32_t)k->band.fill * sum);
}

/* What one channel's constants come from. */
typedef struct {
    int64_t least, most; /* sums */
    int32_t multiplier, shift;
    double exact; /* factor, with `exact` */
} channel;

/* Constants of a channel, whose sums start with *bias, there and `twin` places on; 0 where it cannot be scaled. */
static int pack_scaled(const rlt_conv_2d_packed_params *k, const rlt_conv_form *f, const channel *c, int32_t twin,
                       rlt_first_rounding first, int32_t *bias, float *to) {
    const int32_t low = k->low - k->output_zero_point, high = k->high - k->output_zero_point;
    rlt_float_scale scale;
    if (k->exact) {
        if (c->least <= INT32_MIN || c->most >= INT32_MAX) return 0;
        const double largest = (double)(c->most > -c->least ? c->most : -c->least);
        if (!rlt_float_scale_for(c->exact, 0.5, low, high, largest, first, &scale)) return 0;
    } else if (!rlt_float_scale_sums(c->multiplier, c->shift, low, high, c->least, c->most, first, bias, &scale)) {
        return 0;
    }
    to[RLT_ROUNDING_HIGH * f->lanes] = to[RLT_ROUNDING_HIGH * f->lanes + twin] = scale.high;
    to[RLT_ROUNDING_LOW * f->lanes] = to[RLT_ROUNDING_LOW * f->lanes + twin] = scale.low;
    to[RLT_ROUNDING_OFFSET * f->lanes] = to[RLT_ROUNDING_OFFSET * f->lanes + twin] = scale.offset;
    return 1;
}

/* Constants of all channels. *fits: 0, where `k->scaled` is not possible. */
static rlt_status pack_sums(rlt_prepare_state *p, const rlt_conv_2d_packed_params *k, const rlt_conv_tensors *t,
                            const rlt_conv_form *f, int32_t *to, int *fits) {
    const size_t padded = (size_t)k->vectors * (size_t)f->lanes;
    float *rounding = (float *)(void *)(to + padded);
    double *factors = (double *)(void *)(to + padded);
    const double x = (double)rlt_scale(t->input, 0), y = (double)rlt_scale(t->output, 0);
    const int32_t lanes = rlt_conv_lanes(k, f);
    *fits = 1;
    memset(to, 0, rlt_conv_channels_bytes(k, f));
    for (int32_t i = 0; i < k->window.out_c && *fits; i++) {
        channel c = {0};
        const int32_t vector = i / lanes, lane = i % lanes;
        int32_t *bias = to + vector * f->lanes + (lane << k->paired);
        *bias = fold(k, t, i, &c.least, &c.most);
        if (k->exact) {
            rlt_exact_factor checked;
            c.exact = x * (double)rlt_scale(t->weights, (uint32_t)i) / y;
            RLT_TRY(rlt_exact(p, c.exact, &checked));
        } else {
            RLT_TRY(rlt_channel_multiplier(p, t->input, t->weights, t->output, (uint32_t)i, &c.multiplier, &c.shift));
        }
        if (k->one_scale) {
            *fits = c.least > INT32_MIN && c.most < INT32_MAX;
        } else if (k->scaled) {
            float *own = rounding + vector * f->lanes * RLT_ROUNDING_ARRAYS + lane;
            const int32_t twin = k->paired ? lanes : 0;
            *fits = (!k->paired && pack_scaled(k, f, &c, twin, RLT_FIRST_ABSENT, bias, own)) ||
                    pack_scaled(k, f, &c, twin, f->first, bias, own);
        } else if (k->exact) {
            factors[i] = c.exact;
        } else {
            int32_t *multiplier = to + padded + i;
            *multiplier = c.multiplier;
            multiplier[padded] = c.shift > 0 ? c.shift : 0;
            multiplier[2 * padded] = c.shift < 0 ? -c.shift : 0;
        }
    }
    return RLT_OK;
}

/* Of scaled sums: whether one operation does for each channel. */
static int is_once(const rlt_conv_2d_packed_params *k, const rlt_conv_form *f, const int32_t *channels) {
    const float *low = (const float *)(const void *)(channels + f->lanes) + RLT_ROUNDING_LOW * f->lanes;
    for (int32_t i = 0; i < k->window.out_c; i++) {
        if (low[i] != 0) return 0;
    }
    return 1;
}

/* Room for the constants of all channels, and those. */
static rlt_status add_channels(rlt_prepare_state *p, rlt_conv_2d_packed_params *k, const rlt_conv_tensors *t,
                               const rlt_conv_form *f, int32_t **to, int *fits) {
    *to = rlt_add_constant(p, rlt_conv_channels_bytes(k, f), &k->channels);
    return *to ? pack_sums(p, k, t, f, *to, fits) : RLT_ERROR_MEMORY;
}

rlt_status rlt_conv_pack_channels(rlt_prepare_state *p, rlt_conv_2d_packed_params *k, const rlt_conv_tensors *t,
                                const rlt_conv_form *f) {
    float scale[RLT_ROUNDING_ARRAYS];
    int32_t *to;
    int fits;
    k->scaled = 1;
    k->colours = rlt_conv_can_be_colours(k, f);
    rlt_conv_lay_out(k, f, !k->colours && rlt_conv_can_pair(k, f));
    if (k->colours) {
        RLT_TRY(add_channels(p, k, t, f, &to, &fits));
        k->colours = fits && is_once(k, f, to);
        if (k->colours) return RLT_OK;
        rlt_conv_lay_out(k, f, rlt_conv_can_pair(k, f));
    }
    k->pixel = rlt_conv_is_pixel(k) && rlt_conv_can_be_direct(k, f);
    k->one_scale = k->pixel && rlt_conv_2d_one_scale(p, k, t, f->first, scale);
    if (k->one_scale) {
        RLT_TRY(add_channels(p, k, t, f, &to, &fits));
        float *factors = (float *)(void *)(to + (size_t)k->vectors * (size_t)f->lanes);
        for (int32_t i = 0; i < RLT_ROUNDING_ARRAYS * f->lanes; i++) factors[i] = scale[i / f->lanes];
        if (fits) return RLT_OK;
    }
    k->one_scale = 0;
    RLT_TRY(add_channels(p, k, t, f, &to, &fits));
    if (fits) return RLT_OK;
    k->scaled = k->pixel = 0;
    rlt_conv_lay_out(k, f, 0); /* of no more vectors */
    return pack_sums(p, k, t, f, to, &fits);
}

rlt_status rlt_conv_pack_hybrid_channels(rlt_prepare_state *p, rlt_conv_2d_packed_params *k, const rlt_conv_tensors *t,
                                         const rlt_conv_form *f) {
    const size_t padded = (size_t)k->vectors * (size_t)f->lanes, filter = (size_t)k->run_bytes * (size_t)k->run_count;
    int32_t *to = rlt_add_constant(p, rlt_conv_channels_bytes(k, f), &k->channels);
    if (!to) return RLT_ERROR_MEMORY;
    memset(to, 0, rlt_conv_channels_bytes(k, f));
    for (size_t c = 0; c < (size_t)k->window.out_c; c++) {
        const int8_t *weights = (const int8_t *)t->weights->data + c * filter;
        const float scale = rlt_scale(t->weights, (uint32_t)c);
        uint32_t sum = 0;
        for (size_t i = 0; i < filter; i++) sum += (uint32_t)weights[i];
        to[c] = (int32_t)(0u - 128u * sum);
        memcpy(to + padded + c, &scale, sizeof scale);
        if (t->bias) memcpy(to + 2 * padded + c, t->bias->data + c * sizeof(float), sizeof(float));
        to[3 * padded + c] = (int32_t)sum;
    }
    return RLT_OK;
}
