/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/when.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/err.h"
#include "base/str.h"

/* Of a moment that is so long ago. */
#define AGO_MAX_S (UINT64_C(100000000) * 86400)

bool wr_when_span(const char *text, uint64_t most_s, uint64_t *ret_s)
{
    static const char units[] = "smhd";
    static const uint64_t seconds[] = {1, 60, 3600, 86400};
    size_t n = strlen(text);
    const char *unit = n > 1 ? strchr(units, text[n - 1]) : NULL;
    uint64_t count = 0;

    if (!unit || !*unit || wr_str_to_u64(text, n - 1, most_s, &count) != WR_OK)
        return false;
    count *= seconds[unit - units];
    *ret_s = count;
    return count > 0 && count <= most_s;
}

static int read_ago(const char *text, int64_t now_s, int64_t *ret_s)
{
    uint64_t ago_s = 0;

    if (!wr_when_span(text, AGO_MAX_S, &ago_s))
        return WR_E_FORMAT;
    *ret_s = now_s - (int64_t)ago_s;
    return WR_OK;
}

/* All of the text is read by the format, but for a Z. */
static bool fits(const char *text, const char *format, struct tm *ret_tm)
{
    memset(ret_tm, 0, sizeof(*ret_tm));
    const char *rest = strptime(text, format, ret_tm);

    return rest && (!*rest || !strcmp(rest, "Z"));
}

int wr_when_read(const char *text, int64_t now_s, int64_t *ret_s)
{
    static const char *const formats[] = {"%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S",
                                          "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M", "%Y-%m-%d"};
    struct tm tm;
    uint64_t since = 0;

    if (text[0] == '@') {
        if (wr_str_to_u64(text + 1, strlen(text + 1), INT64_MAX, &since) != WR_OK)
            return WR_E_FORMAT;
        *ret_s = (int64_t)since;
        return WR_OK;
    }
    for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
        if (fits(text, formats[i], &tm)) {
            *ret_s = (int64_t)timegm(&tm);
            return WR_OK;
        }
    }
    return read_ago(text, now_s, ret_s);
}

static bool to_text(int64_t s, char *ret_text, unsigned cap)
{
    time_t at = (time_t)s;
    struct tm tm;

    return gmtime_r(&at, &tm) && strftime(ret_text, cap, "%Y-%m-%dT%H:%M:%SZ", &tm) > 0;
}

void wr_when_text(int64_t s, char *ret_text, unsigned cap)
{
    if (!to_text(s, ret_text, cap))
        snprintf(ret_text, cap, "-");
}

bool wr_when_show(json_t *object, const char *key)
{
    const json_t *s = json_object_get(object, key);
    char text[32];

    return json_is_integer(s) && to_text(json_integer_value(s), text, sizeof(text)) &&
           json_object_set_new(object, key, json_string(text)) == 0;
}
