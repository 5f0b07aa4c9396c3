/* Large pages for the image that prepare packs: a large model touches thousands of small ones for the first time, which
 * takes a fifth of the whole. Only a hint, where the system takes it. */
#define _DEFAULT_SOURCE
#include <sys/mman.h>
#include <unistd.h>

#include "../core/state.h"

enum { WORTH_BYTES = 2 << 20 }; /* of one large page */

void rlt_want_large_pages(void *block, size_t bytes) {
#if defined(MADV_HUGEPAGE)
    if (bytes < WORTH_BYTES) return;
    const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    const uintptr_t start = ((uintptr_t)block + page - 1) & ~(page - 1), end = ((uintptr_t)block + bytes) & ~(page - 1);
    if (start < end) (void)madvise((void *)start, end - start, MADV_HUGEPAGE);
#else
    (void)block;
    (void)bytes;
#endif
}
