/* The part of <string.h> that the runtime uses, for compilers without a C library. Copies of a fixed small size
 * become plain loads and stores even under -ffreestanding. */
#ifndef RILLET_PORT_STRING_H
#define RILLET_PORT_STRING_H

#include <stddef.h>

void *memcpy(void *restrict to, const void *restrict from, size_t length);
void *memmove(void *to, const void *from, size_t length);
void *memset(void *to, int value, size_t length);
int memcmp(const void *a, const void *b, size_t length);

#define memcpy(to, from, length) __builtin_memcpy(to, from, length)
#define memmove(to, from, length) __builtin_memmove(to, from, length)
#define memset(to, value, length) __builtin_memset(to, value, length)
#define memcmp(a, b, length) __builtin_memcmp(a, b, length)

#endif
