/* A deterministic mutation driver for fuzz_model.c, for machines without libFuzzer:
 *   mutate [-n cases] [-s seed] [-c crash-file] seed-file...
 * Damages seed files and runs each result, watching what the sanitizers do not: time (1 s a case) and memory (what
 * rlt_prepare() allocates, at most eight times the file's size plus 64 KiB). Link with --wrap for malloc, calloc, realloc,
 * free. A case that fails is written to the crash file; given as the only seed with -n 0, it runs again unchanged. */
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "fuzz_model.h"
#include "rillet.h"

typedef struct {
    uint8_t *bytes;
    size_t size;
    int runs; /* undamaged, it can be prepared */
} blob;

enum { SEED_LIMIT = 4096, GROWTH = 64 };

static const char *crash_path = "crash.tflite";
static blob current;
static uint64_t state = 1;
static size_t live, peak;

void *__real_malloc(size_t bytes);
void *__real_calloc(size_t count, size_t bytes);
void *__real_realloc(void *block, size_t bytes);
void __real_free(void *block);
void *__wrap_malloc(size_t bytes);
void *__wrap_calloc(size_t count, size_t bytes);
void *__wrap_realloc(void *block, size_t bytes);
void __wrap_free(void *block);
void __sanitizer_set_death_callback(void (*callback)(void));
const char *__ubsan_default_options(void);

const char *__ubsan_default_options(void) {
    return "print_stacktrace=1:abort_on_error=1";
}

static void *counted(void *block) {
    if (block != NULL) live += malloc_usable_size(block);
    if (live > peak) peak = live;
    return block;
}

void *__wrap_malloc(size_t bytes) {
    return counted(__real_malloc(bytes));
}

void *__wrap_calloc(size_t count, size_t bytes) {
    return counted(__real_calloc(count, bytes));
}

void *__wrap_realloc(void *block, size_t bytes) {
    size_t before = block != NULL ? malloc_usable_size(block) : 0;
    void *moved = __real_realloc(block, bytes);
    if (moved != NULL) live -= before;
    return moved != NULL ? counted(moved) : NULL;
}

void __wrap_free(void *block) {
    if (block != NULL) live -= malloc_usable_size(block);
    __real_free(block);
}

static void save_current(void) {
    FILE *file = fopen(crash_path, "wb");
    if (file == NULL) return;
    fwrite(current.bytes, 1, current.size, file);
    fclose(file);
    fprintf(stderr, "case written to %s\n", crash_path);
}

static void save_on_abort(int signal_number) {
    (void)signal_number;
    save_current();
    _exit(1);
}

static double seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static uint32_t draw(uint32_t below) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return below ? (uint32_t)(state >> 33) % below : 0;
}

static void put_u32(blob *b, size_t at, uint32_t value) {
    if (at + 4 <= b->size) memcpy(b->bytes + at, &value, 4);
}

static uint32_t get_u32(const blob *b, size_t at) {
    uint32_t value = 0;
    if (at + 4 <= b->size) memcpy(&value, b->bytes + at, 4);
    return value;
}

/* One change. Words matter most: nearly all of a flatbuffer's structure is words at multiples of 4. */
static void change(blob *b, const blob *other) {
    static const uint32_t awkward[] = {0, 1, 2, 3, 4, 5, 7, 8, 9, 16, 17, 255, 256, 0x7FFF, 0x8000, 0xFFFF, 0x10000,
                                       0x7FFFFFFF, 0x80000000u, 0xFFFFFFFFu, 0xFFFFFFFEu, 0xFFFFFFFCu, 0x3FFFFFFF,
                                       0x40000000, 0x7F800000, 0x7FC00000, 0x3F800000};
    size_t at = draw((uint32_t)b->size), word = at & ~(size_t)3;
    switch (draw(10)) {
        case 0: b->bytes[at] ^= (uint8_t)(1u << draw(8)); break;
        case 1: b->bytes[at] = (uint8_t)draw(256); break;
        case 2: put_u32(b, word, awkward[draw(sizeof awkward / sizeof *awkward)]); break;
        case 3: put_u32(b, word, get_u32(b, word) + draw(9) - 4); break;
        case 4: put_u32(b, word, get_u32(b, draw((uint32_t)b->size) & ~3u)); break;
        case 5: put_u32(b, word, get_u32(b, word) + 4 * draw(64) - 128); break;
        case 6: /* a piece of another file */
            if (other->size > 16) {
                size_t from = draw((uint32_t)other->size - 16) & ~3u, bytes = 4 + 4 * draw(4);
                if (word + bytes <= b->size && from + bytes <= other->size) memcpy(b->bytes + word, other->bytes + from, bytes);
            }
            break;
        case 7: b->size -= draw(b->size > 64 ? 32 : 1); break;
        case 8: b->bytes[at] = (uint8_t)(b->bytes[at] + (draw(2) ? 1 : -1)); break;
        default: { /* two words trade places */
            size_t second = draw((uint32_t)b->size) & ~3u;
            uint32_t first_word = get_u32(b, word), second_word = get_u32(b, second);
            put_u32(b, word, second_word);
            put_u32(b, second, first_word);
        }
    }
}

