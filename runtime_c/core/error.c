#include "error.h"

#include <string.h>

enum { NAME_LIMIT = 100 };

rlt_status rlt_error_start(rlt_error *error, rlt_status status, int32_t op, int32_t tensor) {
    if (error == NULL) return status;
    error->status = status;
    error->op = op;
    error->tensor = tensor;
    error->text[0] = '\0';
    return status;
}

static void add(rlt_error *error, const char *text, size_t bytes) {
    size_t used = strlen(error->text), room = sizeof error->text - 1 - used;
    if (bytes > room) bytes = room;
    memcpy(error->text + used, text, bytes);
    error->text[used + bytes] = '\0';
}

void rlt_error_add(rlt_error *error, const char *text) {
    if (error != NULL) add(error, text, strlen(text));
}

void rlt_error_add_number(rlt_error *error, int64_t number) {
    char digits[24];
    size_t at = sizeof digits;
    uint64_t left = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;
    do {
        digits[--at] = (char)('0' + left % 10);
        left /= 10;
    } while (left != 0);
    if (number < 0) digits[--at] = '-';
    if (error != NULL) add(error, digits + at, sizeof digits - at);
}

void rlt_error_add_name(rlt_error *error, const uint8_t *name, size_t bytes) {
    if (error == NULL) return;
    size_t shown = bytes < NAME_LIMIT ? bytes : NAME_LIMIT;
    for (size_t i = 0; i < shown; i++) {
        char c = (char)name[i];
        if (c < ' ' || c > '~') c = '?';
        add(error, &c, 1);
    }
    if (shown < bytes) add(error, "...", 3);
}
