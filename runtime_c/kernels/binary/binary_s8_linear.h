/* int8 ADD and SUB as rlt_linear_s8_params has them. The including file has included simd/s8_<set>.h. */
#ifndef RLT_BINARY_S8_LINEAR_H
#define RLT_BINARY_S8_LINEAR_H

#include <string.h>

#include "binary.h"

enum { LINEAR_STEP = sizeof(vi) };

typedef struct {
    vi high, low, offset, least, most;
    int32_t bits;
} linear;

/* `ab`: in 32-bit lanes, a and b in the upper bytes of their halves. */
RLT_INLINE vi linear_sum(const linear *l, vi ab) {
    const vi low = vi_madd(vi_set(0), ab, l->low);
    return vi_right(vi_add(vi_madd(l->offset, ab, l->high), vi_right(low, 15)), l->bits);
}

RLT_INLINE vi linear_bytes(const linear *l, vi a, vi b) {
    const vi none = vi_set(0), first = vi_zip_low_8(a, b), last = vi_zip_high_8(a, b);
    const vi low = vi_pack_32(linear_sum(l, vi_zip_low_8(none, first)), linear_sum(l, vi_zip_high_8(none, first)));
    const vi high = vi_pack_32(linear_sum(l, vi_zip_low_8(none, last)), linear_sum(l, vi_zip_high_8(none, last)));
    return vi_min_8(vi_max_8(vi_pack_16(low, high), l->least), l->most);
}

/* The last elements, and operands that stand still, go through buffers. */
static void linear_row(const void *params, const void *from_a, const void *from_b, void *output, uint32_t count,
                       uint32_t step_a, uint32_t step_b) {
    const rlt_linear_s8_params *p = params;
    const linear l = {vi_set(p->high), vi_set(p->low), vi_set(p->offset), vi_set_8(p->least), vi_set_8(p->most), p->bits};
    int8_t all_a[LINEAR_STEP] = {0}, all_b[LINEAR_STEP] = {0};
    const int8_t *a = from_a, *b = from_b;
    int8_t *to = output;
    if (!step_a) memset(all_a, *a, LINEAR_STEP), a = all_a;
    if (!step_b) memset(all_b, *b, LINEAR_STEP), b = all_b;
    for (; count >= LINEAR_STEP; count -= LINEAR_STEP, to += LINEAR_STEP) {
        vi_store_32(to, linear_bytes(&l, vi_load_32(a), vi_load_32(b)));
        a += step_a * LINEAR_STEP, b += step_b * LINEAR_STEP;
    }
    if (count == 0) return;
    memcpy(all_a, a, step_a ? count : 0);
    memcpy(all_b, b, step_b ? count : 0);
    vi_store_32(all_a, linear_bytes(&l, vi_load_32(all_a), vi_load_32(all_b)));
    memcpy(to, all_a, count);
}

static rlt_status linear_rows(const rlt_run *run, const rlt_linear_s8_params *p) {
    rlt_broadcast_rows(run, &p->shape, p, rlt_in(run, p->a), rlt_in(run, p->b), rlt_out(run, p->output), 1, 1,
                       linear_row);
    return RLT_OK;
}

#endif
