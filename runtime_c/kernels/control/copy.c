#include <string.h>

#include "control.h"

rlt_status rlt_copy(const rlt_run *run, const void *params) {
    const rlt_copy_params *p = params;
    const void *input = rlt_in(run, p->input);
    void *output = rlt_out(run, p->output);
    if (input != output) memcpy(output, input, p->bytes);
    return RLT_OK;
}
