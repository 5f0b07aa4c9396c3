/* int8 weights, float activations quantized by row: EvalHybridDense in tflite/kernels/fully_connected.cc. */
#include "../quantize/quantize_rows.h"
#include "fully_connected.h"

rlt_status rlt_fully_connected_hybrid(const rlt_run *run, const void *params) {
    const rlt_fully_connected_hybrid_params *p = params;
    const int8_t *input = rlt_in(run, p->input), *weights = rlt_in(run, p->weights);
    const rlt_row_scale *rows = rlt_in(run, p->rows);
    const float *scales = rlt_in(run, p->scales), *bias = rlt_in_or_null(run, p->bias);
    float *output = rlt_out(run, p->output);
    uint32_t first, last;
    rlt_share_of(run, p->units, &first, &last);
    for (uint32_t b = 0; b < p->batches; b++) {
        const int8_t *x = input + (size_t)b * p->depth;
        for (uint32_t o = first; o < last; o++) {
            const int8_t *w = weights + (size_t)o * p->depth;
            uint32_t sum = 0; /* wraps without being undefined */
            for (uint32_t i = 0; i < p->depth; i++) sum += (uint32_t)(w[i] * (x[i] - rows[b].zero_point));
            float value = (float)(int32_t)sum * (rows[b].scale * scales[o]);
            if (bias) value += bias[o];
            output[(size_t)b * p->units + o] = value < p->low ? p->low : value > p->high ? p->high : value;
        }
    }
    return RLT_OK;
}
