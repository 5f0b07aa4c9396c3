/* The walk of lanes.h. The including file has defined `element`, the type of activations; `eight`, the constants of eight
 * channels; and multiply_sixteens() and multiply_eight(). */
#ifndef RLT_DEPTHWISE_CONV_2D_LANES_MVE_H
#define RLT_DEPTHWISE_CONV_2D_LANES_MVE_H

enum { LANES = RLT_DEPTHWISE_LANES, HALF = LANES / 2 };

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

static void one_pixel(const rlt_run *run, const rlt_depthwise_lanes_params *p, int32_t count, const element *from,
                      element *to) {
    const rlt_window *w = &p->window;
    const int32_t filter = w->kernel_h * w->kernel_w * LANES, whole = w->out_c / LANES;
    const eight *channels = rlt_in(run, p->channels);
    lane_pixel at = {rlt_out(run, p->scratch), rlt_in(run, p->weights), count, filter, whole, p->input_zero_point};
    if (whole) multiply_sixteens(&at, from, channels, to);
    at.weights += whole * filter;
    for (int32_t c = whole * LANES; c < w->out_c; c += HALF, at.weights += HALF) {
        multiply_eight(&at, from + c, channels + c / HALF, to + c, w->out_c - c);
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
        for (int32_t x = 0; x < w->out_w; x++, to += w->out_c) {
            const int32_t x0 = x * w->stride_w - w->pad_left;
            box in;
            rlt_taps(y0, w->in_h, w->kernel_h, w->dilation_h, &in.first_y, &in.last_y);
            rlt_taps(x0, w->in_w, w->kernel_w, w->dilation_w, &in.first_x, &in.last_x);
            if (in.first_x != listed.first_x || in.last_x != listed.last_x || in.first_y != listed.first_y ||
                in.last_y != listed.last_y) {
                listed = in;
                count = list_taps(w, in, rlt_out(run, p->scratch));
            }
            one_pixel(run, p, count, image + (y0 * w->in_w + x0) * w->in_c, to);
        }
    }
}

#endif
