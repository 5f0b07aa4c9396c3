/* CAST between FLOAT32, BOOL and the integer types. Integers wrap; floats are cut towards zero and saturate, where
 * LiteRT leaves the result to the compiler. */
#include "cast.h"

static int64_t load_integer(const void *input, size_t i, uint32_t type) {
    switch (type) {
    case RLT_INT8: return ((const int8_t *)input)[i];
    case RLT_INT16: return ((const int16_t *)input)[i];
    case RLT_UINT16: return ((const uint16_t *)input)[i];
    case RLT_INT32: return ((const int32_t *)input)[i];
    case RLT_UINT32: return ((const uint32_t *)input)[i];
    case RLT_INT64: return ((const int64_t *)input)[i];
    default: return ((const uint8_t *)input)[i]; /* UINT8, BOOL */
    }
}

static void store_integer(void *output, size_t i, uint32_t type, int64_t value) {
    switch (type) {
    case RLT_BOOL: ((uint8_t *)output)[i] = value != 0; break;
    case RLT_INT16:
    case RLT_UINT16: ((uint16_t *)output)[i] = (uint16_t)value; break;
    case RLT_INT32:
    case RLT_UINT32: ((uint32_t *)output)[i] = (uint32_t)value; break;
    case RLT_INT64: ((int64_t *)output)[i] = value; break;
    default: ((uint8_t *)output)[i] = (uint8_t)value; break; /* INT8, UINT8 */
    }
}

static int64_t truncated(float x, uint32_t type) {
    float low = 0.0f, high = 4294967040.0f; /* the largest float below 2^32 */
    switch (type) {
    case RLT_BOOL: return x != 0.0f;
    case RLT_INT8: low = -128.0f; high = 127.0f; break;
    case RLT_UINT8: high = 255.0f; break;
    case RLT_INT16: low = -32768.0f; high = 32767.0f; break;
    case RLT_UINT16: high = 65535.0f; break;
    case RLT_INT32: low = -2147483648.0f; high = 2147483520.0f; break;
    case RLT_INT64: low = -9223372036854775808.0f; high = 9223371487098961920.0f; break;
    default: break;
    }
    if (x != x) return 0;
    if (x > high) return type == RLT_INT32 ? INT32_MAX : type == RLT_INT64 ? INT64_MAX : (int64_t)high;
    return (int64_t)(x < low ? low : x);
}

rlt_status rlt_cast(const rlt_run *run, const void *params) {
    const rlt_cast_params *p = params;
    const void *input = rlt_in(run, p->input);
    void *output = rlt_out(run, p->output);
    uint32_t i, last;
    rlt_share_of(run, p->count, &i, &last);
    for (; i < last; i++) {
        if (p->input_type == RLT_FLOAT32) {
            store_integer(output, i, p->output_type, truncated(((const float *)input)[i], p->output_type));
        } else if (p->output_type == RLT_FLOAT32) {
            ((float *)output)[i] = (float)load_integer(input, i, p->input_type);
        } else {
            store_integer(output, i, p->output_type, load_integer(input, i, p->input_type));
        }
    }
    return RLT_OK;
}
