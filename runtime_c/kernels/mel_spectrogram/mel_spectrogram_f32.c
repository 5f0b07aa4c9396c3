#include "mel_spectrogram.h"

#include "../common/float_math.h"

/* A frame under the window, zeros behind it, in `spectrum` [fft]; complex point k is elements 2 k and 2 k + 1. */
static void take_frame(const rlt_mel_spectrogram_params *p, const void *input, size_t first, const float *window,
                       float *spectrum) {
    for (uint32_t i = 0; i < p->length; i++) {
        const float sample = p->is_int16 ? ((const int16_t *)input)[first + i] : ((const float *)input)[first + i];
        spectrum[i] = sample * window[i];
    }
    for (uint32_t i = p->length; i < p->fft; i++) spectrum[i] = 0.0f;
}

/* Brings point k to the place that k's bits give in reverse. */
static void reorder(float *points, uint32_t count) {
    for (uint32_t k = 1, mirrored = 0; k < count; k++) {
        uint32_t bit = count >> 1;
        for (; mirrored & bit; bit >>= 1) mirrored ^= bit;
        mirrored ^= bit;
        if (k < mirrored) {
            for (uint32_t part = 0; part < 2; part++) {
                const float kept = points[2 * k + part];
                points[2 * k + part] = points[2 * mirrored + part];
                points[2 * mirrored + part] = kept;
            }
        }
    }
}

/* The discrete Fourier transform of `count` complex points in place: radix 2, decimation in time (Cooley and Tukey,
 * 1965). `turns` are those of twice as many points. */
static void transform(float *points, uint32_t count, const float *turns) {
    reorder(points, count);
    for (uint32_t half = 1; half < count; half *= 2) {
        const uint32_t stride = count / half; /* in `turns` */
        for (uint32_t k = 0; k < half; k++) {
            const float c = turns[2 * k * stride], s = turns[2 * k * stride + 1];
            for (uint32_t at = k; at < count; at += 2 * half) {
                float *a = points + 2 * at, *b = points + 2 * (at + half);
                const float re = b[0] * c + b[1] * s, im = b[1] * c - b[0] * s;
                b[0] = a[0] - re;
                b[1] = a[1] - im;
                a[0] += re;
                a[1] += im;
            }
        }
    }
}

/* |X[k]| of the real signal x of which `spectrum` holds the transform Z of x[2 n] + i x[2 n + 1]: X[k] is
 * (Z[k] + Z*[m - k]) / 2 - i e^(-2 pi i k / fft) (Z[k] - Z*[m - k]) / 2, where m = fft / 2. Bins 0 to m are left in
 * `spectrum` as magnitudes, in the first m + 1 elements. */
static void magnitudes(float *spectrum, uint32_t m, const float *turns) {
    const float low = spectrum[0] + spectrum[1], high = spectrum[0] - spectrum[1];
    /* Bins k and m - k need the same two points, whose places then serve their magnitudes. */
    for (uint32_t k = 1; k <= m / 2; k++) {
        float *a = spectrum + 2 * k, *b = spectrum + 2 * (m - k);
        const float c = turns[2 * k], s = turns[2 * k + 1];
        const float even_re = 0.5f * (a[0] + b[0]), even_im = 0.5f * (a[1] - b[1]);
        const float odd_re = 0.5f * (a[1] + b[1]), odd_im = 0.5f * (b[0] - a[0]);
        const float re = odd_re * c + odd_im * s, im = odd_im * c - odd_re * s;
        const float sum_re = even_re + re, sum_im = even_im + im;
        const float rest_re = even_re - re, rest_im = even_im - im;
        a[0] = rlt_sqrtf(sum_re * sum_re + sum_im * sum_im);
        b[0] = rlt_sqrtf(rest_re * rest_re + rest_im * rest_im);
    }
    for (uint32_t k = 1; k < m; k++) spectrum[k] = spectrum[2 * k];
    spectrum[0] = low < 0.0f ? -low : low;
    spectrum[m] = high < 0.0f ? -high : high;
}

static void gather_bands(const rlt_mel_spectrogram_params *p, const float *spectrum, const int32_t *bands,
                         const float *weights, float *output) {
    for (uint32_t band = 0; band < p->band_count; band++) {
        const float *bins = spectrum + bands[2 * band];
        const uint32_t count = (uint32_t)bands[2 * band + 1];
        float sum = 0.0f;
        for (uint32_t i = 0; i < count; i++) sum += bins[i] * weights[i];
        weights += count;
        output[band] = sum;
    }
}

rlt_status rlt_mel_spectrogram_f32(const rlt_run *run, const void *params) {
    const rlt_mel_spectrogram_params *p = params;
    const void *input = rlt_in(run, p->input);
    const float *window = rlt_in(run, p->window), *turns = rlt_in(run, p->turns);
    float *output = rlt_out(run, p->output), *spectrum = rlt_out(run, p->spectrum);
    for (uint32_t row = 0; row < p->rows; row++) {
        for (uint32_t frame = 0; frame < p->frames; frame++) {
            take_frame(p, input, (size_t)row * p->samples + (size_t)frame * p->step, window, spectrum);
            transform(spectrum, p->fft / 2, turns);
            magnitudes(spectrum, p->fft / 2, turns);
            gather_bands(p, spectrum, rlt_in(run, p->bands), rlt_in(run, p->weights), output);
            output += p->band_count;
        }
    }
    return RLT_OK;
}
