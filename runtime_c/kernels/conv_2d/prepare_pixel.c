#include "prepare_pixel.h"

#include "../common/prepare_channels.h"

int rlt_conv_2d_one_scale(rlt_prepare_state *p, const rlt_conv_2d_packed_params *k, const rlt_conv_tensors *t,
                          rlt_first_rounding first, float *scale) {
    const double x = (double)rlt_scale(t->input, 0), w = (double)rlt_scale(t->weights, 0);
    const double y = (double)rlt_scale(t->output, 0), largest = INT32_MAX;
    const int32_t low = k->low - k->output_zero_point, high = k->high - k->output_zero_point;
    int32_t multiplier = 0, shift = 0;
    rlt_float_scale found;
    if (t->weights->scale_count != 1) return 0;
    if (!k->exact && rlt_channel_multiplier(p, t->input, t->weights, t->output, 0, &multiplier, &shift) != RLT_OK) return 0;
    const rlt_first_rounding ways[] = {RLT_FIRST_ABSENT, first};
    for (int i = 0; i < 2; i++) {
        if (k->exact ? rlt_float_scale_for(x * w / y, 0.5, low, high, largest, ways[i], &found)
                     : rlt_float_scale_fixed(multiplier, shift, low, high, largest, ways[i], &found)) {
            scale[RLT_ROUNDING_HIGH] = found.high;
            scale[RLT_ROUNDING_LOW] = found.low;
            scale[RLT_ROUNDING_OFFSET] = found.offset;
            return 1;
        }
    }
    return 0;
}
