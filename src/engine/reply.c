/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/reply.h"

#include <string.h>

#include "base/str.h"
#include "dns/build.h"
#include "policy/cookie.h"

/* TTL of the HINFO that answers ANY; RFC 8482 section 4.2 leaves it to us. */
#define ANY_TTL_S 3600

static uint16_t reply_flags(const struct wr_asker *a)
{
    uint16_t copied = a->flags & (WR_FLAG_RD | WR_FLAG_CD | 0x7800);
    return (uint16_t)(WR_FLAG_QR | WR_FLAG_RA | copied);
}

/* AD: every record of the answer is proven, and who asked understands the bit (RFC 6840 section 5.7). */
static uint16_t answer_flags(const struct wr_reply *r, const struct wr_asker *a,
                             const struct wr_answer *answer)
{
    bool understood = a->question.dnssec_ok || (a->flags & WR_FLAG_AD);
    bool proven = answer->security == WR_SECURITY_SECURE && !answer->stale && !r->timeless &&
                  answer->answers + answer->authorities > 0;
    uint16_t flags = reply_flags(a) | (understood && proven ? WR_FLAG_AD : 0);
    return (uint16_t)(answer->no_recursion ? flags & ~WR_FLAG_RA : flags);
}

int16_t wr_reply_ede(const struct wr_reply *r, const struct wr_asker *a,
                     const struct wr_answer *answer)
{
    bool rests = answer->security >= WR_SECURITY_INDETERMINATE && !answer->local &&
                 (a->flags & WR_FLAG_CD) == 0;
    return answer->ede == WR_EDE_NONE && r->timeless && rests ? WR_EDE_INDETERMINATE : answer->ede;
}

static uint16_t denial_flags(const struct wr_reply *r, const struct wr_asker *a)
{
    return (uint16_t)(reply_flags(a) | (r->own ? WR_FLAG_AA : 0));
}

static void start(struct wr_build *b, const struct wr_asker *a, uint16_t flags, uint8_t *room,
                  size_t cap)
{
    wr_build_start(b, room, cap, a->id, flags);
    if (a->has_question) {
        wr_build_question(b, wr_asker_name(a), wr_asker_type(a), a->qclass);
    }
}

/* The OPT record that goes with this reply. `cookie` has room for 24 octets. */
static void make_opt(const struct wr_reply *r, const struct wr_asker *a, int ede,
                     const char *ede_text, uint8_t *cookie, struct wr_build_opt *ret_opt)
{
    *ret_opt = (struct wr_build_opt){.udp_size = r->settings->edns_udp_size,
                                     .dnssec_ok = a->question.dnssec_ok,
                                     .ede = ede,
                                     .ede_text = ede == WR_EDE_NONE ? NULL : ede_text};
    if (a->cookie_state != WR_COOKIE_NONE && r->settings->server_cookies) {
        memcpy(cookie, a->client_cookie, 8);
        wr_cookie_make(r->cookie_key, a->client_cookie, &a->client.from, r->wall_s, cookie + 8);
        ret_opt->cookie = cookie;
        ret_opt->cookie_size = 24;
    }
    if (a->client.transport ==
            WR_CLIENT_TCP || /* RFC 7828 section 3.3.2: whoever sends OPT may be told */
        a->client.transport == WR_CLIENT_DOT) { /* RFC 8484 and 9250 have ways of their own */
        ret_opt->keepalive = true;
        ret_opt->keepalive_100ms = (uint16_t)(r->settings->tcp_idle_ms / 100);
    }
    if (a->padded && wr_client_is_encrypted(a->client.transport)) { /* RFC 7830 section 4 */
        ret_opt->pad_to = WR_REPLY_BLOCK;
    }
    if (a->nsid && r->settings->identity[0]) {
        ret_opt->nsid = (const uint8_t *)r->settings->identity;
        ret_opt->nsid_size = (uint16_t)strlen(r->settings->identity);
    }
}

/* "zone: words", or the words alone. */
static const char *reason_of(const struct wr_answer *answer, char *room, size_t cap)
{
    struct wr_str s;
    if (!answer->ede_text || !answer->ede_zone) {
        return answer->ede_text;
    }
    wr_str_init(&s, room, cap);
    wr_name_put_text(&s, answer->ede_zone);
    wr_str_text(&s, ": ");
    wr_str_text(&s, answer->ede_text);
    return room;
}

static size_t limit_of(const struct wr_reply *r, const struct wr_asker *a, size_t cap)
{
    size_t limit = WR_MSG_MAX;
    if (a->client.transport == WR_CLIENT_UDP) {
        limit = a->udp_size < r->settings->edns_udp_size ? a->udp_size : r->settings->edns_udp_size;
    }
    return limit < cap ? limit : cap;
}

