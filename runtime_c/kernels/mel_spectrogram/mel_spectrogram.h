/* Short-time spectra of a sound, gathered into bands. */
#ifndef RLT_MEL_SPECTROGRAM_H
#define RLT_MEL_SPECTROGRAM_H

#include "../../core/kernel.h"

typedef struct {
    rlt_ref input;    /* float or int16 [rows, samples] */
    rlt_ref output;   /* float [rows, frames, bands] */
    rlt_ref window;   /* float [length] */
    rlt_ref bands;    /* int32 [bands, 2]: first spectral bin, number of bins */
    rlt_ref weights;  /* float, of one band's bins behind the other's */
    rlt_ref turns;    /* float [fft / 2, 2]: cosine and sine of 2 pi k / fft */
    rlt_ref spectrum; /* scratch: float [fft] */
    uint32_t rows, samples, frames, step, length, fft, band_count;
    uint32_t is_int16;
} rlt_mel_spectrogram_params;
#define RLT_MEL_SPECTROGRAM_REFS 7u

#endif
