/* Result equals LiteRT's AveragePool (tflite/kernels/internal/reference/integer_ops/pooling.h): the mean of the raw
 * values, halves away from zero; both quantizations are the same. */
#include "../common/fixed_point.h"
#include "pool_2d.h"

rlt_status rlt_average_pool_2d_s8(const rlt_run *run, const void *params) {
    const rlt_pool_2d_s8_params *p = params;
    const rlt_window *w = &p->window;
    const int8_t *input = rlt_in(run, p->input);
    int8_t *output = rlt_out(run, p->output);
    for (rlt_pixels at = rlt_share_of_pixels(run, w); at.left; rlt_next_pixel(&at, w)) {
        const rlt_pool_box box = rlt_pool_taps(w, at.y, at.x);
        const int8_t *image = input + at.image;
        int8_t *pixel = output + at.number * w->out_c;
        const int32_t count = (box.y1 - box.y0) * (box.x1 - box.x0);
        for (int32_t c = 0; c < w->out_c; c++) {
            int32_t sum = 0;
            for (int32_t y = box.y0; y < box.y1; y++) {
                for (int32_t x = box.x0; x < box.x1; x++) sum += image[((size_t)y * w->in_w + x) * w->in_c + c];
            }
            const int32_t mean = sum > 0 ? (sum + count / 2) / count : (sum - count / 2) / count;
            pixel[c] = (int8_t)rlt_clamp(mean, p->low, p->high);
        }
    }
    return RLT_OK;
}
