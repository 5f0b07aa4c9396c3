/* Parameters of the AVERAGE_POOL_2D and MAX_POOL_2D kernels. Taps in the padding do not count. */
#ifndef RLT_POOL_2D_H
#define RLT_POOL_2D_H

#include "../common/pixels.h"

typedef struct {
    rlt_ref input, output;
    rlt_window window;
    float low, high; /* fused activation */
} rlt_pool_2d_f32_params;

typedef struct {
    rlt_ref input, output;
    rlt_window window;
    int32_t low, high; /* fused activation, quantized */
} rlt_pool_2d_s8_params;

enum { RLT_POOL_2D_REFS = 2 };

/* The taps of one output pixel that lie inside the image: rows [y0, y1), columns [x0, x1) of the input. */
typedef struct {
    int32_t y0, y1, x0, x1;
} rlt_pool_box;

static inline rlt_pool_box rlt_pool_taps(const rlt_window *w, int32_t out_y, int32_t out_x) {
    const int32_t y = out_y * w->stride_h - w->pad_top, x = out_x * w->stride_w - w->pad_left;
    rlt_pool_box box;
    rlt_taps(y, w->in_h, w->kernel_h, 1, &box.y0, &box.y1);
    rlt_taps(x, w->in_w, w->kernel_w, 1, &box.x0, &box.x1);
    box.y0 += y;
    box.y1 += y;
    box.x0 += x;
    box.x1 += x;
    return box;
}

#endif
