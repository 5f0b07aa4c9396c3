/* Result equals LiteRT's reference ConvPerChannel (tflite/kernels/internal/reference/integer_ops/conv.h). */
#include "../common/fixed_point.h"
#include "../common/pixels.h"
#include "conv_2d.h"

static int32_t dot(int32_t sum, const int8_t *weights, const int8_t *values, int32_t count) {
    uint32_t total = (uint32_t)sum; /* wraps without being undefined */
    for (int32_t i = 0; i < count; i++) total += (uint32_t)(weights[i] * values[i]);
    return (int32_t)total;
}

static int32_t add_up(int32_t sum, const int8_t *values, int32_t count) {
    for (int32_t i = 0; i < count; i++) sum += values[i];
    return sum;
}

/* Where the window of one output pixel lies, and which of its taps are inside the image. */
typedef struct {
    int32_t y0, x0, first_y, last_y, first_x, last_x;
} place;

/* Sum of (x - input_zero_point) over the taps inside: what a weights zero point is multiplied with. */
static int32_t window_sum(const rlt_conv_2d_s8_params *p, const place *at, const int8_t *group, int32_t depth) {
    const rlt_window *w = &p->window;
    int32_t sum = 0;
    for (int32_t ky = at->first_y; ky < at->last_y; ky++) {
        for (int32_t kx = at->first_x; kx < at->last_x; kx++) {
            const size_t line = (size_t)(at->y0 + ky * w->dilation_h) * w->in_w;
            sum = add_up(sum, group + (line + (size_t)(at->x0 + kx * w->dilation_w)) * w->in_c, depth);
            sum -= depth * p->input_zero_point;
        }
    }
    return sum;
}

/* Sum of one filter's weights that fall on padding. */
static int32_t padding_sum(const rlt_window *w, const place *at, const int8_t *filter, int32_t depth) {
    const int32_t row = w->kernel_w * depth;
    int32_t sum = add_up(0, filter, at->first_y * row);
    for (int32_t ky = at->first_y; ky < at->last_y; ky++) {
        sum = add_up(sum, filter + ky * row, at->first_x * depth);
        sum = add_up(sum, filter + ky * row + at->last_x * depth, (w->kernel_w - at->last_x) * depth);
    }
    return add_up(sum, filter + at->last_y * row, (w->kernel_h - at->last_y) * row);
}

/* All output channels of one output pixel. */
static void pixel(const rlt_conv_2d_s8_params *p, const int8_t *image, const int8_t *weights, const int32_t *bias,
                  int32_t out_y, int32_t out_x, int8_t *output) {
    const rlt_window *w = &p->window;
    const int32_t *multiplier = bias + w->out_c, *shift = multiplier + w->out_c;
    const int32_t depth = w->in_c / p->groups, filters = w->out_c / p->groups;
    const int32_t filter_size = w->kernel_h * w->kernel_w * depth;
    place at = {out_y * w->stride_h - w->pad_top, out_x * w->stride_w - w->pad_left, 0, 0, 0, 0};
    rlt_taps(at.y0, w->in_h, w->kernel_h, w->dilation_h, &at.first_y, &at.last_y);
    rlt_taps(at.x0, w->in_w, w->kernel_w, w->dilation_w, &at.first_x, &at.last_x);
    const int whole = at.last_y - at.first_y == w->kernel_h && at.last_x - at.first_x == w->kernel_w;
    /* Neighbouring taps are neighbours in memory too, unless dilated or grouped: then a row is one dot product. */
    const int32_t taps = w->dilation_w == 1 && p->groups == 1 && at.last_x > at.first_x ? at.last_x - at.first_x : 1;
    int32_t correction = 0;
    for (int32_t c = 0; c < w->out_c; c++) {
        const int8_t *filter = weights + (size_t)c * filter_size;
        const int8_t *group = image + (size_t)(c / filters) * depth;
        if (p->weights_zero_point && c % filters == 0) {
            correction = p->weights_zero_point * window_sum(p, &at, group, depth);
        }
        int32_t sum = rlt_add_wrapping(bias[c], -correction);
        if (!whole) sum = rlt_add_wrapping(sum, p->input_zero_point * padding_sum(w, &at, filter, depth));
        for (int32_t ky = at.first_y; ky < at.last_y; ky++) {
            const int8_t *row = group + (size_t)(at.y0 + ky * w->dilation_h) * w->in_w * w->in_c;
            for (int32_t kx = at.first_x; kx < at.last_x; kx += taps) {
                sum = dot(sum, filter + (ky * w->kernel_w + kx) * depth,
                          row + (size_t)(at.x0 + kx * w->dilation_w) * w->in_c, taps * depth);
            }
        }
        const int32_t scaled = rlt_requantize(sum, multiplier[c], shift[c]);
        output[c] = (int8_t)rlt_saturate(scaled, p->output_zero_point, p->low, p->high);
    }
}

rlt_status rlt_conv_2d_s8(const rlt_run *run, const void *params) {
    const rlt_conv_2d_s8_params *p = params;
    const rlt_window *w = &p->window;
    const int8_t *input = rlt_in(run, p->input), *weights = rlt_in(run, p->weights);
    const int32_t *channels = rlt_in(run, p->channels);
    int8_t *output = rlt_out(run, p->output);
    for (rlt_pixels at = rlt_share_of_pixels(run, w); at.left; rlt_next_pixel(&at, w)) {
        pixel(p, input + at.image, weights, channels, at.y, at.x, output + at.number * w->out_c);
    }
    return RLT_OK;
}
