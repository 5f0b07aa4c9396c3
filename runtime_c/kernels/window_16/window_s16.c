/* Result equals LiteRT's reference kernels for 16-bit activations (conv.h, depthwise_conv.h, fully_connected.h and
 * transpose_conv.h in tflite/kernels/internal/reference/integer_ops). */
#include "../common/fixed_point_64.h"
#include "../transpose_conv/transpose_conv.h"
#include "window_16.h"

/* The sum of one output value. */
static int64_t add_up(const rlt_window_16_params *p, const int16_t *image, const int8_t *weights, int32_t y0,
                      int32_t x0) {
    const rlt_window *w = &p->window;
    int32_t first_y, last_y, first_x, last_x;
    rlt_taps(y0, w->in_h, w->kernel_h, w->dilation_h, &first_y, &last_y);
    rlt_taps(x0, w->in_w, w->kernel_w, w->dilation_w, &first_x, &last_x);
    int64_t sum = 0;
    for (int32_t ky = first_y; ky < last_y; ky++) {
        for (int32_t kx = first_x; kx < last_x; kx++) {
            const size_t y = (size_t)(y0 + ky * w->dilation_h), column = (size_t)(x0 + kx * w->dilation_w);
            const int16_t *x = image + (y * (size_t)w->in_w + column) * (size_t)w->in_c;
            const int8_t *tap = weights + (size_t)(ky * w->kernel_w + kx) * (size_t)p->tap_step;
            for (int32_t i = 0; i < p->depth; i++) sum += x[i] * tap[i];
        }
    }
    return sum;
}

static int64_t add_up_transposed(const rlt_window_16_params *p, const int16_t *image, const int8_t *weights,
                                 int32_t out_y, int32_t out_x) {
    const rlt_window *w = &p->window;
    int64_t sum = 0;
    for (int32_t ky = 0; ky < w->kernel_h; ky++) {
        const int32_t y = rlt_transposed_index(out_y, ky, w->pad_top, w->stride_h, w->in_h);
        for (int32_t kx = 0; y >= 0 && kx < w->kernel_w; kx++) {
            const int32_t column = rlt_transposed_index(out_x, kx, w->pad_left, w->stride_w, w->in_w);
            if (column < 0) continue;
            const int16_t *x = image + ((size_t)y * (size_t)w->in_w + (size_t)column) * (size_t)w->in_c;
            const int8_t *tap = weights + (size_t)(ky * w->kernel_w + kx) * (size_t)p->tap_step;
            for (int32_t i = 0; i < p->depth; i++) sum += x[i] * tap[i];
        }
    }
    return sum;
}

/* value * factor to nearest, halves away from zero, saturated. */
static int32_t rescale_exact(int64_t value, double factor) {
    const double product = (double)value * factor;
    if (product >= 2147483647.0) return INT32_MAX;
    if (product <= -2147483648.0) return INT32_MIN;
    const int32_t whole = (int32_t)product;
    const double rest = product - whole;
    return rest >= 0.5 ? whole + 1 : rest <= -0.5 ? whole - 1 : whole;
}

rlt_status rlt_window_s16(const rlt_run *run, const void *params) {
    const rlt_window_16_params *p = params;
    const rlt_window *w = &p->window;
    const int16_t *input = rlt_in(run, p->input);
    const int8_t *weights = rlt_in(run, p->weights);
    const void *bias = rlt_in_or_null(run, p->bias);
    const int32_t *multiplier = rlt_in(run, p->channels), *shift = multiplier + w->out_c;
    const double *factors = rlt_in(run, p->channels);
    int16_t *output = rlt_out(run, p->output);
    uint32_t pixel, last;
    rlt_share_of(run, (uint32_t)w->batches * (uint32_t)w->out_h * (uint32_t)w->out_w, &pixel, &last);
    for (; pixel < last; pixel++) {
        const uint32_t row = pixel / (uint32_t)w->out_w, batch = row / (uint32_t)w->out_h;
        const int16_t *image = input + (size_t)batch * (size_t)w->in_h * (size_t)w->in_w * (size_t)w->in_c;
        const int32_t out_y = (int32_t)(row % (uint32_t)w->out_h), out_x = (int32_t)(pixel % (uint32_t)w->out_w);
        const int32_t y0 = out_y * w->stride_h - w->pad_top, x0 = out_x * w->stride_w - w->pad_left;
        for (int32_t c = 0; c < w->out_c; c++) {
            const int8_t *own = weights + (size_t)c * (size_t)p->channel_step;
            const int16_t *group = image + c / p->per_group * p->depth;
            int64_t sum = p->is_transposed ? add_up_transposed(p, group, own, out_y, out_x)
                                           : add_up(p, group, own, y0, x0);
            if (bias && p->narrow) sum += ((const int32_t *)bias)[c];
            else if (bias) sum = (int64_t)((uint64_t)sum + ((const uint64_t *)bias)[c]);
            if (p->narrow) sum = (int32_t)(uint32_t)sum;
            const int32_t scaled = p->exact    ? rescale_exact(sum, factors[c])
                                   : p->narrow ? rlt_requantize((int32_t)sum, multiplier[c], shift[c])
                                               : rlt_requantize_64(sum, multiplier[c], shift[c]);
            output[(size_t)pixel * (size_t)w->out_c + (size_t)c] = (int16_t)rlt_clamp(scaled, p->low, p->high);
        }
    }
    return RLT_OK;
}
