/* Geometry of a sliding window over [batches, height, width, channels], shared by convolutions and pools. */
#ifndef RLT_WINDOW_H
#define RLT_WINDOW_H

#include <stdint.h>

typedef struct {
    int32_t batches, in_h, in_w, in_c, out_h, out_w, out_c;
    int32_t kernel_h, kernel_w, stride_h, stride_w, dilation_h, dilation_w;
    int32_t pad_top, pad_left;
} rlt_window;

/* Taps [*first, *last) of one axis that fall inside the input, for a window whose first tap lies at `origin`. */
static inline void rlt_taps(int32_t origin, int32_t in, int32_t kernel, int32_t dilation, int32_t *first,
                            int32_t *last) {
    *first = origin < 0 ? (-origin + dilation - 1) / dilation : 0;
    *last = origin >= in ? 0 : (in - origin + dilation - 1) / dilation;
    if (*last > kernel) *last = kernel;
    if (*first > *last) *first = *last;
}

#endif
