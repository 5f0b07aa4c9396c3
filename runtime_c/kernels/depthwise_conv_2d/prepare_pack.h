/* Packing of int8 DEPTHWISE_CONV_2D. Host only. */
#ifndef RLT_DEPTHWISE_CONV_2D_PACK_H
#define RLT_DEPTHWISE_CONV_2D_PACK_H

#include "../../core/prepare.h"
#include "../common/prepare_float_scale.h"
#include "packed.h"

typedef struct {
    const rlt_tensor *input, *weights, *bias, *output; /* bias may be NULL */
} rlt_depthwise_tensors;

/* What an instruction set multiplies at once: `lanes` sums of `group` products of unsigned bytes and weights of
 * `weight_bytes`; `sums` vectors of sums at a time; how scaled sums are rounded first. */
typedef struct {
    uint32_t kernel;
    int32_t lanes, group, weight_bytes, sums;
    rlt_first_rounding first;
} rlt_depthwise_form;

/* What one channel's constants come from. */
typedef struct {
    int32_t bias, fast_bias, multiplier, shift;
    rlt_float_scale scale;
} rlt_depthwise_channel;

/* A weight of a channel less `zero`, their zero point. */
static inline int32_t rlt_depthwise_value(const rlt_window *w, const rlt_depthwise_tensors *t, int32_t zero,
                                          int32_t tap, int32_t channel) {
    return (int8_t)t->weights->data[(size_t)tap * (size_t)w->out_c + (size_t)channel] - zero;
}

/* *fast: whether the form has fast arithmetic for this channel, of a planned `k`. */
rlt_status rlt_depthwise_channel_of(rlt_prepare_state *p, const rlt_depthwise_packed_params *k,
                                    const rlt_depthwise_tensors *t, const rlt_depthwise_form *form, int32_t c,
                                    rlt_depthwise_channel *to, int *fast);

/* Fills `k`, whose window, band.repeat and range (low, high) are set, up to the sizes of what is packed. 0: there is no
 * packed form for this shape, or no room for it. */
int rlt_depthwise_plan(const rlt_prepare_state *p, rlt_depthwise_packed_params *k, const rlt_depthwise_tensors *t,
                       const rlt_depthwise_form *form);

/* Then packs into the step's own record. */
rlt_status rlt_depthwise_pack(rlt_prepare_state *p, const rlt_op *op, rlt_depthwise_packed_params *k,
                              const rlt_depthwise_tensors *t, const rlt_depthwise_form *form, uint32_t tasks);

#endif
