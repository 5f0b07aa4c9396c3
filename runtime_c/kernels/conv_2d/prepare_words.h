/* Packing of int8 CONV_2D and FULLY_CONNECTED for cores without SIMD (words.h). Host only. */
#ifndef RLT_CONV_2D_PREPARE_WORDS_H
#define RLT_CONV_2D_PREPARE_WORDS_H

#include "prepare_pack.h"
#include "words.h"

/* Adds the step, if this CPU and the operands, which are checked by now, allow this form: then *done is 1.
 * `exact`: a FULLY_CONNECTED, whose results are rounded once. */
rlt_status rlt_conv_2d_words(rlt_prepare_state *p, const rlt_op *op, const rlt_conv_tensors *t, const rlt_window *window,
                             int32_t activation, int exact, int *done);

#endif
