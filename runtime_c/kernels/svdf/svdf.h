/* Parameters of the SVDF kernels: a dense layer of `filters` rows now, weighted over the last `memory` runs, `rank` of
 * them summed to each of filters / rank units. */
#ifndef RLT_SVDF_H
#define RLT_SVDF_H

#include "../../core/kernel.h"

typedef struct {
    rlt_ref input, output;
    rlt_ref features; /* [filters, inputs] */
    rlt_ref times;    /* [filters, memory] */
    rlt_ref bias;     /* [filters / rank], maybe absent */
    rlt_ref state;    /* variable: [batches, filters, memory] */
    rlt_ref starts;   /* int8: [filters], what the input's zero point takes from each row's sum */
    uint32_t batches, inputs, filters, memory, rank;
    int32_t feature_multiplier, feature_shift, output_multiplier, output_shift; /* int8 */
    int32_t output_zero_point;
    float low, high; /* float */
} rlt_svdf_params;

enum { RLT_SVDF_REFS = 7 };

#endif
