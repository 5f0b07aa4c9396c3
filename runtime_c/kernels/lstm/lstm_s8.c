/* int8 LSTM. */
#include "../common/dot_rows.h"
#include "gate_rows.h"
#include "lstm_s8_kernel.h"

rlt_status rlt_lstm_s8(const rlt_run *run, const void *params) { return run_lstm(run, params); }
