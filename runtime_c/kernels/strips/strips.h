/* A step that runs others by turns, piece by piece: what one makes for the next never exists as a whole, but only as the
 * tile that the next one then reads. In their params it is a ref into RLT_REGION_TILE, whose base moves so that the
 * piece at hand lies in the tile. */
#ifndef RLT_STRIPS_H
#define RLT_STRIPS_H

#include "../../core/kernel.h"

typedef struct {
    rlt_ref tile;        /* one piece for each task */
    uint32_t tile_bytes; /* of one */
    uint32_t first;      /* of the parts, among the steps behind the plan's own */
    uint32_t count;
    uint32_t pieces;
} rlt_strips_params;

enum { RLT_STRIPS_REFS = 1 };

#endif
