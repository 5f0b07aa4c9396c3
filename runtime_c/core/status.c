#include "rillet.h"

const char *rlt_status_text(rlt_status status) {
    switch (status) {
#define RLT_STATUS_CASE(name, value, text) \
    case name: return text;
        RLT_STATUS_LIST(RLT_STATUS_CASE)
#undef RLT_STATUS_CASE
    }
    return "unknown status";
}
