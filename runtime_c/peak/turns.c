/* How long a cache line takes from one core to another and back. */
#include <stdatomic.h>

#include "rillet.h"

enum { PATIENCE = 4000000 }; /* looks at a word that does not change: a millisecond or more, and the other thread is not there */

uint32_t rlt_take_turns(uint32_t *word, uint32_t turn, uint32_t rounds) {
    _Atomic uint32_t *shared = (_Atomic uint32_t *)word;
    for (uint32_t done = 0; done < rounds; done++) {
        uint32_t value, looks = 0;
        while ((value = atomic_load_explicit(shared, memory_order_acquire)) % 2 != turn)
            if (++looks == PATIENCE) return done;
        atomic_store_explicit(shared, value + 1, memory_order_release);
    }
    return rounds;
}
