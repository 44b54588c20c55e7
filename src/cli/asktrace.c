/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/asktrace.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/time.h"
#include "net/clock.h"
#include "serve/resolvconf.h"
#include "serve/story.h"

struct sink {
    FILE *out;
    uint64_t begun_us;
};

/* Text of strangers is in escapes already: names are written by dns/name. */
static void line(void *user, const char *machine, uint64_t id, const char *from, const char *to,
                 const char *why)
{
    struct sink *s = user;
    struct wr_now now;

    wr_clock_now(false, &now);
    uint64_t us = now.mono_us - s->begun_us;
    fprintf(s->out, ";; %5" PRIu64 ".%03" PRIu64 " ms  %-8s %-10s %s\n", us / 1000, us % 1000,
            machine, strcmp(from, to) ? to : "", why ? why : "");
}

/* "192.0.2.1,2001:db8::1#5300" as URLs. */
static int put_hints(const char *text, json_t *list)
{
    while (*text) {
        char one[WR_ADDR_TEXT_SIZE + 16], url[WR_ADDR_TEXT_SIZE + 32],
            zone[WR_RESOLVCONF_ZONE_SIZE] = "";
        struct wr_addr addr;
        size_t n = strcspn(text, ",");

        if (n == 0 || n >= sizeof(one) || json_array_size(list) == WR_HINTS_MAX)
            return WR_E_USAGE;
        memcpy(one, text, n);
        one[n] = 0;
        if (wr_askflags_server(one, 53, &addr, zone) != WR_OK || zone[0])
            return WR_E_USAGE;
        memcpy(url, "udp://", 7);
        wr_addr_to_text(&addr, url + 6, sizeof(url) - 6);
        json_array_append_new(list, json_string(url));
        text += n + (text[n] == ',');
    }
    return json_array_size(list) > 0 ? WR_OK : WR_E_USAGE;
}

/* JSON is YAML enough. Servers that the hints name may be anywhere, in a lab on the loopback as well. */
static int make_conf(const struct wr_askflags *f, char **ret_text, char *ret_why)
{
    json_t *hints = json_array(), *anchors = json_array(), *conf;

    if (f->hints && put_hints(f->hints, hints) != WR_OK) {
        snprintf(ret_why, WR_ASKFLAGS_WHY_SIZE, "+hints wants addresses with commas between them");
        json_decref(hints);
        json_decref(anchors);
        return WR_E_USAGE;
    }
    if (f->anchor)
        json_array_append_new(anchors, json_string(f->anchor));
    conf = json_pack("{s:{s:s, s:b, s:b}, s:{s:o}, s:{s:o}, s:{s:s}, s:{s:s}}", "upstream",
                     "default", "recursion", "ipv4", f->family != WR_AF_V6, "ipv6",
                     f->family != WR_AF_V4, "recursion", "hints", hints, "dnssec", "anchors",
                     anchors, "time", "trust", "system", "cache", "size", "4MiB");
    if (conf && f->hints)
        json_object_set_new(json_object_get(conf, "recursion"), "never_ask",
                            json_pack("[s]", "0.0.0.0/32"));
    *ret_text = conf ? json_dumps(conf, 0) : NULL;
    json_decref(conf);
    return *ret_text ? WR_OK : WR_E_NOMEM;
}

int wr_asktrace_run(const struct wr_askflags *flags, const uint8_t *query, size_t query_size,
                    FILE *out, uint8_t ret_reply[WR_MSG_MAX], size_t *ret_size, char *ret_why)
{
    char *conf = NULL;
    struct wr_now now;
    int err = make_conf(flags, &conf, ret_why);

    if (err)
        return err;
    wr_clock_now(false, &now);
    struct sink sink = {out, now.mono_us};
    struct wr_trace trace = {line, &sink};
    struct wr_story story = {conf, flags->json ? NULL : &trace, query, query_size};
    err = wr_story_tell(&story, ret_reply, ret_size, ret_why, WR_ASKFLAGS_WHY_SIZE);
    free(conf);
    return err;
}
