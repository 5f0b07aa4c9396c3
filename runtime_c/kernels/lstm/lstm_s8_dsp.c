/* int8 LSTM with the DSP extension. */
#include "../common/dot_rows_dsp.h"

#define RLT_SATURATE_16(value) __ssat(value, 16)
#include "gate_rows.h"
#include "lstm_s8_kernel.h"

rlt_status rlt_lstm_s8_dsp(const rlt_run *run, const void *params) { return run_lstm(run, params); }
