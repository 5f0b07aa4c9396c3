#include "pool_2d.h"

rlt_status rlt_average_pool_2d_f32(const rlt_run *run, const void *params) {
    const rlt_pool_2d_f32_params *p = params;
    const rlt_window *w = &p->window;
    const float *input = rlt_in(run, p->input);
    float *output = rlt_out(run, p->output);
    uint32_t row, last;
    rlt_share_of(run, (uint32_t)w->batches * (uint32_t)w->out_h, &row, &last);
    for (; row < last; row++) {
        const uint32_t batch = row / (uint32_t)w->out_h;
        const float *image = input + (size_t)batch * w->in_h * w->in_w * w->in_c;
        for (int32_t out_x = 0; out_x < w->out_w; out_x++) {
            const rlt_pool_box box = rlt_pool_taps(w, (int32_t)(row % (uint32_t)w->out_h), out_x);
            float *pixel = output + ((size_t)row * w->out_w + out_x) * w->out_c;
            const int32_t count = (box.y1 - box.y0) * (box.x1 - box.x0);
            for (int32_t c = 0; c < w->out_c; c++) {
                float sum = 0.0f;
                for (int32_t y = box.y0; y < box.y1; y++) {
                    for (int32_t x = box.x0; x < box.x1; x++) sum += image[((size_t)y * w->in_w + x) * w->in_c + c];
                }
                const float mean = sum / (float)count;
                pixel[c] = mean < p->low ? p->low : mean > p->high ? p->high : mean;
            }
        }
    }
    return RLT_OK;
}
