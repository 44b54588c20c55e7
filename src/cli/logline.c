/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/logline.h"

#include <string.h>

#include "base/str.h"
#include "base/utf8.h"
#include "cli/when.h"

enum { CELL = 400, LINE = 4096 };

static const char *text_of(const json_t *event, const char *key)
{
    const char *text = json_string_value(json_object_get(event, key));

    return text ? text : "";
}

/* Its name, its number or its claim, and the address without the port. */
static void put_who(const json_t *event, char *out, size_t cap)
{
    const json_t *device = json_object_get(event, "device");
    const char *client = text_of(event, "client"), *claim = text_of(event, "claim");
    const char *colon = strrchr(client, ':');
    size_t n = strlen(client);

    if (client[0] == '[' && strchr(client, ']')) {
        n = (size_t)(strchr(client, ']') - client) - 1;
        client++;
    } else if (colon && strchr(client, ':') == colon) {
        n = (size_t)(colon - client);
    }
    if (text_of(event, "device_name")[0])
        snprintf(out, cap, "%s %.*s", text_of(event, "device_name"), (int)n, client);
    else if (device)
        snprintf(out, cap, "d%lld %.*s", (long long)json_integer_value(device), (int)n, client);
    else if (claim[0])
        snprintf(out, cap, "%s? %.*s", claim, (int)n, client);
    else
        snprintf(out, cap, "%.*s", (int)n, client);
    if (!out[0])
        snprintf(out, cap, "-");
}

static void put_from(const json_t *event, char *out, size_t cap)
{
    const char *upstream = text_of(event, "upstream");

    snprintf(out, cap, "%s", upstream[0] ? upstream : text_of(event, "source"));
}

static void put_verdict(const json_t *event, char *out, size_t cap)
{
    const char *verdict = text_of(event, "verdict"), *rule = text_of(event, "rule");
    const char *feed = text_of(event, "feed");
    int n = snprintf(out, cap, "%s%s", verdict[0] ? verdict : "-",
                     json_is_true(json_object_get(event, "shadow")) ? " (shadow)" : "");

    if (rule[0] && n > 0 && (size_t)n < cap)
        n += snprintf(out + n, cap - (size_t)n, " by %s", rule);
    if (feed[0] && n > 0 && (size_t)n < cap)
        snprintf(out + n, cap - (size_t)n, " (%s:%lld)", feed,
                 (long long)json_integer_value(json_object_get(event, "line")));
}

static void put_took(const json_t *event, char *out, size_t cap)
{
    const json_t *took = json_object_get(event, "took_us"),
                 *count = json_object_get(event, "count");

    if (count)
        snprintf(out, cap, "%lld queries", (long long)json_integer_value(count));
    else
        snprintf(out, cap, "%.1f ms", (double)json_integer_value(took) / 1000);
}

static void put_line(const json_t *event, char *out, size_t cap)
{
    char time[32], who[CELL], from[CELL], verdict[CELL], took[40];
    const char *name = text_of(event, "name"), *type = text_of(event, "type");
    const char *rcode = text_of(event, "rcode"), *security = text_of(event, "security");
    const char *asked = text_of(event, "asked"); /* another's resolver */

    wr_when_text(json_integer_value(json_object_get(event, "time")), time, sizeof(time));
    if (json_object_get(event, "text")) {
        snprintf(out, cap, "%-20s  %s: %s", time, text_of(event, "kind"), text_of(event, "text"));
        return;
    }
    put_who(event, who, sizeof(who));
    put_from(event, from, sizeof(from));
    put_verdict(event, verdict, sizeof(verdict));
    put_took(event, took, sizeof(took));
    snprintf(out, cap, "%-20s  %-16s  %-32s  %-5s  %-8s  %-10s  %-12s  %-9s  %s%s%s", time, who,
             name[0] ? name : "-", type[0] ? type : "-", rcode[0] ? rcode : "-", from, verdict,
             security[0] ? security : "-", took, asked[0] ? ", asked " : "", asked);
}

/* Devices name themselves, and whoever holds the socket may lie: nothing of it moves the cursor. */
void wr_logline_print(const json_t *event, FILE *out)
{
    char line[LINE], safe[4 * LINE];
    struct wr_str s;

    put_line(event, line, sizeof(line));
    wr_str_init(&s, safe, sizeof(safe));
    wr_utf8_safe(&s, line, strlen(line));
    fputs(safe, out);
}
