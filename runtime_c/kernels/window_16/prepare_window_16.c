#include "prepare_window_16.h"

#include "prepare_dense_16.h"

rlt_status rlt_check_window_16(rlt_prepare_state *p, const rlt_window_16 *w) {
    const uint32_t count = (uint32_t)w->window->out_c;
    RLT_TRY(rlt_need_type(p, w->weights, RLT_INT8));
    RLT_TRY(rlt_need_type(p, w->output, RLT_INT16));
    RLT_TRY(rlt_need_const(p, w->weights));
    RLT_TRY(rlt_need_bias(p, w->bias, count, w->bias && w->bias->type == RLT_INT32 ? RLT_INT32 : RLT_INT64));
    RLT_TRY(rlt_need_symmetric(p, w->input));
    RLT_TRY(rlt_need_symmetric(p, w->output));
    RLT_TRY(rlt_need_quantized(p, w->weights));
    if (w->weights->scale_count != 1 && w->weights->scale_count != count)
        return rlt_fail(p, RLT_ERROR_QUANTIZATION, w->weights, "needs one scale, or one per output channel");
    for (uint32_t i = 0; i < w->weights->scale_count; i++)
        if (rlt_zero_point(w->weights, i) != 0)
            return rlt_fail(p, RLT_ERROR_QUANTIZATION, w->weights, "zero points must be 0");
    return RLT_OK;
}

rlt_status rlt_prepare_window_16(rlt_prepare_state *p, const rlt_op *op, const rlt_window_16 *w) {
    int done;
    RLT_TRY(rlt_check_window_16(p, w));
    if (!w->exact && !w->is_transposed) rlt_may_stream(p, w->output, w->input, w->window, 1);
    RLT_TRY(rlt_prepare_dense_16(p, op, w, &done));
    if (done) return RLT_OK;
    const uint32_t count = (uint32_t)w->window->out_c;
    int32_t low, high;
    rlt_ref channels;
    RLT_TRY(rlt_range_s8(p, w->output, w->activation, &low, &high));
    int32_t *factors = rlt_add_constant(p, (size_t)count * 2 * sizeof *factors, &channels);
    if (!factors) return RLT_ERROR_MEMORY;
    for (uint32_t c = 0; c < count; c++) {
        if (w->exact) {
            ((double *)(void *)factors)[c] =
                (double)rlt_scale(w->input, 0) * (double)rlt_scale(w->weights, c) / (double)rlt_scale(w->output, 0);
            continue;
        }
        RLT_TRY(rlt_channel_multiplier(p, w->input, w->weights, w->output, c, &factors[c], &factors[count + c]));
        if (factors[count + c] > 7)
            return rlt_fail(p, RLT_ERROR_QUANTIZATION, w->weights, "ratio of the operands' scales is out of range");
    }
    rlt_window_16_params *k = rlt_add_step(p, op, RLT_KERNEL_window_s16, sizeof *k, RLT_WINDOW_16_REFS, w->tasks);
    if (!k) return RLT_ERROR_MEMORY;
    k->input = rlt_ref_of(p, w->input);
    k->output = rlt_ref_of(p, w->output);
    k->weights = rlt_ref_of(p, w->weights);
    k->bias = rlt_ref_of(p, w->bias);
    k->channels = channels;
    k->window = *w->window;
    k->depth = w->depth;
    k->per_group = w->per_group;
    k->channel_step = w->channel_step;
    k->tap_step = w->tap_step;
    k->exact = w->exact;
    k->is_transposed = w->is_transposed;
    k->narrow = w->bias && w->bias->type == RLT_INT32;
    k->low = low;
    k->high = high;
    return RLT_OK;
}
