/* Sums of int8 values with AVX2. Included after s8_avx2.h. */
#ifndef RLT_S8_SUMS_AVX2_H
#define RLT_S8_SUMS_AVX2_H

/* Adds `count` rows of `bytes` values, at most QUARTERS * LANES, that start `stride` apart. */
RLT_INLINE void v_add_rows(vi *sum, const int8_t *from, size_t stride, int32_t count, int32_t bytes) {
    for (; count > 0 && bytes >= QUARTERS * LANES; count--, from += stride) {
        const v_bytes row = v_load_bytes(from, bytes);
        sum[0] = vi_add(sum[0], _mm256_cvtepi8_epi32(row));
        sum[1] = vi_add(sum[1], _mm256_cvtepi8_epi32(_mm_srli_si128(row, LANES)));
    }
    for (; count > 0; count--, from += stride) {
        const int32_t first = bytes < LANES ? bytes : LANES;
        const v_bytes row = first < LANES ? v_load_bytes(from, first) : _mm_loadl_epi64((const __m128i *)(const void *)from);
        sum[0] = vi_add(sum[0], _mm256_cvtepi8_epi32(row));
        if (bytes > LANES) sum[1] = vi_add(sum[1], _mm256_cvtepi8_epi32(v_load_bytes(from + LANES, bytes - LANES)));
    }
}

/* Brings sums into the order of their values, which is theirs anyway here. */
RLT_INLINE void v_in_order(vi *sum) { (void)sum; }

#endif
