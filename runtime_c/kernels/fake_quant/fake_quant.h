/* Fake quantization: values rounded to the steps of a range and kept as float, and its gradient. A range is known when
 * the kernel runs: zero is moved onto a step there, as LiteRT's NudgeQuantizationRange (quantization_util.cc) does.
 * An empty range (nothing was observed yet) leaves values and gradients as they are. */
#ifndef RLT_FAKE_QUANT_H
#define RLT_FAKE_QUANT_H

#include "../../core/kernel.h"

/* Values lie as [...][channels][inner]; channel c has the range low[c] to high[c]. */
typedef struct {
    rlt_ref x, low, high, dy; /* dy: NONE in the forward direction */
    rlt_ref y;                /* or dx */
    uint32_t count, channels, inner;
    float first, last; /* numbers of the lowest and the highest step */
} rlt_fake_quant_params;

enum { RLT_FAKE_QUANT_REFS = 5 };

#endif
