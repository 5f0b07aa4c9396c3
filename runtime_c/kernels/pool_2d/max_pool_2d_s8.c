#include "pool_2d.h"

rlt_status rlt_max_pool_2d_s8(const rlt_run *run, const void *params) {
    const rlt_pool_2d_s8_params *p = params;
    const rlt_window *w = &p->window;
    const int8_t *input = rlt_in(run, p->input);
    int8_t *output = rlt_out(run, p->output);
    uint32_t row, last;
    rlt_share_of(run, (uint32_t)w->batches * (uint32_t)w->out_h, &row, &last);
    for (; row < last; row++) {
        const uint32_t batch = row / (uint32_t)w->out_h;
        const int8_t *image = input + (size_t)batch * w->in_h * w->in_w * w->in_c;
        for (int32_t out_x = 0; out_x < w->out_w; out_x++) {
            const rlt_pool_box box = rlt_pool_taps(w, (int32_t)(row % (uint32_t)w->out_h), out_x);
            int8_t *pixel = output + ((size_t)row * w->out_w + out_x) * w->out_c;
            for (int32_t c = 0; c < w->out_c; c++) {
                int32_t largest = p->low;
                for (int32_t y = box.y0; y < box.y1; y++) {
                    for (int32_t x = box.x0; x < box.x1; x++) {
                        const int32_t value = image[((size_t)y * w->in_w + x) * w->in_c + c];
                        if (value > largest) largest = value;
                    }
                }
                pixel[c] = (int8_t)(largest > p->high ? p->high : largest);
            }
        }
    }
    return RLT_OK;
}
