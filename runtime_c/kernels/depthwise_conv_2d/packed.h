/* The packed form of int8 DEPTHWISE_CONV_2D, for instruction sets that multiply and add neighbouring small integers.
 *
 * Input rows are copied to a band (common/band.h). From there a kernel makes words: the bytes of a few window rows, one
 * below the other, side by side. A word times the matching weights is a sum of as many products, and the words of one
 * column serve every window that covers the column.
 *
 * A row of output is cut into `units` of neighbouring bytes that use the same weights: its pixels; or, where windows move
 * by one column and some whole pixels fill a vector, vectors. A kernel works through the vectors of a unit one by one,
 * each in all units of all rows of a band.
 *
 * Weights: for each vector of a unit, each group of window rows, each piece, each window column: lanes x group values.
 * Pieces are there where weights minus their zero point need more than 8 bits: several that sum up to them. */
#ifndef RLT_DEPTHWISE_CONV_2D_PACKED_H
#define RLT_DEPTHWISE_CONV_2D_PACKED_H

#include "../common/band.h"
#include "depthwise_conv_2d.h"

typedef struct {
    rlt_ref input, output;
    rlt_ref weights;
    rlt_ref channels; /* int32, each for a unit padded to whole vectors: bias[], multiplier[], left[], right shift[] */
    rlt_ref scratch;  /* `tasks` times a band and words */
    rlt_window window;
    rlt_band band;
    int32_t unit, units, last_unit; /* bytes of a unit, and of the row's last one */
    int32_t vectors;                /* of a unit */
    int32_t groups, pieces;
    int32_t word_vectors, word_step; /* vectors of words in a row; bytes between their places in the band */
    int32_t unit_words, tap_words;   /* words between units, and between window columns */
    int32_t small;       /* as in conv_2d/packed.h */
    int32_t output_zero_point, low, high;
} rlt_depthwise_packed_params;

enum { RLT_DEPTHWISE_PACKED_REFS = 5 };

#endif
