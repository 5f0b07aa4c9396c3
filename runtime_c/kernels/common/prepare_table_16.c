#include "prepare_table_16.h"

#include <math.h>

static int16_t cut(double value) {
    return (int16_t)(value < INT16_MIN ? INT16_MIN : value > INT16_MAX ? INT16_MAX : value);
}

void rlt_fill_table_16(double low, double high, double output_scale, double (*function)(double), int16_t *table) {
    const double step = (high - low) / RLT_TABLE_16_STEPS, half = step / 2;
    const double least = output_scale * INT16_MIN, most = output_scale * INT16_MAX;
    const double inverse = 65536.0 / (most - least);
    for (int32_t i = 0; i < RLT_TABLE_16_STEPS; i++) {
        const double value = round(function(low + i * step) * inverse);
        const double between = round((function(low + (i + 1) * step) * inverse + value) / 2);
        const double exact = round(function(low + i * step + half) * inverse);
        table[i] = cut(value - round((between - exact) / 2));
    }
    table[RLT_TABLE_16_STEPS] = cut(round(function(high) * inverse));
}
