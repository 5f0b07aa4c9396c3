/* Result equals LiteRT's reference FullyConnected and FullyConnectedPerChannel
 * (tflite/kernels/internal/reference/integer_ops/fully_connected.h, the overloads with float scales), and its uint8
 * FullyConnected (tflite/kernels/internal/reference/fully_connected.h) where `exact` is 0. */
#include "../common/fixed_point.h"
#include "fully_connected.h"

static int32_t rescale(int32_t sum, const int32_t *factor, uint32_t exact) {
    if (!exact) return rlt_requantize(sum, factor[0], factor[1]);
    const rlt_exact_factor wide = {(uint32_t)factor[0], (uint32_t)factor[1], factor[2]};
    return rlt_requantize_exact(sum, &wide);
}

rlt_status rlt_fully_connected_s8(const rlt_run *run, const void *params) {
    const rlt_fully_connected_s8_params *p = params;
    const int8_t *input = rlt_in(run, p->input), *weights = rlt_in(run, p->weights);
    const int32_t *bias = rlt_in(run, p->channels), *factors = bias + p->units;
    int8_t *output = rlt_out(run, p->output);
    uint32_t first, last;
    rlt_share_of(run, p->units, &first, &last);
    for (uint32_t b = 0; b < p->batches; b++) {
        const int8_t *x = input + (size_t)b * p->depth;
        uint32_t correction = 0;
        if (p->weights_zero_point) {
            for (uint32_t i = 0; i < p->depth; i++) correction += (uint32_t)(p->weights_zero_point * x[i]);
        }
        for (uint32_t o = first; o < last; o++) {
            const int8_t *w = weights + (size_t)o * p->depth;
            uint32_t sum = (uint32_t)bias[o] - correction; /* wraps without being undefined */
            for (uint32_t i = 0; i < p->depth; i++) sum += (uint32_t)(w[i] * x[i]);
            const int32_t scaled = rescale((int32_t)sum, factors + (p->per_channel ? 3 * (size_t)o : 0), p->exact);
            output[(size_t)b * p->units + o] =
                (int8_t)rlt_saturate(scaled, p->output_zero_point, p->low, p->high);
        }
    }
    return RLT_OK;
}