static void fail(const char *what, double value) {
    fprintf(stderr, "%s: %g for %zu bytes\n", what, value, current.size);
    save_current();
    exit(1);
}

static void run_current(double *slowest) {
    rlt_plan *plan;
    size_t before = live;
    peak = live;
    double start = seconds();
    if (rlt_prepare(current.bytes, current.size, NULL, &plan, NULL) == RLT_OK) rlt_plan_free(plan);
    if (live != before) fail("bytes not given back", (double)(live - before));
    if (peak - before > 8 * current.size + 65536 + 64) fail("bytes allocated", (double)(peak - before));
    LLVMFuzzerTestOneInput(current.bytes, current.size);
    double took = seconds() - start;
    if (took > *slowest) *slowest = took;
    if (took > 1.0) fail("seconds", took);
}

static blob read_file(const char *path) {
    blob read = {NULL, 0, 0};
    FILE *file = fopen(path, "rb");
    if (file == NULL) return read;
    fseek(file, 0, SEEK_END);
    long length = ftell(file);
    rewind(file);
    read.bytes = malloc((size_t)length + GROWTH);
    if (read.bytes != NULL) read.size = fread(read.bytes, 1, (size_t)length, file);
    fclose(file);
    return read;
}

int main(int argc, char **argv) {
    static blob seeds[SEED_LIMIT];
    unsigned long cases = 100000;
    size_t count = 0, longest = 0;
    double slowest = 0;
    int option;
    while ((option = getopt(argc, argv, "n:s:c:")) != -1) {
        if (option == 'n') cases = strtoul(optarg, NULL, 10);
        else if (option == 's') state = strtoull(optarg, NULL, 10);
        else if (option == 'c') crash_path = optarg;
        else return 2;
    }
    for (int i = optind; i < argc && count < SEED_LIMIT; i++) {
        seeds[count] = read_file(argv[i]);
        if (seeds[count].size > longest) longest = seeds[count].size;
        if (seeds[count].size != 0) count++;
    }
    if (count == 0) return fprintf(stderr, "no seed files\n"), 2;
    __sanitizer_set_death_callback(save_current);
    signal(SIGABRT, save_on_abort);
    uint8_t *room = malloc(longest + GROWTH);
    if (room == NULL) return 2;
    for (size_t i = 0; i < count; i++) {
        current = (blob){room, seeds[i].size, 0};
        memcpy(room, seeds[i].bytes, seeds[i].size);
        unsigned long before = fuzz_prepared;
        run_current(&slowest);
        seeds[i].runs = fuzz_prepared > before;
    }
    unsigned long intact = fuzz_prepared;
    for (unsigned long i = 0; i < cases; i++) {
        const blob *seed = &seeds[draw((uint32_t)count)];
        for (int tries = 0; !seed->runs && tries < 4; tries++) seed = &seeds[draw((uint32_t)count)];
        current = (blob){room, seed->size, 0};
        memcpy(room, seed->bytes, seed->size);
        for (uint32_t changes = 1 + (draw(2) ? 0 : draw(draw(4) ? 3 : 12)); changes > 0; changes--) {
            change(&current, &seeds[draw((uint32_t)count)]);
            if (current.size == 0) break;
        }
        run_current(&slowest);
    }
    printf("{\"seeds\": %zu, \"seeds_prepared\": %lu, \"cases\": %lu, \"refused\": %lu, \"prepared\": %lu, "
           "\"invoked\": %lu, \"slowest_s\": %.3f, \"total_s\": %.1f}\n",
           count, intact, cases, fuzz_refused, fuzz_prepared, fuzz_invoked, slowest, seconds());
    for (size_t i = 0; i < count; i++) free(seeds[i].bytes);
    free(room);
    return 0;
}
