#include "pool_2d.h"

rlt_status rlt_max_pool_2d_s8(const rlt_run *run, const void *params) {
    const rlt_pool_2d_s8_params *p = params;
    const rlt_window *w = &p->window;
    const int8_t *input = rlt_in(run, p->input);
    int8_t *output = rlt_out(run, p->output);
    for (rlt_pixels at = rlt_share_of_pixels(run, w); at.left; rlt_next_pixel(&at, w)) {
        const rlt_pool_box box = rlt_pool_taps(w, at.y, at.x);
        const int8_t *image = input + at.image;
        int8_t *pixel = output + at.number * w->out_c;
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
    return RLT_OK;
}
