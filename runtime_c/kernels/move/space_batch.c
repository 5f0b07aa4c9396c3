#include <string.h>

#include "move.h"

rlt_status rlt_space_batch(const rlt_run *run, const void *params) {
    const rlt_space_batch_params *p = params;
    uint8_t *small = rlt_out(run, p->small), *large = rlt_out(run, p->large);
    uint32_t row, last;
    rlt_share_of(run, (uint32_t)(p->batches * p->block_h * p->block_w * p->h), &row, &last);
    for (; row < last; row++) {
        const int32_t b = (int32_t)row / p->h, offset = b / p->batches;
        const int32_t y = (int32_t)row % p->h * p->block_h + offset / p->block_w - p->top;
        if (y < 0 || y >= p->high) continue;
        uint8_t *line = large + ((size_t)(b % p->batches) * p->high + y) * p->wide * p->pixel;
        for (int32_t i = 0; i < p->w; i++) {
            const int32_t x = i * p->block_w + offset % p->block_w - p->left;
            if (x < 0 || x >= p->wide) continue;
            uint8_t *in_small = small + ((size_t)row * p->w + i) * p->pixel, *in_large = line + (size_t)x * p->pixel;
            memcpy(p->to_small ? in_small : in_large, p->to_small ? in_large : in_small, p->pixel);
        }
    }
    return RLT_OK;
}
