/* Large pages for the image that prepare packs: a large model touches thousands of small ones for the first time, which
 * takes longer than to fill them. Only a hint, where the system takes it. */
#define _DEFAULT_SOURCE
#include <stdlib.h>
#include <sys/mman.h>

#include "../core/state.h"

enum { LARGE_PAGE = 2 << 20, WORTH_BYTES = LARGE_PAGE / 2 };

void *rlt_new_block(size_t bytes, size_t filled) {
#if defined(MADV_HUGEPAGE)
    if (filled >= WORTH_BYTES && bytes <= SIZE_MAX - LARGE_PAGE) {
        const size_t whole = (bytes + LARGE_PAGE - 1) & ~(size_t)(LARGE_PAGE - 1);
        void *block = aligned_alloc(LARGE_PAGE, whole);
        /* More than is likely to be filled: what is never touched takes none, and what is too much is cut off. The other
         * half has the tables at its end. */
        if (block != NULL) (void)madvise(block, whole / 2, MADV_HUGEPAGE);
        return block;
    }
#endif
    (void)filled;
    return malloc(bytes);
}
