/* The form of int8 CONV_2D for Helium; also of FULLY_CONNECTED, a 1x1 window over `batches` pixels.
 *
 * VMLADAVA adds 16 products to a register, so the bytes under one output pixel's window lie side by side: in the image
 * itself under 1x1 windows, else gathered into a column in scratch, a sequence of `runs` of bytes that are neighbours
 * in the image. Depth is rounded up to `steps` vectors; weights there are 0, whatever a column holds.
 *
 * CONV_2D takes three pixels by two channels at a time: 5 loads for 6 products. Weights, for each four channels: for
 * each step a vector of channel 0 and one of channel 2; then, for each step from the last to the first (pointers walk
 * back), one of channel 1 and one of channel 3.
 * FULLY_CONNECTED takes one row by four units: for each four, for each step, their four vectors. */
#ifndef RLT_CONV_2D_VECTORS_H
#define RLT_CONV_2D_VECTORS_H

#include "../common/finish.h"
#include "conv_2d.h"

typedef struct {
    rlt_ref input, output;
    rlt_ref weights;
    rlt_ref channels; /* rlt_finish_four[(out_c + 3) / 4]; of FULLY_CONNECTED then rlt_exact_factor[out_c] */
    rlt_ref scratch;  /* three columns */
    rlt_window window;
    int32_t pixel_bytes; /* of the input */
    int32_t run_bytes, runs, steps;
    int32_t direct; /* the window is one pixel and has no padding */
    int32_t last_y, last_x; /* where the last window inside the image starts */
    int32_t input_zero_point, output_zero_point;
    int32_t low, high;
} rlt_conv_2d_vectors_params;

enum { RLT_CONV_2D_VECTORS_REFS = 5, RLT_CONV_2D_VECTOR_PIXELS = 3, RLT_CONV_2D_VECTOR = 16 };

#endif
