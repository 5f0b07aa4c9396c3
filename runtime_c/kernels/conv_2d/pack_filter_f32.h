/* Packing of a float filter at run time, for weights that training changes: the layout of packed_f32.h. */
#ifndef RLT_CONV_2D_PACK_FILTER_F32_H
#define RLT_CONV_2D_PACK_FILTER_F32_H

#include "packed_f32.h"

typedef struct {
    rlt_ref weights, bias; /* bias: or NONE */
    rlt_ref packed, packed_bias;
    int32_t lanes;
    int32_t flipped; /* for the gradient of a convolution's input: [in_c, kernel_h, kernel_w, out_c], taps backwards */
    rlt_conv_2d_packed_f32_params conv; /* its refs are not used */
} rlt_pack_filter_f32_params;

enum { RLT_PACK_FILTER_F32_REFS = 4 };

#endif
