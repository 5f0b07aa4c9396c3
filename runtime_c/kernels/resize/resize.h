/* Parameters of the RESIZE_BILINEAR and RESIZE_NEAREST_NEIGHBOR kernels. */
#ifndef RLT_RESIZE_H
#define RLT_RESIZE_H

#include "../../core/kernel.h"

typedef struct {
    rlt_ref input, output;
    int32_t batches, in_h, in_w, out_h, out_w, channels;
    uint32_t align_corners, half_pixel_centers;
    uint32_t bytes; /* of an element; nearest neighbour only */
} rlt_resize_params;

enum { RLT_RESIZE_REFS = 2 };

#endif
