/* The packed form of int8 DEPTHWISE_CONV_2D, for instruction sets that multiply and add neighbouring small integers.
 *
 * A kernel makes words: the bytes of a few input rows, one below the other, side by side. A word times the matching
 * weights is a sum of as many products; the words of one column serve every window that covers the column, in `rows`
 * neighbouring rows of output at once, each with weights of its own.
 *
 * A row of output is cut into `units` of neighbouring bytes that use the same weights, a unit into vectors of channels.
 * A unit is a pixel. Where the channels of a pixel fill whole vectors, or a unit is made of as many pixels as fill some
 * (windows that move by one), the row is `flat`: words come in the order of its bytes. Otherwise the words of a pixel
 * start at a vector's start, and are made for `chunk` vectors of all pixels at a time.
 *
 * The input is read where it lies; repeated channels come from a band (common/band.h).
 *
 * Weights: for each vector, each piece, each group of window rows, each window column, each of `rows`: lanes x group
 * values. Pieces are there where weights minus their zero point need more than 8 bits: several
 * that sum up to them, of which some vectors need only the first. */
#ifndef RLT_DEPTHWISE_CONV_2D_PACKED_H
#define RLT_DEPTHWISE_CONV_2D_PACKED_H

#include "../common/band.h"
#include "depthwise_conv_2d.h"

typedef struct {
    rlt_ref input, output;
    rlt_ref weights;
    rlt_ref channels; /* int32, for each vector of channels its constants, see below */
    rlt_ref scratch;  /* for each task a band and words */
    rlt_window window;
    rlt_band band;                  /* bytes 0: the input is read itself */
    int32_t flat;
    int32_t unit, units, last_unit; /* bytes of a unit, and of the row's last one */
    int32_t vectors, chunk;         /* of a unit; of it at a time */
    int32_t rows, groups, pieces;
    int32_t segment, steps;   /* units, and steps of `rows`, whose words are in scratch at a time */
    int32_t group_bytes, word_bytes; /* words of one group of rows; all of scratch for words */
    int32_t output_zero_point, low, high;
} rlt_depthwise_packed_params;

enum { RLT_DEPTHWISE_PACKED_REFS = 5, RLT_DEPTHWISE_BLOCK = 4 };

/* Constants of a vector of channels, each a vector. Without FAST: multipliers, left and right shifts.
 *
 * With FAST, where float arithmetic gives the same results (common/prepare_float_scale.h): the parts of the factor
 * and the offset. */
enum { CHANNEL_BIAS, CHANNEL_KIND, CHANNEL_SCALE };
enum { KIND_PIECES, KIND_FAST };
enum { ANY_MULTIPLIER, ANY_LEFT, ANY_RIGHT };
enum { FLOAT_HIGH, FLOAT_LOW, FLOAT_OFFSET };
enum { CHANNEL_CONSTANTS = CHANNEL_SCALE + 3 };

#endif
