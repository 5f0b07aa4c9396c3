/* Activations of a gate's values, in place. */
#ifndef RLT_LSTM_GATE_ROWS_H
#define RLT_LSTM_GATE_ROWS_H

#include "../common/fixed_point_16.h"

static inline void tanh_row(int16_t *row, uint32_t count, int32_t bits) {
    for (uint32_t i = 0; i < count; i++) row[i] = rlt_tanh_16(row[i], bits);
}

static inline void logistic_row(int16_t *row, uint32_t count, int32_t bits) {
    for (uint32_t i = 0; i < count; i++) row[i] = rlt_logistic_16(row[i], bits);
}

#endif
