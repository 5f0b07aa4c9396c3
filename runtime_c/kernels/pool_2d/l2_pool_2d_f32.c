#include "../common/float_math.h"
#include "pool_2d.h"

/* The root of the mean square of each window's taps. */
rlt_status rlt_l2_pool_2d_f32(const rlt_run *run, const void *params) {
    const rlt_pool_2d_f32_params *p = params;
    const rlt_window *w = &p->window;
    const float *input = rlt_in(run, p->input);
    float *output = rlt_out(run, p->output);
    for (rlt_pixels at = rlt_share_of_pixels(run, w); at.left; rlt_next_pixel(&at, w)) {
        const rlt_pool_box box = rlt_pool_taps(w, at.y, at.x);
        const float *image = input + at.image;
        float *pixel = output + at.number * w->out_c;
        const float taps = (float)((box.y1 - box.y0) * (box.x1 - box.x0));
        for (int32_t c = 0; c < w->out_c; c++) {
            float sum = 0.0f;
            for (int32_t y = box.y0; y < box.y1; y++) {
                for (int32_t x = box.x0; x < box.x1; x++) {
                    const float value = image[((size_t)y * w->in_w + x) * w->in_c + c];
                    sum += value * value;
                }
            }
            const float root = rlt_sqrtf(sum / taps);
            pixel[c] = root < p->low ? p->low : root > p->high ? p->high : root;
        }
    }
    return RLT_OK;
}
