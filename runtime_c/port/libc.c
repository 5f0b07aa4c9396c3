/* The four functions that a C compiler may call by itself. Compiled so that it does not turn these loops back into
 * calls of the functions they are (-fno-tree-loop-distribute-patterns, -ffreestanding). */
#include <stddef.h>
#include <stdint.h>

void *memcpy(void *restrict to, const void *restrict from, size_t length);
void *memmove(void *to, const void *from, size_t length);
void *memset(void *to, int value, size_t length);
int memcmp(const void *a, const void *b, size_t length);

/* A word that may overlay objects of any type. */
typedef uint32_t __attribute__((may_alias)) word;

void *memcpy(void *restrict to, const void *restrict from, size_t length)
{
    uint8_t *out = to;
    const uint8_t *in = from;
    if ((((uintptr_t)out | (uintptr_t)in) & 3u) == 0) {
        for (; length >= 4; length -= 4, out += 4, in += 4) {
            *(word *)(void *)out = *(const word *)(const void *)in;
        }
    }
    for (; length != 0; --length) {
        *out++ = *in++;
    }
    return to;
}

void *memmove(void *to, const void *from, size_t length)
{
    uint8_t *out = to;
    const uint8_t *in = from;
    if ((uintptr_t)out <= (uintptr_t)in || (uintptr_t)out >= (uintptr_t)in + length) {
        for (; length != 0; --length) {
            *out++ = *in++;
        }
    } else {
        while (length != 0) {
            --length;
            out[length] = in[length];
        }
    }
    return to;
}

void *memset(void *to, int value, size_t length)
{
    uint8_t *out = to;
    for (; length != 0 && ((uintptr_t)out & 3u) != 0; --length) {
        *out++ = (uint8_t)value;
    }
    for (; length >= 4; length -= 4, out += 4) {
        *(word *)(void *)out = (uint8_t)value * 0x01010101u;
    }
    for (; length != 0; --length) {
        *out++ = (uint8_t)value;
    }
    return to;
}

int memcmp(const void *a, const void *b, size_t length)
{
    const uint8_t *left = a, *right = b;
    for (; length != 0; --length, ++left, ++right) {
        if (*left != *right) {
            return *left - *right;
        }
    }
    return 0;
}