static int put_answer(struct wr_build *b, const struct wr_reply *r, const struct wr_asker *a,
                      const struct wr_answer *answer)
{
    for (unsigned i = 0; i < answer->answers; i++) {
        struct wr_rrset set = answer->answer[i];
        if (i == 0 && wr_name_equal(set.owner, a->question.name.wire)) {
            set.owner = a->question.name.wire; /* in the client's letter case */
        }
        int err =
            wr_rrset_build(b, WR_SECTION_ANSWER, &set, set.ttl, a->question.dnssec_ok, r->turn);
        if (err) {
            return err;
        }
    }
    return WR_OK;
}

/* The SOA of a negative answer for all; the proofs for who asked for them. A set that does not fit makes TC. */
static int put_authority(struct wr_build *b, const struct wr_asker *a,
                         const struct wr_answer *answer)
{
    for (unsigned i = 0; i < answer->authorities; i++) {
        const struct wr_rrset *set = &answer->authority[i];
        bool wanted = set->type == WR_TYPE_SOA || set->type == WR_TYPE_NS; /* NS: a referral */
        if (!wanted && !a->question.dnssec_ok) {
            continue;
        }
        int err = wr_rrset_build(b, WR_SECTION_AUTHORITY, set, set->ttl, a->question.dnssec_ok, 0);
        if (err) {
            return err;
        }
    }
    return WR_OK;
}

/* What is good to have: as much of it as there is room for. */
static void put_additional(struct wr_build *b, const struct wr_asker *a,
                           const struct wr_answer *answer)
{
    for (unsigned i = 0; i < answer->extras; i++) {
        const struct wr_rrset *set = &answer->extra[i];
        if (wr_rrset_build(b, WR_SECTION_ADDITIONAL, set, set->ttl, a->question.dnssec_ok, 0)) {
            return;
        }
    }
}

size_t wr_reply_answer(const struct wr_reply *r, const struct wr_asker *a,
                       const struct wr_answer *answer, uint8_t *room, size_t cap,
                       bool *ret_truncated)
{
    struct wr_build b;
    struct wr_build_opt opt;
    uint8_t cookie[24];
    size_t limit = limit_of(r, a, cap);
    char reason[WR_NAME_TEXT_SIZE + WR_ANSWER_REASON_MAX + 3];
    size_t reserve = 0;
    start(&b, a, (uint16_t)(answer_flags(r, a, answer) | (answer->authoritative ? WR_FLAG_AA : 0)),
          room, limit);
    if (a->edns) {
        make_opt(r, a, wr_reply_ede(r, a, answer), reason_of(answer, reason, sizeof(reason)),
                 cookie, &opt);
        reserve = wr_build_opt_size(&opt);
    }
    b.limit = limit - reserve;
    struct wr_build_mark empty = wr_build_mark(&b);
    *ret_truncated = put_answer(&b, r, a, answer) || put_authority(&b, a, answer);
    if (*ret_truncated) {
        wr_build_rewind(&b, &empty);
        b.flags |= WR_FLAG_TC;
    } else {
        put_additional(&b, a, answer);
    }
    b.limit = limit;
    if (a->edns) {
        (void)wr_build_opt(&b, &opt, answer->rcode);
    }
    return wr_build_finish(&b, answer->rcode);
}

size_t wr_reply_error(const struct wr_reply *r, const struct wr_asker *a, uint16_t rcode, int ede,
                      const char *ede_text, uint8_t *room, size_t cap)
{
    struct wr_build b;
    struct wr_build_opt opt;
    uint8_t cookie[24];
    start(&b, a, denial_flags(r, a), room, limit_of(r, a, cap));
    if (a->edns) {
        make_opt(r, a, ede, ede_text, cookie, &opt);
        (void)wr_build_opt(&b, &opt, rcode);
    }
    return wr_build_finish(&b, rcode);
}

/* The SOA of a zone of which nothing more is known (RFC 6303 section 3). */
static int put_soa(struct wr_build *b, const uint8_t *name, uint32_t ttl_s)
{
    static const uint8_t nobody[] = "\6nobody\7invalid";
    uint8_t rdata[WR_NAME_MAX + sizeof(nobody) + 20];
    struct wr_writer w;
    wr_buf_write_init(&w, rdata, sizeof(rdata));
    wr_buf_put_bytes(&w, name, wr_name_size(name));
    wr_buf_put_bytes(&w, nobody, sizeof(nobody));
    wr_buf_put_u32(&w, 1);      /* serial */
    wr_buf_put_u32(&w, 3600);   /* refresh */
    wr_buf_put_u32(&w, 1200);   /* retry */
    wr_buf_put_u32(&w, 604800); /* expire */
    wr_buf_put_u32(&w, ttl_s);
    return wr_build_rr(b, WR_SECTION_AUTHORITY, name, WR_TYPE_SOA, WR_CLASS_IN, ttl_s, rdata,
                       w.pos);
}

