/* The form of int8 CONV_2D for Armv7-M without the DSP extension, which multiplies a word by a word and adds the product
 * to 64 bits (SMLAL): with two pixels in a word, x0 + 2^23 * x1, each instruction does two products. The lower 23 bits of
 * a sum are the first pixel's; prepare refuses filters whose sums need more.
 *
 * Four pixels at a time: scratch holds, for each element of a column (words.h), the words of pixels 0, 1 and 2, 3. After
 * the last pixel come others of no use. Weights: for each two channels, a last one alone with zeros, for each element
 * one of each. */
#ifndef RLT_CONV_2D_PAIRS_H
#define RLT_CONV_2D_PAIRS_H

#include "../common/finish.h"
#include "conv_2d.h"

typedef struct {
    rlt_ref input, output;
    rlt_ref weights;
    rlt_ref channels; /* rlt_finish[out_c] */
    rlt_ref scratch;
    rlt_window window;
    int32_t depth; /* elements of a column */
    int32_t input_zero_point;
    int32_t low, high;
} rlt_conv_2d_pairs_params;

enum { RLT_CONV_2D_PAIRS_REFS = 5, RLT_CONV_2D_PAIRS_PIXELS = 4, RLT_CONV_2D_PAIRS_SHIFT = 23 };

#endif
