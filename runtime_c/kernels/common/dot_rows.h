/* Products of int8 rows with int8 values; sums wrap. */
#ifndef RLT_DOT_ROWS_H
#define RLT_DOT_ROWS_H

#include <stddef.h>
#include <stdint.h>

enum { DOT_ROWS = 4 };

/* Adds to sum[k] the products of `count` values with those of row k; rows lie `count` bytes apart, and the first `rows`
 * of DOT_ROWS exist. */
static inline void dot_rows(const int8_t *row, const int8_t *values, int32_t count, int32_t rows, int32_t *sum) {
    for (int32_t k = 0; k < rows; k++, row += count) {
        uint32_t total = (uint32_t)sum[k]; /* wraps without being undefined */
        for (int32_t i = 0; i < count; i++) total += (uint32_t)(row[i] * values[i]);
        sum[k] = (int32_t)total;
    }
}

/* The sum plus products of int16 values. */
static inline int32_t dot_halves(const int16_t *a, const int16_t *b, int32_t count, int32_t sum) {
    uint32_t total = (uint32_t)sum;
    for (int32_t i = 0; i < count; i++) total += (uint32_t)(a[i] * b[i]);
    return (int32_t)total;
}

#endif
