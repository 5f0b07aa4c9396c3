/* rillet.MEL_SPECTROGRAM: samples, window, bands, weights, framing (step and length of the transform). */
#include "../common/float_math.h"
#include "../common/prepare_common.h"
#include "mel_spectrogram.h"

enum { SAMPLES, WINDOW, BANDS, WEIGHTS, FRAMING, OPERANDS };

#define MOST_POINTS 65536

static rlt_status check_bands(rlt_prepare_state *p, const rlt_tensor *bands, const rlt_tensor *weights, int32_t bins) {
    int64_t left = weights->elements;
    for (uint32_t i = 0; i < bands->elements; i += 2) {
        const int32_t first = rlt_const_i32(bands, i), count = rlt_const_i32(bands, i + 1);
        left -= count;
        if (first < 0 || count < 0 || first > bins || count > bins - first || left < 0) {
            return rlt_fail(p, RLT_ERROR_OPTION, bands, "a band lies outside the spectrum or has no weights");
        }
    }
    return RLT_OK;
}

/* Cosines and sines of the first half of the circle. Each octant is computed from angles up to pi / 4 only, so that
 * those which are equal or opposite have equal bits. */
static void fill_turns(float *turns, uint32_t fft) {
    const float step = 6.28318530717958647692f / (float)fft;
    for (uint32_t k = 0; k < fft / 2; k++) {
        const uint32_t in_quarter = k % (fft / 4);
        const int upper = in_quarter > fft / 8;
        const float angle = step * (float)(upper ? fft / 4 - in_quarter : in_quarter);
        const float near = rlt_cosf(angle), far = rlt_sinf(angle);
        const float c = upper ? far : near, s = upper ? near : far;
        turns[2 * k] = k < fft / 4 ? c : -s;
        turns[2 * k + 1] = k < fft / 4 ? s : c;
    }
}

rlt_status rlt_prepare_mel_spectrogram(rlt_prepare_state *p, const rlt_op *op) {
    RLT_TRY(rlt_operands(p, op, OPERANDS, 1));
    const rlt_tensor *samples = rlt_input(p, op, SAMPLES), *window = rlt_input(p, op, WINDOW);
    const rlt_tensor *bands = rlt_input(p, op, BANDS), *weights = rlt_input(p, op, WEIGHTS);
    rlt_tensor *output = rlt_output(p, op, 0);
    int32_t framing[2];
    if (samples->type != RLT_INT16) RLT_TRY(rlt_need_type(p, samples, RLT_FLOAT32));
    RLT_TRY(rlt_need_type(p, output, RLT_FLOAT32));
    RLT_TRY(rlt_need_rank(p, samples, 2));
    const uint32_t types[] = {RLT_FLOAT32, RLT_INT32, RLT_FLOAT32}, ranks[] = {1, 2, 1};
    for (uint32_t i = 0; i < 3; i++) {
        const rlt_tensor *constant = rlt_input(p, op, WINDOW + i);
        RLT_TRY(rlt_need_const(p, constant));
        RLT_TRY(rlt_need_type(p, constant, types[i]));
        RLT_TRY(rlt_need_rank(p, constant, ranks[i]));
    }
    RLT_TRY(rlt_const_vector(p, rlt_input(p, op, FRAMING), 2, framing, NULL));
    const int32_t step = framing[0], fft = framing[1], length = window->dims[0];
    if (step < 1 || fft < 8 || fft > MOST_POINTS || (fft & (fft - 1)) || length < 1 || length > fft) {
        return rlt_fail(p, RLT_ERROR_OPTION, rlt_input(p, op, FRAMING),
                        "needs a step above 0 and a power of two from 8 to 65536 that the window fits");
    }
    if (samples->dims[1] < length || bands->dims[1] != 2) {
        return rlt_fail(p, RLT_ERROR_SHAPE, samples, "is shorter than the window, or bands are no pairs");
    }
    RLT_TRY(check_bands(p, bands, weights, fft / 2 + 1));
    const int32_t frames = (samples->dims[1] - length) / step + 1;
    RLT_TRY(rlt_set_shape(p, output, 3, (const int32_t[]){samples->dims[0], frames, bands->dims[0]}));
    rlt_ref turns;
    float *table = rlt_add_constant(p, (size_t)fft * sizeof *table, &turns);
    if (!table) return RLT_ERROR_MEMORY;
    fill_turns(table, (uint32_t)fft);
    const rlt_ref spectrum = rlt_add_scratch(p, op, (size_t)fft * sizeof(float));
    rlt_mel_spectrogram_params *k =
        rlt_add_step(p, op, RLT_KERNEL_mel_spectrogram_f32, sizeof *k, RLT_MEL_SPECTROGRAM_REFS, 1);
    if (!k) return RLT_ERROR_MEMORY;
    k->input = rlt_ref_of(p, samples);
    k->output = rlt_ref_of(p, output);
    k->window = rlt_ref_of(p, window);
    k->bands = rlt_ref_of(p, bands);
    k->weights = rlt_ref_of(p, weights);
    k->turns = turns;
    k->spectrum = spectrum;
    k->rows = (uint32_t)samples->dims[0];
    k->samples = (uint32_t)samples->dims[1];
    k->frames = (uint32_t)frames;
    k->step = (uint32_t)step;
    k->length = (uint32_t)length;
    k->fft = (uint32_t)fft;
    k->band_count = (uint32_t)bands->dims[0];
    k->is_int16 = samples->type == RLT_INT16;
    return RLT_OK;
}
