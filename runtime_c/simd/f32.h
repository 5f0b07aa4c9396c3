/* What float kernels of every instruction set share. Included after the header of one set (f32_avx512.h names them). */
#ifndef RLT_F32_H
#define RLT_F32_H

/* A fused activation; values that are not numbers pass. */
RLT_INLINE rlt_vec rlt_vec_clamp(rlt_vec x, rlt_vec low, rlt_vec high) {
    return rlt_vec_min(high, rlt_vec_max(low, x));
}

/* Whole vectors without a mask: masked stores are slow in AVX2. */
RLT_INLINE void rlt_vec_store_upto(float *to, rlt_vec x, size_t count) {
    if (count >= RLT_LANES) rlt_vec_store(to, x);
    else rlt_vec_store_first(to, x, count);
}
RLT_INLINE rlt_vec rlt_vec_load_upto(const float *from, size_t count) {
    return count >= RLT_LANES ? rlt_vec_load(from) : rlt_vec_load_first(from, count);
}

/* To nearest, halves away from zero: rlt_roundf(). What is added is just below a half, which a half itself would carry
 * up with the values just below one. */
RLT_INLINE rlt_vec rlt_vec_round_away(rlt_vec x) {
    return rlt_vec_truncate(rlt_vec_add(x, rlt_vec_with_sign(rlt_vec_all(0.49999997f), x)));
}

#endif
