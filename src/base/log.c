/* SPDX-License-Identifier: Apache-2.0 */
#include <stddef.h>

#include "base/log.h"

static wr_log_hook *log_hook;
static void *log_user;

void wr_log_set_hook(wr_log_hook *hook, void *user)
{
    log_hook = hook;
    log_user = user;
}

void wr_log(enum wr_log_level level, const char *text)
{
    if (log_hook) {
        log_hook(log_user, level, text);
    }
}
