/* int8 ADD and SUB without their intermediate roundings, where those change no result. Host only. */
#ifndef RLT_PREPARE_LINEAR_H
#define RLT_PREPARE_LINEAR_H

#include "binary.h"

/* `to`: the sum, or difference, that `k` describes. 0: some pair of operands would give another result, or no such
 * numbers hold the sums. */
int rlt_linear_s8(const rlt_binary_s8_params *k, int subtract, rlt_linear_s8_params *to);

#endif
