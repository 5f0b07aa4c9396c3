/* The verifier: an intact file passes; every damage gives an error code and a text, or is harmless. */
#include <string.h>

#include "check.h"
#include "rillet.h"
#include "tiny_model.h"

static _Alignas(64) uint8_t bytes[TINY_MODEL_ROOM];
static tiny_model tiny;

static void set_u32(size_t at, uint32_t value) {
    memcpy(bytes + at, &value, 4);
}

static void expect(rlt_status status, const char *part) {
    rlt_error error;
    rlt_status given = rlt_verify(bytes, tiny.bytes, &error);
    if (given != status || strstr(error.text, part) == NULL) fprintf(stderr, "%d %s\n", given, error.text);
    CHECK(given == status && error.status == status);
    CHECK(strstr(error.text, part) != NULL);
    CHECK(rlt_verify(bytes, tiny.bytes, NULL) == status);
    tiny = write_tiny_model(bytes);
}

static void test_named_faults(void) {
    tiny = write_tiny_model(bytes);
    expect(RLT_OK, "");
    bytes[4] = 'X';
    expect(RLT_ERROR_FORMAT, "TFL3");
    set_u32(0, 0xFFFFFFF0u);
    expect(RLT_ERROR_FORMAT, "outside the file");
    set_u32(tiny.version, 2);
    expect(RLT_ERROR_FORMAT, "version");
    set_u32(tiny.opcode_index, 1);
    expect(RLT_ERROR_FORMAT, "operator code");
    set_u32(tiny.input_index, 4);
    expect(RLT_ERROR_FORMAT, "tensor number");
    set_u32(tiny.input_index, (uint32_t)-2);
    expect(RLT_ERROR_FORMAT, "tensor number");
    set_u32(tiny.weights_buffer, 3);
    expect(RLT_ERROR_FORMAT, "buffer number");
    set_u32(tiny.weights_shape, 4);
    expect(RLT_ERROR_FORMAT, "size of its shape");
    set_u32(tiny.weights_shape, (uint32_t)-5);
    expect(RLT_ERROR_SHAPE, "negative");
    set_u32(tiny.weights_shape, 0x7FFFFFFF);
    expect(RLT_ERROR_SHAPE, "4 GiB");
    set_u32(tiny.weights_data_count, 0x7FFFFFFF);
    expect(RLT_ERROR_FORMAT, "longer than the file");
}

static void test_cut_files(void) {
    for (size_t size = 0; size < tiny.bytes; size++) {
        uint8_t *cut = malloc(size + 1); /* its own block, so that AddressSanitizer sees a read behind it */
        memcpy(cut, bytes, size);
        rlt_error error;
        rlt_status status = rlt_verify(cut, size, &error);
        CHECK(status != RLT_OK || size > tiny.bytes - 16);
        CHECK(status == RLT_OK || error.text[0] != '\0');
        free(cut);
    }
    CHECK(rlt_verify(NULL, 100, NULL) == RLT_ERROR_ARGUMENT);
}

/* Every word replaced by awkward values: what still verifies must prepare and run, or be refused. */
static void test_damaged_words(void) {
    static const uint32_t values[] = {0, 1, 4, 0x7FFFFFFF, 0x80000000u, 0xFFFFFFFFu, 0xFFFFFFFCu, 0x00010000};
    static _Alignas(64) uint8_t arena[65536];
    rlt_config config = {.arena_limit = sizeof arena};
    for (size_t at = 0; at + 4 <= tiny.bytes; at += 4) {
        for (size_t v = 0; v < sizeof values / sizeof *values; v++) {
            set_u32(at, values[v]);
            rlt_plan *plan;
            rlt_error error;
            rlt_session session;
            rlt_status status = rlt_prepare(bytes, tiny.bytes, &config, &plan, &error);
            CHECK((status == RLT_OK) == (plan != NULL));
            CHECK(status == RLT_OK || error.text[0] != '\0');
            if (status == RLT_OK) {
                CHECK(rlt_session_open(&session, rlt_plan_image(plan), bytes, arena, sizeof arena) == RLT_OK);
                rlt_session_invoke(&session);
                rlt_plan_free(plan);
            }
            tiny = write_tiny_model(bytes);
        }
    }
}

int main(void) {
    test_named_faults();
    test_cut_files();
    test_damaged_words();
    return 0;
}
