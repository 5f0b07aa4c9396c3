#include "../common/float_math.h"
#include "pool_2d.h"

/* The root of the mean square of each window's taps. */
rlt_status rlt_l2_pool_2d_f32(const rlt_run *run, const void *params) {
    const rlt_pool_2d_f32_params *p = params;
    const rlt_window *w = &p->window;
    const float *input = rlt_in(run, p->input);
    float *output = rlt_out(run, p->output);
    uint32_t row, last;
    rlt_share_of(run, (uint32_t)w->batches * (uint32_t)w->out_h, &row, &last);
    for (; row < last; row++) {
        const size_t width = (size_t)w->in_w * (size_t)w->in_c;
        const float *image = input + (size_t)(row / (uint32_t)w->out_h) * (size_t)w->in_h * width;
        for (int32_t x = 0; x < w->out_w; x++) {
            const rlt_pool_box box = rlt_pool_taps(w, (int32_t)(row % (uint32_t)w->out_h), x);
            float *to = output + ((size_t)row * (size_t)w->out_w + (size_t)x) * (size_t)w->in_c;
            const float taps = (float)((box.y1 - box.y0) * (box.x1 - box.x0));
            for (int32_t c = 0; c < w->in_c; c++) {
                float sum = 0.0f;
                for (int32_t v = box.y0; v < box.y1; v++)
                    for (int32_t u = box.x0; u < box.x1; u++) {
                        const float value = image[(size_t)v * width + (size_t)u * (size_t)w->in_c + (size_t)c];
                        sum += value * value;
                    }
                const float root = rlt_sqrtf(sum / taps);
                to[c] = root < p->low ? p->low : root > p->high ? p->high : root;
            }
        }
    }
    return RLT_OK;
}
