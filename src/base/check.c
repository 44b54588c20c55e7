/* SPDX-License-Identifier: Apache-2.0 */
#include "base/check.h"

/* Set once before threads start, then only read. */
static wr_check_handler *check_handler;

void wr_check_set_handler(wr_check_handler *handler)
{
    check_handler = handler;
}

_Noreturn void wr_check_fail(const char *cond, const char *file, int line)
{
    if (check_handler) {
        check_handler(cond, file, line);
    }
    __builtin_trap();
}
