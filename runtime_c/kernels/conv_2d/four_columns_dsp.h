/* The products of CONV_2D's kernels for the DSP extension: two channels over interleaved columns of four pixels. */
#ifndef RLT_CONV_2D_FOUR_COLUMNS_DSP_H
#define RLT_CONV_2D_FOUR_COLUMNS_DSP_H

/* Adds the products of `pairs` pairs at `columns` with the words at `weights` to a0..a3 and b0..b3. A's weights are bytes
 * 0 and 2 of a word; B's are its halves, or what the instruction `unpack` makes of %[w]. `bytes`: of the 12
 * instructions, or 13, of a pair: a column of 8n + k pairs enters the unrolled loop at its last k. */
#define RLT_FOUR_COLUMNS(unpack, bytes) \
    do { \
        const uint32_t *from = columns, *const end = columns + (size_t)pairs * 4, *weight = weights; \
        uint32_t x, y, w, t = (uint32_t)(-pairs & 7); \
        __asm__ volatile( \
            "movs %[x], #" bytes "\n\t" \
            "adr.w %[y], 1f\n\t" \
            "mla %[x], %[x], %[t], %[y]\n\t" \
            "orr.w %[x], %[x], #1\n\t" \
            "bx %[x]\n\t" \
            ".balign 4\n" \
            "1:\n\t" \
            ".rept 8\n\t" \
            "ldr.w %[w], [%[weight]], #4\n\t" \
            "ldrd %[x], %[y], [%[from]], #8\n\t" \
            "sxtb16.w %[t], %[w]\n\t" \
            unpack \
            "smlad %[b0], %[x], %[w], %[b0]\n\t" \
            "smlad %[b1], %[y], %[w], %[b1]\n\t" \
            "smlad %[a0], %[x], %[t], %[a0]\n\t" \
            "smlad %[a1], %[y], %[t], %[a1]\n\t" \
            "ldrd %[x], %[y], [%[from]], #8\n\t" \
            "smlad %[b2], %[x], %[w], %[b2]\n\t" \
            "smlad %[b3], %[y], %[w], %[b3]\n\t" \
            "smlad %[a2], %[x], %[t], %[a2]\n\t" \
            "smlad %[a3], %[y], %[t], %[a3]\n\t" \
            ".endr\n\t" \
            "ldr.w %[t], %[end]\n\t" \
            "cmp %[from], %[t]\n\t" \
            "bne 1b\n\t" \
            : [a0] "+r"(a0), [a1] "+r"(a1), [a2] "+r"(a2), [a3] "+r"(a3), [b0] "+r"(b0), [b1] "+r"(b1), [b2] "+r"(b2), \
              [b3] "+r"(b3), [x] "=&r"(x), [y] "=&r"(y), [w] "=&r"(w), [t] "+r"(t), [from] "+r"(from), \
              [weight] "+r"(weight) \
            : [end] "m"(end) \
            : "cc", "memory"); \
    } while (0)

#endif
