/* Building the one line of an rlt_error without stdio. Host only. */
#ifndef RLT_ERROR_H
#define RLT_ERROR_H

#include "rillet.h"

/* Starts an error anew. `error` may be NULL here and below. Returns `status`. */
rlt_status rlt_error_start(rlt_error *error, rlt_status status, int32_t op, int32_t tensor);
void rlt_error_add(rlt_error *error, const char *text);
void rlt_error_add_number(rlt_error *error, int64_t number);
/* Bytes of a file: unprintable ones become '?', long ones are cut. */
void rlt_error_add_name(rlt_error *error, const uint8_t *name, size_t bytes);

#endif