size_t wr_reply_denial(const struct wr_reply *r, const struct wr_asker *a, uint16_t rcode, int ede,
                       const char *ede_text, uint32_t ttl_s, uint8_t *room, size_t cap)
{
    struct wr_build b;
    struct wr_build_opt opt;
    uint8_t cookie[24];
    size_t limit = limit_of(r, a, cap);
    start(&b, a, denial_flags(r, a), room, limit);
    if (a->edns) {
        make_opt(r, a, ede, ede_text, cookie, &opt);
        b.limit = limit - wr_build_opt_size(&opt);
    }
    (void)put_soa(&b, wr_asker_name(a), ttl_s); /* without it nobody remembers; TC would not help */
    b.limit = limit;
    if (a->edns) {
        (void)wr_build_opt(&b, &opt, rcode);
    }
    return wr_build_finish(&b, rcode);
}

size_t wr_reply_slip(const struct wr_asker *a, uint8_t *room, size_t cap)
{
    struct wr_build b;
    start(&b, a, (uint16_t)(reply_flags(a) | WR_FLAG_TC), room, cap);
    return wr_build_finish(&b, WR_RCODE_NOERROR);
}

size_t wr_reply_notified(const struct wr_asker *a, uint8_t *room, size_t cap)
{
    struct wr_build b;
    start(&b, a, (uint16_t)((reply_flags(a) & ~WR_FLAG_RA) | WR_FLAG_AA), room, cap);
    return wr_build_finish(&b, WR_RCODE_NOERROR);
}

size_t wr_reply_refusal(const struct wr_asker *a, uint8_t *room, size_t cap)
{
    struct wr_build b;
    start(&b, a, (uint16_t)(reply_flags(a) & ~WR_FLAG_RA), room, cap);
    if (a->edns &&
        (wr_client_is_stream(a->client.transport) || wr_addr_is_private(&a->client.from))) {
        struct wr_build_opt opt = {.udp_size = WR_EDNS_UDP_SIZE, .ede = WR_EDE_PROHIBITED};
        (void)wr_build_opt(&b, &opt, WR_RCODE_REFUSED);
    }
    return wr_build_finish(&b, WR_RCODE_REFUSED);
}

size_t wr_reply_chaos(const struct wr_reply *r, const struct wr_asker *a, const char *text,
                      uint8_t *room, size_t cap)
{
    struct wr_build b;
    struct wr_build_opt opt;
    uint8_t cookie[24];
    uint8_t rdata[64];
    size_t size = strlen(text);
    size = size < sizeof(rdata) - 1 ? size : sizeof(rdata) - 1;
    rdata[0] = (uint8_t)size;
    memcpy(rdata + 1, text, size);
    start(&b, a, reply_flags(a), room, limit_of(r, a, cap));
    (void)wr_build_rr(&b, WR_SECTION_ANSWER, a->question.name.wire, WR_TYPE_TXT, WR_CLASS_CH, 0,
                      rdata, size + 1);
    if (a->edns) {
        make_opt(r, a, WR_EDE_NONE, NULL, cookie, &opt);
        (void)wr_build_opt(&b, &opt, WR_RCODE_NOERROR);
    }
    return wr_build_finish(&b, WR_RCODE_NOERROR);
}

size_t wr_reply_any(const struct wr_reply *r, const struct wr_asker *a, uint8_t *room, size_t cap)
{
    static const uint8_t hinfo[] = {7, 'R', 'F', 'C', '8', '4', '8', '2', 0};
    struct wr_build b;
    struct wr_build_opt opt;
    uint8_t cookie[24];
    start(&b, a, reply_flags(a), room, limit_of(r, a, cap));
    (void)wr_build_rr(&b, WR_SECTION_ANSWER, a->question.name.wire, WR_TYPE_HINFO, WR_CLASS_IN,
                      ANY_TTL_S, hinfo, sizeof(hinfo));
    if (a->edns) {
        make_opt(r, a, WR_EDE_NONE, NULL, cookie, &opt);
        (void)wr_build_opt(&b, &opt, WR_RCODE_NOERROR);
    }
    return wr_build_finish(&b, WR_RCODE_NOERROR);
}
