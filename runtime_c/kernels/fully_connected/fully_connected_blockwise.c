/* int4 weights with a scale per block of a row, float activations quantized by row: EvalBlockwise4Bit in
 * tflite/kernels/fully_connected.cc, in its order of additions. */
#include "../quantize/quantize_rows.h"
#include "fully_connected.h"

static int32_t weight_at(const uint8_t *weights, size_t at) {
    const int32_t nibble = (weights[at / 2] >> (at % 2 * 4)) & 15;
    return nibble < 8 ? nibble : nibble - 16;
}

rlt_status rlt_fully_connected_blockwise(const rlt_run *run, const void *params) {
    const rlt_fully_connected_blockwise_params *p = params;
    const int8_t *input = rlt_in(run, p->input);
    const uint8_t *weights = rlt_in(run, p->weights);
    const rlt_row_scale *rows = rlt_in(run, p->rows);
    const float *scales = rlt_in(run, p->scales), *bias = rlt_in_or_null(run, p->bias);
    float *output = rlt_out(run, p->output);
    const uint32_t blocks = p->depth / p->block;
    uint32_t o, last;
    rlt_share_of(run, p->units, &o, &last);
    for (; o < last; o++) {
        for (uint32_t b = 0; b < p->batches; b++) {
            const int8_t *x = input + (size_t)b * p->depth;
            float value = 0.0f, weights_sum = 0.0f;
            for (uint32_t k = 0; k < blocks; k++) {
                const float scale = scales[(size_t)o * blocks + k];
                int32_t sum = 0, whole = 0; /* a block has at most 2^15 weights */
                for (uint32_t i = k * p->block; i < (k + 1) * p->block; i++) {
                    const int32_t w = weight_at(weights, (size_t)o * p->depth + i);
                    sum += x[i] * w;
                    whole += w;
                }
                value += (float)sum * scale;
                weights_sum += scale * (float)whole;
            }
            value -= (float)rows[b].zero_point * weights_sum;
            value *= rows[b].scale;
            if (bias) value += bias[o];
            output[(size_t)b * p->units + o] = value < p->low ? p->low : value > p->high ? p->high : value;
        }
    }
    return RLT_OK;
}
