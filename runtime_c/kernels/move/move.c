#include "move.h"

#include <string.h>

/* `count` runs along the innermost dimension. */
static void copy_row(uint8_t *to, const uint8_t *from, uint32_t count, uint32_t run, ptrdiff_t output_stride,
                     ptrdiff_t input_stride) {
    ptrdiff_t in = 0, out = 0;
    switch (run) {
    case 1:
        for (uint32_t i = 0; i < count; i++, in += input_stride, out += output_stride) to[out] = from[in];
        break;
    case 4:
        for (uint32_t i = 0; i < count; i++, in += input_stride, out += output_stride) memcpy(to + out, from + in, 4);
        break;
    default:
        for (uint32_t i = 0; i < count; i++, in += input_stride, out += output_stride) {
            memcpy(to + out, from + in, run);
        }
        break;
    }
}

rlt_status rlt_move(const rlt_run *run, const void *params) {
    const rlt_move_params *p = params;
    const uint8_t *input = (const uint8_t *)rlt_in(run, p->input) + p->input_offset;
    uint8_t *output = (uint8_t *)rlt_out(run, p->output) + p->output_offset;
    const uint32_t inner = p->rank - 1;
    const ptrdiff_t in_step = p->input_stride[inner], out_step = p->output_stride[inner];
    uint32_t rows = 1, first, last;
    for (uint32_t d = 0; d < inner; d++) rows *= p->dims[d];
    if (rows == 1) {
        rlt_share_of(run, p->dims[inner], &first, &last);
        copy_row(output + (ptrdiff_t)first * out_step, input + (ptrdiff_t)first * in_step, last - first, p->run, out_step, in_step);
        return RLT_OK;
    }
    rlt_share_of(run, rows, &first, &last);
    for (uint32_t row = first; row < last; row++) {
        ptrdiff_t in = 0, out = 0;
        uint32_t rest = row;
        for (uint32_t d = inner; d-- > 0; rest /= p->dims[d]) {
            in += (ptrdiff_t)(rest % p->dims[d]) * p->input_stride[d];
            out += (ptrdiff_t)(rest % p->dims[d]) * p->output_stride[d];
        }
        copy_row(output + out, input + in, p->dims[inner], p->run, out_step, in_step);
    }
    return RLT_OK;
}
