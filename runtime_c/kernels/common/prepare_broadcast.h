/* Shapes of elementwise operations. Host only. */
#ifndef RLT_PREPARE_BROADCAST_H
#define RLT_PREPARE_BROADCAST_H

#include "broadcast.h"
#include "prepare_common.h"

/* Gives `output` the common shape of a and b (numpy's rule, at most 8 dimensions) and fills `shape`. */
rlt_status rlt_prepare_broadcast(rlt_prepare_state *p, const rlt_tensor *a, const rlt_tensor *b, rlt_tensor *output,
                                 rlt_broadcast *shape);
/* Pieces worth splitting it into, at `amount` units of `kind` per element. */
uint32_t rlt_broadcast_tasks(const rlt_prepare_state *p, const rlt_broadcast *shape, rlt_cost_kind kind,
                             uint32_t amount);

#endif
