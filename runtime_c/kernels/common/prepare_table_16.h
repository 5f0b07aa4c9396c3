/* Fills tables for functions of 16-bit numbers. Host only. */
#ifndef RLT_PREPARE_TABLE_16_H
#define RLT_PREPARE_TABLE_16_H

#include "prepare_common.h"
#include "table_16.h"

/* The table of `function` from `low` to `high`, in steps of `output_scale`, as LUTPopulateInt16 in
 * tflite/kernels/internal/common.h chooses its values: lines lie half their largest error off the ends. */
void rlt_fill_table_16(double low, double high, double output_scale, double (*function)(double), int16_t *table);

#endif
