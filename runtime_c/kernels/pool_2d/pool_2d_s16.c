/* int16 AVERAGE_POOL_2D and MAX_POOL_2D. Results equal LiteRT's reference kernels
 * (tflite/kernels/internal/reference/integer_ops/pooling.h): the mean of the raw values, halves away from zero. */
#include "../common/fixed_point.h"
#include "pool_2d.h"

typedef int32_t (*pool_fn)(const rlt_pool_2d_s8_params *p, const int16_t *image, rlt_pool_box box, int32_t c);

static size_t value_at(const rlt_window *w, int32_t y, int32_t x, int32_t c) {
    return ((size_t)y * (size_t)w->in_w + (size_t)x) * (size_t)w->in_c + (size_t)c;
}

static int32_t mean_of(const rlt_pool_2d_s8_params *p, const int16_t *image, rlt_pool_box box, int32_t c) {
    int64_t sum = 0;
    for (int32_t y = box.y0; y < box.y1; y++)
        for (int32_t x = box.x0; x < box.x1; x++) sum += image[value_at(&p->window, y, x, c)];
    const int64_t count = (int64_t)(box.y1 - box.y0) * (box.x1 - box.x0);
    return (int32_t)(sum > 0 ? (sum + count / 2) / count : (sum - count / 2) / count);
}

static int32_t largest_of(const rlt_pool_2d_s8_params *p, const int16_t *image, rlt_pool_box box, int32_t c) {
    int32_t largest = INT16_MIN;
    for (int32_t y = box.y0; y < box.y1; y++)
        for (int32_t x = box.x0; x < box.x1; x++) {
            const int32_t value = image[value_at(&p->window, y, x, c)];
            if (value > largest) largest = value;
        }
    return largest;
}

static rlt_status pool(const rlt_run *run, const rlt_pool_2d_s8_params *p, pool_fn result) {
    const rlt_window *w = &p->window;
    const int16_t *input = rlt_in(run, p->input);
    int16_t *output = rlt_out(run, p->output);
    for (rlt_pixels at = rlt_share_of_pixels(run, w); at.left; rlt_next_pixel(&at, w)) {
        const rlt_pool_box box = rlt_pool_taps(w, at.y, at.x);
        int16_t *pixel = output + at.number * w->out_c;
        for (int32_t c = 0; c < w->out_c; c++)
            pixel[c] = (int16_t)rlt_clamp(result(p, input + at.image, box, c), p->low, p->high);
    }
    return RLT_OK;
}

rlt_status rlt_average_pool_2d_s16(const rlt_run *run, const void *params) {
    return pool(run, params, mean_of);
}

rlt_status rlt_max_pool_2d_s16(const rlt_run *run, const void *params) {
    return pool(run, params, largest_of);
}
