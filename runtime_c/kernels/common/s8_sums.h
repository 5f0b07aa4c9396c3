/* Sums over rows of int8 values. The including file has included simd/s8_<set>.h. */
#ifndef RLT_S8_SUMS_H
#define RLT_S8_SUMS_H

/* Adds `count` rows of `bytes` values, at most QUARTERS * LANES, that start `stride` apart, to sums in the order of
 * v_add_four(). */
RLT_INLINE void add_rows(vi *sum, const int8_t *from, size_t stride, int32_t count, int32_t bytes) {
    const v_bytes none = v_set_bytes(0);
    for (; count >= 4; count -= 4, from += 4 * stride) {
        v_add_four(sum, v_load_bytes(from, bytes), v_load_bytes(from + stride, bytes),
                   v_load_bytes(from + 2 * stride, bytes), v_load_bytes(from + 3 * stride, bytes));
    }
    if (count <= 0) return;
    v_add_four(sum, v_load_bytes(from, bytes), count > 1 ? v_load_bytes(from + stride, bytes) : none,
               count > 2 ? v_load_bytes(from + 2 * stride, bytes) : none, none);
}

#endif
