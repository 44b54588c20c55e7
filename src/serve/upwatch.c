/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/upwatch.h"

#include "base/check.h"
#include "base/str.h"
#include "base/time.h"
#include "serve/say.h"

#define TELL_EVERY_US (60 * WR_S)
#define LINE_SIZE     600

/* What the owner can do about it. */
static const char *advice(uint32_t why)
{
    static const char *const texts[WR_UPCONN_WHYS] = {
        [WR_UPCONN_REFUSED] = "check its address and port, and that this machine has a way there",
        [WR_UPCONN_DEAF] = "check its address, and that no firewall on the way drops this port",
        [WR_UPCONN_MUTE] =
            "something else may accept connections in its place (a captive portal, a "
            "proxy), or it is overloaded",
        [WR_UPCONN_NOT_TLS] = "check the port; a captive portal answers like that too: log in to "
                              "the network",
        [WR_UPCONN_REJECTED] = "ask its operator which versions of TLS and which certificates it "
                               "wants",
        [WR_UPCONN_STRANGER] = "nothing was asked of it; compare name, pins and upstream.ca_file "
                               "with what its operator says, and log in to the network if it has "
                               "a captive portal",
        [WR_UPCONN_NOT_DNS] = "check the port and the scheme of its URL",
        [WR_UPCONN_CLOSED] = "it may be overloaded, or want no more connections from here",
        [WR_UPCONN_UNCARRIED] =
            "compare the proxy and the target of its URL with what those who run "
            "them say: a proxy carries to the targets that it knows",
        [WR_UPCONN_SHUT] =
            "check the port, for what speaks no TLS does that (plain DNS is tcp:// or "
            "udp://), and so does a server that is overloaded",
        [WR_UPCONN_HUNG] = "a link on the way may have changed; a new connection is made",
        [WR_UPCONN_OWN] = "raise the limits of memory and open files",
    };
    return why < WR_UPCONN_WHYS && texts[why] ? texts[why] : "";
}

static void write_failure(const struct wr_upstream *up, const struct wr_conninfo_view *v,
                          uint64_t count, struct wr_str *s)
{
    wr_str_text(s, "upstream ");
    wr_str_text(s, up->url);
    wr_str_text(s, ": ");
    wr_str_text(s, wr_upconn_why_text((uint8_t)v->why));
    if (v->text[0]) {
        wr_str_text(s, ": ");
        wr_str_text(s, v->text);
    }
    if (count > 1) {
        wr_str_text(s, " (");
        wr_str_u64(s, count);
        wr_str_text(s, " times)");
    }
    wr_str_text(s, "; ");
    wr_str_text(s, advice(v->why));
}

enum wr_upwatch_news wr_upwatch_look(struct wr_upwatch *w, const struct wr_upstream *up,
                                     struct wr_conninfo *conns, uint64_t now_us, char *ret_line,
                                     size_t cap)
{
    struct wr_upwatch_one *one = &w->one[up->slot];
    struct wr_conninfo_view v;
    struct wr_str s;
    wr_str_init(&s, ret_line, cap);
    if (one->generation != up->generation) {
        *one = (struct wr_upwatch_one){.generation = up->generation};
    }
    wr_conninfo_read(&conns[up->slot], up->generation, &v);
    if (v.failures > one->failures && v.failed_us >= v.ready_us &&
        (!one->told_us || now_us >= one->told_us + TELL_EVERY_US)) {
        write_failure(up, &v, v.failures - one->failures, &s);
        one->told_us = now_us;
        one->failures = v.failures;
        return WR_UPWATCH_FAILS;
    }
    if (one->told_us && v.ready_us > v.failed_us) {
        wr_str_text(&s, "upstream ");
        wr_str_text(&s, up->url);
        wr_str_text(&s, " is well again");
        one->told_us = 0;
        one->failures = v.failures;
        return WR_UPWATCH_WELL;
    }
    return WR_UPWATCH_NOTHING;
}

void wr_upwatch_tick(struct wr_upwatch *w, const struct wr_upstreams *upstreams,
                     struct wr_conninfo *conns, uint64_t now_us)
{
    char line[LINE_SIZE];
    for (unsigned i = 0; i < upstreams->upstreams; i++) {
        const struct wr_upstream *up = &upstreams->upstream[i];
        if (!up->whom) {
            continue;
        }
        enum wr_upwatch_news news = wr_upwatch_look(w, up, conns, now_us, line, sizeof(line));
        if (news != WR_UPWATCH_NOTHING) {
            wr_say(news == WR_UPWATCH_FAILS ? WR_LOG_WARN : WR_LOG_INFO, "%s", line);
        }
    }
}
