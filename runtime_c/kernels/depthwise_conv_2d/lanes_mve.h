/* The walk of lanes.h. The including file has defined `element`, the type of activations; `finishes`, the constants of eight
 * channels; and multiply_two() and multiply_one(), which do eight channels of two or one output pixels. */
#ifndef RLT_DEPTHWISE_CONV_2D_LANES_MVE_H
#define RLT_DEPTHWISE_CONV_2D_LANES_MVE_H

enum { LANES = RLT_DEPTHWISE_LANES };

/* Which taps of a window lie inside the image. */
typedef struct {
    int32_t first_y, last_y, first_x, last_x;
} box;

static __attribute__((noinline)) int32_t list_taps(const rlt_window *w, box in, rlt_lane_tap *taps) {
    const int32_t bytes = w->in_c * (int32_t)sizeof(element);
    int32_t count = 0;
    for (int32_t y = in.first_y; y < in.last_y; y++) {
        for (int32_t x = in.first_x; x < in.last_x; x++) {
            taps[count].value = (y * w->dilation_h * w->in_w + x * w->dilation_w) * bytes;
            taps[count++].weight = (y * w->kernel_w + x) * LANES;
        }
    }
    return count;
}

RLT_INLINE box box_at(const rlt_window *w, int32_t y0, int32_t x0) {
    box in;
    rlt_taps(y0, w->in_h, w->kernel_h, w->dilation_h, &in.first_y, &in.last_y);
    rlt_taps(x0, w->in_w, w->kernel_w, w->dilation_w, &in.first_x, &in.last_x);
    return in;
}

/* One output pixel, or two neighbours. */
static void pixels(const rlt_run *run, const rlt_depthwise_lanes_params *p, const element *from, element *to, int32_t count,
                   int two) {
    const rlt_window *w = &p->window;
    const int32_t filter = w->kernel_h * w->kernel_w * LANES;
    const int8_t *weights = rlt_in(run, p->weights);
    const finishes *channels = rlt_in(run, p->channels);
    const rlt_lane_tap *taps = rlt_out(run, p->scratch);
    const int32_t step = w->stride_w * w->in_c;
    for (int32_t c = 0; c < w->out_c; c += LANES, weights += filter, channels++) {
        const eight at = {channels, to + c, to + w->out_c + c, w->out_c - c};
        if (two) multiply_two(&at, taps, count, weights, from + c, from + c + step, p->input_zero_point);
        else multiply_one(&at, taps, count, weights, from + c, p->input_zero_point);
    }
}

/* The whole operator. Activations that end inside the type are cut by the caller. */
RLT_INLINE void multiply_lanes(const rlt_run *run, const rlt_depthwise_lanes_params *p) {
    const rlt_window *w = &p->window;
    const element *image = rlt_in(run, p->input);
    element *to = rlt_out(run, p->output);
    box listed = {0, 0, 0, 0};
    int32_t count = 0;
    for (int32_t row = 0; row < w->batches * w->out_h; row++) {
        const int32_t y = row % w->out_h, y0 = y * w->stride_h - w->pad_top;
        if (row && !y) image += w->in_h * w->in_w * w->in_c;
        for (int32_t x = 0, two; x < w->out_w; x += 1 + two, to += (1 + two) * w->out_c) {
            const int32_t x0 = x * w->stride_w - w->pad_left;
            const box in = box_at(w, y0, x0), next = box_at(w, y0, x0 + w->stride_w);
            two = x + 1 < w->out_w && in.first_x == next.first_x && in.last_x == next.last_x;
            if (in.first_x != listed.first_x || in.last_x != listed.last_x || in.first_y != listed.first_y ||
                in.last_y != listed.last_y) {
                listed = in;
                count = list_taps(w, in, rlt_out(run, p->scratch));
            }
            pixels(run, p, image + (y0 * w->in_w + x0) * w->in_c, to, count, two);
        }
    }
}

#endif
