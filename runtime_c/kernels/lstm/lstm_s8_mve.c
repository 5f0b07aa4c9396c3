/* int8 LSTM with Helium. */
#include "../common/dot_rows_mve.h"
#include "../common/fixed_point_16_mve.h"
#include "lstm_s8_kernel.h"

rlt_status rlt_lstm_s8_mve(const rlt_run *run, const void *params) { return run_lstm(run, params); }
