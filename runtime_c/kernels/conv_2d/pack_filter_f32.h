/* Packing of a float filter at run time, for weights that training changes: the layout of packed_f32.h. */
#ifndef RLT_CONV_2D_PACK_FILTER_F32_H
#define RLT_CONV_2D_PACK_FILTER_F32_H

#include "gradient.h"

typedef struct {
    rlt_ref weights, bias; /* bias: or NONE */
    rlt_ref packed, packed_bias;
    int32_t lanes;
    int32_t flipped; /* for the gradient of an input: the filter is [in_c, kernel_h, kernel_w, out_c], its taps go backwards */
    int32_t kernel_h, kernel_w, step_h, step_w; /* the filter's, and from one tap of a phase to the next */
    int32_t count;
    rlt_conv_2d_phase phases[RLT_CONV_2D_MOST_PHASES]; /* one if not flipped */
} rlt_pack_filter_f32_params;

enum { RLT_PACK_FILTER_F32_REFS = 4 };

#endif
