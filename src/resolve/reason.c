/* SPDX-License-Identifier: Apache-2.0 */
/* Why a request failed, for the extended error of its SERVFAIL (RFC 8914): a code, the zone, and words for people. */
#include "resolve/request_state.h"

#include "dns/codes.h"
#include "resolve/conninfo.h"
#include "transport/uri.h"

static const int16_t codes[] = {
    [WR_FORWARD_SILENCE] = WR_EDE_NO_REACHABLE_AUTHORITY,
    [WR_FORWARD_UNREACHABLE] = WR_EDE_NETWORK_ERROR,
    [WR_FORWARD_NO_SERVER] = WR_EDE_NO_REACHABLE_AUTHORITY,
    [WR_FORWARD_NO_ROOM] = WR_EDE_OTHER,
    [WR_FORWARD_ERROR] = WR_EDE_NO_REACHABLE_AUTHORITY,
};

/* What servers answered that was no answer. */
static void put_error(struct wr_str *s, const struct wr_forward *f)
{
    char text[32];
    if (f->ede == WR_EDE_INVALID_DATA) {
        wr_str_text(s, " sent answers that cannot be used");
    } else if (f->rcode == WR_RCODE_NOERROR || f->rcode == WR_RCODE_NXDOMAIN) {
        wr_str_text(s, " do not answer for it (lame)");
    } else {
        wr_codes_rcode_text(f->rcode, text, sizeof(text));
        wr_str_text(s, " answered ");
        wr_str_text(s, text);
    }
}

/* What became of the servers that were asked: upstreams, or those of a zone. */
static void put_forward(struct wr_str *s, const struct wr_forward *f, const char *who)
{
    switch ((enum wr_forward_failure)f->failure) {
    case WR_FORWARD_SILENCE:
        wr_str_text(s, "none of ");
        wr_str_text(s, who);
        wr_str_text(s, " answered in time");
        return;
    case WR_FORWARD_UNREACHABLE:
        wr_str_text(s, who);
        wr_str_text(s, " cannot be reached");
        return;
    case WR_FORWARD_NO_SERVER:
        wr_str_text(s, "none of ");
        wr_str_text(s, who);
        wr_str_text(s, " may be asked");
        return;
    case WR_FORWARD_NO_ROOM:
        wr_str_text(s, "no port, descriptor or place for the question here");
        return;
    case WR_FORWARD_ERROR:
        wr_str_text(s, who);
        put_error(s, f);
        return;
    }
}

/* Of the first server whose address is not known. */
static void put_unknown(struct wr_str *s, const struct wr_iter *it, bool waits)
{
    wr_str_text(s, waits ? "the address of its server" : "no address of its server");
    for (unsigned i = 0; i < it->servers; i++) {
        if (!it->server[i].known) {
            wr_str_text(s, it->servers > 1 ? "s, such as " : " ");
            wr_name_put_text(s, it->names + it->server[i].at);
            if (it->servers > 1) {
                wr_str_char(s, ',');
            }
            break;
        }
    }
    wr_str_text(s, waits ? " was not found in time" : " could be found");
}

/* True: the servers were asked, and the forward knows more. */
static bool put_iter(struct wr_str *s, const struct wr_iter *it)
{
    if (it->state == WR_ITER_WAITING || it->state == WR_ITER_START) {
        put_unknown(s, it, true);
        return false;
    }
    switch ((enum wr_iter_failure)it->failure) {
    case WR_ITER_NO_ANSWER: return true;
    case WR_ITER_NO_ADDRESS: put_unknown(s, it, false); return false;
    case WR_ITER_TOO_LONG: wr_str_text(s, "too many referrals"); return false;
    }
    return true;
}

/* None of the group's servers proved who it is. */
static bool are_strangers(const struct wr_requests *rs, const struct wr_upstreams *u,
                          unsigned group)
{
    const struct wr_conninfo *conns = rs->env.streams.conns;
    if (!conns || group >= u->groups) {
        return false;
    }
    for (unsigned i = 0; i < u->group[group].servers; i++) {
        const struct wr_upstream *up = &u->upstream[u->group[group].server[i]];
        if (!up->whom || !wr_conninfo_is_stranger(&conns[up->slot], up->generation)) {
            return false;
        }
    }
    return u->group[group].servers > 0;
}

static void explain_forward(struct wr_requests *rs, const struct wr_request *r, struct wr_str *s)
{
    const struct wr_upstreams *u = rs->env.select.upstreams;
    const uint8_t *zone;
    unsigned group = wr_upstream_view(u, r->asked.view, r->asked.name.wire, &zone);
    char who[sizeof(u->group[0].name) + 32];
    struct wr_str w;
    wr_name_set(&rs->reason_zone, zone);
    wr_str_init(&w, who, sizeof(who));
    wr_str_text(&w, "the upstreams");
    if (group < u->groups && u->group[group].name[0]) {
        wr_str_text(&w, " of group ");
        wr_str_text(&w, u->group[group].name);
    }
    if (r->forward.failure != WR_FORWARD_UNREACHABLE || !are_strangers(rs, u, group)) {
        put_forward(s, &r->forward, who);
        return;
    }
    /* Not which they are: a host may have the owner's account in it, and any client is told this. The log and `weir upstreams` say it. */
    wr_str_text(s, who);
    wr_str_text(s, " did not prove to be who they should be");
}

bool wr_request_explain(struct wr_requests *rs, const struct wr_request *r, struct wr_answer *a,
                        bool *ret_silence)
{
    const struct wr_forward *f = &r->forward;
    const struct wr_iter *it = wr_stage_iter(rs, r);
    struct wr_str s;
    a->rcode = WR_RCODE_SERVFAIL;
    bool bogus = wr_prove_explain(rs, r, a, ret_silence);
    if (a->ede_text) {
        return bogus;
    }
    bool answered = f->failure == WR_FORWARD_ERROR && f->ede != WR_EDE_NONE;
    a->ede = r->why ? r->why_ede : answered ? f->ede : codes[f->failure];
    wr_str_init(&s, rs->reason, sizeof(rs->reason));
    if (it) {
        wr_name_set(&rs->reason_zone, it->zone.size > 0 ? it->zone.wire : r->asked.name.wire);
    }
    if (r->why) {
        wr_str_text(&s, r->why);
        rs->reason_zone = it ? rs->reason_zone : r->asked.name;
    } else if (!it) {
        explain_forward(rs, r, &s);
    } else if (f->failure == WR_FORWARD_NO_ROOM || put_iter(&s, it)) {
        put_forward(&s, f, "its servers");
    }
    a->ede_text = rs->reason;
    a->ede_zone = rs->reason_zone.wire;
    return false;
}
