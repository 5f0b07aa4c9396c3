/* MLPerf Tiny's text protocol (github.com/mlcommons/tiny, benchmark/api and benchmark/runner): a command ends with '%',
 * each line of the reply with CR LF, and "m-ready" is the last of them. docs/protocol.md lists the commands. */
#ifndef RILLET_FIRMWARE_MLPERF_TINY_H
#define RILLET_FIRMWARE_MLPERF_TINY_H

#include "rillet.h"

/* How the bytes that the runner sends become the model's int8 input, and its int8 output the results. */
enum mlperf_tiny_kind {
    MLPERF_TINY_FEATURES, /* they are the input */
    MLPERF_TINY_PIXELS,   /* 0 to 255, which the input holds as -128 to 127 */
    MLPERF_TINY_ANOMALY   /* float32, quantized here; the result is the mean squared error of their reconstruction */
};

/* `rillet build` writes it. */
struct mlperf_tiny {
    const char *model; /* "kws01", "vww01", "ic01" or "ad01" */
    uint32_t kind;
    uint8_t *raw; /* 4-byte aligned; what the runner sent */
    uint32_t raw_bytes;
};
extern const struct mlperf_tiny fw_mlperf_tiny;

/* Takes one byte that is not part of a frame. Gives 1 when it ended a command, which has then been answered.
 * `session` is NULL when there is no model. */
int mlperf_tiny_byte(uint8_t byte, rlt_session *session);

#endif
