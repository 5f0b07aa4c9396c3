/* The packed form of int8 DEPTHWISE_CONV_2D, for instruction sets that multiply and add neighbouring small integers.
 *
 * Input rows are copied to a band (common/band.h). From there a kernel makes words: the bytes of `group` window rows,
 * one below the other, side by side. A word times the matching weights is a sum of `group` products, and the words of
 * one column serve every window that covers the column.
 *
 * All this works on bytes in memory order, so a row is cut into `units` of `unit` neighbouring bytes whose weights
 * repeat: a pixel's channels, or, where windows move by one column and channels do not fill a vector, as many pixels as
 * fill whole vectors.
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
    int32_t unit_step, tap_step;    /* bytes between units, and between window columns, in the band */
    int32_t vectors;                /* of a unit */
    int32_t groups, pieces;
    int32_t chunk;       /* units whose words are in scratch at a time */
    int32_t chunk_words; /* words of one group in scratch */
    int32_t small;       /* as in conv_2d/packed.h */
    int32_t output_zero_point, low, high;
} rlt_depthwise_packed_params;

enum { RLT_DEPTHWISE_PACKED_REFS = 5 };

#endif
