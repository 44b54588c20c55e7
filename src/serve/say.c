/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/say.h"

#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LINE_SIZE 1024

static _Atomic int loudest = WR_LOG_INFO;
static bool journal;

/* JOURNAL_STREAM is "device:inode" of the journal's stream; another process may have passed it on by mistake. */
static bool is_journal(void)
{
    const char *stream = getenv("JOURNAL_STREAM");
    unsigned long long device = 0, inode = 0;
    struct stat st;
    return stream != NULL && sscanf(stream, "%llu:%llu", &device, &inode) == 2 &&
           fstat(STDERR_FILENO, &st) == 0 && st.st_dev == (dev_t)device &&
           st.st_ino == (ino_t)inode;
}

static void hook(void *user, enum wr_log_level level, const char *text)
{
    wr_say(level, "%s", text);
}

void wr_say_start(enum wr_log_level level)
{
    journal = is_journal();
    wr_say_level(level);
    wr_log_set_hook(hook, NULL);
}

void wr_say_level(enum wr_log_level level)
{
    atomic_store_explicit(&loudest, (int)level, memory_order_relaxed);
}

static const char *lead(enum wr_log_level level)
{
    static const char *const plain[] = {"error: ", "warning: ", "", "debug: "};
    static const char *const numbered[] = {"<3>", "<4>", "<6>", "<7>"};
    return journal ? numbered[level] : plain[level];
}

void wr_say(enum wr_log_level level, const char *format, ...)
{
    if ((int)level > atomic_load_explicit(&loudest, memory_order_relaxed)) {
        return;
    }
    int saved = errno;
    char line[LINE_SIZE];
    int n = snprintf(line, sizeof(line), "%s", lead(level));
    va_list list;
    va_start(list, format);
    int more = vsnprintf(line + n, sizeof(line) - (size_t)n - 1, format, list);
    va_end(list);
    size_t len = (size_t)n + (more > 0 ? (size_t)more : 0);
    len = len < sizeof(line) - 2 ? len : sizeof(line) - 2;
    line[len++] = '\n';
    ssize_t written = write(STDERR_FILENO, line, len);
    (void)written; /* nobody is left to be told */
    errno = saved;
}
