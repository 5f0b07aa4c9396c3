/* Sums of int8 values with AVX-512 VNNI; s8_sums_avx2.h has the same. Included after s8_avx512.h. */
#ifndef RLT_S8_SUMS_AVX512_H
#define RLT_S8_SUMS_AVX512_H

/* Adds the bytes of four vectors to sums, which are in an order of their own until v_in_order(). */
RLT_INLINE void v_add_four(vi *sum, v_bytes a, v_bytes b, v_bytes c, v_bytes d) {
    const vi one = _mm512_set1_epi8(1), low = vi_zip_low_8(a, b), high = vi_zip_high_8(a, b);
    const vi low2 = vi_zip_low_8(c, d), high2 = vi_zip_high_8(c, d);
    sum[0] = _mm512_dpbusd_epi32(sum[0], one, _mm512_unpacklo_epi16(low, low2));
    sum[1] = _mm512_dpbusd_epi32(sum[1], one, _mm512_unpackhi_epi16(low, low2));
    sum[2] = _mm512_dpbusd_epi32(sum[2], one, _mm512_unpacklo_epi16(high, high2));
    sum[3] = _mm512_dpbusd_epi32(sum[3], one, _mm512_unpackhi_epi16(high, high2));
}

/* Adds `count` rows of `bytes` values, at most QUARTERS * LANES, that start `stride` apart. */
RLT_INLINE void v_add_rows(vi *sum, const int8_t *from, size_t stride, int32_t count, int32_t bytes) {
    const v_bytes none = _mm512_setzero_si512();
    for (; count >= 4; count -= 4, from += 4 * stride) {
        v_add_four(sum, v_load_bytes(from, bytes), v_load_bytes(from + stride, bytes),
                   v_load_bytes(from + 2 * stride, bytes), v_load_bytes(from + 3 * stride, bytes));
    }
    if (count <= 0) return;
    v_add_four(sum, v_load_bytes(from, bytes), count > 1 ? v_load_bytes(from + stride, bytes) : none,
               count > 2 ? v_load_bytes(from + 2 * stride, bytes) : none, none);
}

RLT_INLINE void v_in_order(vi *sum) {
    const vi ab = _mm512_shuffle_i32x4(sum[0], sum[1], 0x44), cd = _mm512_shuffle_i32x4(sum[2], sum[3], 0x44);
    const vi ab2 = _mm512_shuffle_i32x4(sum[0], sum[1], 0xEE), cd2 = _mm512_shuffle_i32x4(sum[2], sum[3], 0xEE);
    sum[0] = _mm512_shuffle_i32x4(ab, cd, 0x88);
    sum[1] = _mm512_shuffle_i32x4(ab, cd, 0xDD);
    sum[2] = _mm512_shuffle_i32x4(ab2, cd2, 0x88);
    sum[3] = _mm512_shuffle_i32x4(ab2, cd2, 0xDD);
}

#endif
