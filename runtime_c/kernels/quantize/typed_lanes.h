/* Vectors of 32-bit lanes from and to memory of any quantized type, over the instruction set whose header was included
 * before. */
#ifndef RLT_TYPED_LANES_H
#define RLT_TYPED_LANES_H

#include <string.h>

#include "quantize.h"

RLT_INLINE size_t bytes_of(uint32_t type) {
    return type == RLT_INT32 ? 4 : type == RLT_INT16 ? 2 : 1;
}

RLT_INLINE vi load_lanes(const uint8_t *from, uint32_t type) {
    switch (type) {
    case RLT_INT8: return vi_load_s8((const int8_t *)from);
    case RLT_UINT8: return vi_load_u8(from);
    case RLT_INT16: return vi_load_s16(from);
    default: return vi_load((const int32_t *)(const void *)from);
    }
}

RLT_INLINE void store_lanes(uint8_t *to, uint32_t type, vi lanes) {
    switch (type) {
    case RLT_INT16: vi_store_16(to, lanes); break;
    case RLT_INT32: vi_store_32(to, lanes); break;
    default: vi_store_8(to, lanes); /* INT8 and UINT8 */
    }
}

/* The first `count` lanes, or all; nothing past them is touched. */
RLT_INLINE vi load_lanes_upto(const uint8_t *from, uint32_t type, size_t count) {
    uint8_t all[sizeof(vi)] = {0};
    if (count >= LANES) return load_lanes(from, type);
    memcpy(all, from, count * bytes_of(type));
    return load_lanes(all, type);
}

RLT_INLINE void store_lanes_upto(uint8_t *to, uint32_t type, vi lanes, size_t count) {
    uint8_t all[sizeof(vi)];
    if (count >= LANES) {
        store_lanes(to, type, lanes);
        return;
    }
    store_lanes(all, type, lanes);
    memcpy(to, all, count * bytes_of(type));
}

#endif
