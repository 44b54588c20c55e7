/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/whom.h"

#include <string.h>

#include "base/check.h"
#include "base/err.h"
#include "base/str.h"

/* One judgement: what is judged, and the words for the first way that failed. */
struct judge {
    const struct wr_whom *whom;
    struct wr_certs chain; /* with dates left out when they cannot be judged by the clock */
    char host[WR_URI_NAME_SIZE];
    bool dated; /* the dates were judged by the floor and are good, or are the library's to judge */
    struct wr_verdict_text why;
};

struct wr_whom wr_whom_of(const struct wr_uri *uri, const struct wr_creds *creds)
{
    struct wr_whom whom = {.proof = uri->proof,
                           .name = wr_uri_peer_name(uri),
                           .addr = uri->addr,
                           .creds = creds,
                           .pin = uri->pin,
                           .pins = uri->pins};

    return whom;
}

bool wr_whom_is_unproven(const struct wr_whom *whom, const struct wr_now *now)
{
    return !whom->system_clock && !now->wall_proven;
}

static void say(struct wr_verdict_text *why, const char *a, const char *b, const char *c)
{
    struct wr_str s;

    wr_str_init(&s, why->text, sizeof(why->text));
    wr_str_text(&s, a);
    wr_str_text(&s, b);
    wr_str_text(&s, c);
}

/* --- time ---------------------------------------------------------------------------------------- */

/* By the floor: has a certificate of the chain certainly expired? */
static bool has_expired(const struct wr_whom *whom, const struct wr_certs *chain)
{
    struct wr_creds_facts facts;

    for (size_t i = 0; i < chain->count; i++) {
        if (wr_creds_facts_of(chain->cert[i].der, chain->cert[i].size, &facts) != WR_OK ||
            facts.not_after_s < whom->floor_s) {
            return true;
        }
    }
    return false;
}

static void judge_start(struct judge *j, const struct wr_whom *whom, const struct wr_certs *chain)
{
    struct wr_addr bare = whom->addr;
    struct wr_str s;

    j->whom = whom;
    j->chain = *chain;
    j->chain.timeless = wr_whom_is_unproven(whom, &chain->now);
    j->dated = !j->chain.timeless || !has_expired(whom, chain);
    j->why.text[0] = '\0';
    wr_str_init(&s, j->host, sizeof(j->host));
    if (whom->name[0] != '\0') {
        wr_str_text(&s, whom->name);
        return;
    }
    bare.port = 0;
    bare.scope = 0;
    wr_addr_to_text(&bare, j->host, sizeof(j->host));
}

/* --- the ways ------------------------------------------------------------------------------------- */

static bool by_pkix(struct judge *j, struct wr_verdict_text *why)
{
    if (wr_creds_anchors(j->whom->creds) == 0) {
        say(why,
            "there are no certificate authorities to judge by; name a file of them in "
            "upstream.ca_file, or pin the server's key",
            "", "");
        return false;
    }
    if (!j->dated) {
        say(why,
            "a certificate of the chain expired before the last time that is known for certain", "",
            "");
        return false;
    }
    return wr_creds_verify(j->whom->creds, &j->chain, j->host, why) == WR_OK;
}

static bool by_pins(struct judge *j, struct wr_verdict_text *why)
{
    uint8_t pin[WR_CREDS_PIN_SIZE];

    /* The server's own key: whoever signs for it is not asked. */
    if (j->chain.count > 0 &&
        wr_creds_pin(j->chain.cert[0].der, j->chain.cert[0].size, pin) == WR_OK) {
        for (unsigned i = 0; i < j->whom->pins; i++) {
            if (memcmp(j->whom->pin[i], pin, sizeof(pin)) == 0) {
                return true;
            }
        }
    }
    say(why,
        "its public key is none of those that are pinned; if its operator has changed it, write "
        "the "
        "new pin=sha256/...",
        "", "");
    return false;
}

static bool by_authority(struct judge *j, const struct wr_tlsa *r, struct wr_verdict_text *why)
{
    for (size_t i = 0; i < j->chain.count; i++) {
        if (!wr_tlsa_matches(r, j->chain.cert[i].der, j->chain.cert[i].size)) {
            continue;
        }
        if (r->usage ==
            WR_TLSA_PKIX_TA) { /* it signs for the server, and does not merely lie there */
            return i > 0 && by_pkix(j, why) &&
                   wr_creds_verify_own(&j->chain, i, j->host, why) == WR_OK;
        }
        return j->dated && wr_creds_verify_own(&j->chain, i, j->host, why) == WR_OK;
    }
    return false;
}

static bool by_record(struct judge *j, const struct wr_tlsa *r, struct wr_verdict_text *why)
{
    if (r->usage == WR_TLSA_PKIX_TA || r->usage == WR_TLSA_DANE_TA) {
        return by_authority(j, r, why);
    }
    return j->chain.count > 0 && wr_tlsa_matches(r, j->chain.cert[0].der, j->chain.cert[0].size) &&
           (r->usage == WR_TLSA_DANE_EE || by_pkix(j, why));
}

static bool by_dane(struct judge *j, struct wr_verdict_text *why)
{
    if (!j->whom->tlsa_known || j->whom->tlsas == 0) {
        say(why, "there are no TLSA records of ", j->host,
            " that DNSSEC proves; ask its operator, or prove it by pkix or a pin");
        return false;
    }
    say(why, "its certificate is none that the TLSA records of ", j->host, " name");
    for (unsigned i = 0; i < j->whom->tlsas; i++) {
        if (by_record(j, &j->whom->tlsa[i], why)) {
            return true;
        }
    }
    return false;
}

/* --- together --------------------------------------------------------------------------------------- */

struct way {
    uint8_t proof;
    bool (*holds)(struct judge *j, struct wr_verdict_text *why);
    const char *word;
};

static const struct way ways[] = {
    {WR_URI_PINS, by_pins, "pin"},
    {WR_URI_DANE, by_dane, "dane"},
    {WR_URI_PKIX, by_pkix, "pkix"},
};

/* "proven by pin and pkix". */
static void say_proven(struct judge *j, uint8_t proven, struct wr_verdict_text *why)
{
    const char *between = "proven by ";
    struct wr_str s;

    wr_str_init(&s, why->text, sizeof(why->text));
    for (size_t i = 0; i < WR_ARRAY_LEN(ways); i++) {
        if (proven & ways[i].proof) {
            wr_str_text(&s, between);
            wr_str_text(&s, ways[i].word);
            between = " and ";
        }
    }
    if (j->chain.timeless) {
        wr_str_text(&s, ", before the time was known");
    }
}

int wr_whom_verify(void *user, const struct wr_certs *chain, struct wr_verdict_text *ret_why)
{
    const struct wr_whom *whom = user;
    bool all = (whom->proof & WR_URI_ALL) != 0;
    uint8_t proven = 0, failed = 0;
    struct judge j;

    ret_why->text[0] = '\0';
    if (whom->proof == WR_URI_OPPORTUNISTIC) {
        say(ret_why, "not proven: opportunistic", "", "");
        return WR_OK;
    }
    judge_start(&j, whom, chain);
    for (size_t i = 0; i < WR_ARRAY_LEN(ways) && !(proven != 0 && !all); i++) {
        struct wr_verdict_text why = {""};

        if (!(whom->proof & ways[i].proof)) {
            continue;
        }
        if (ways[i].holds(&j, &why)) {
            proven |= ways[i].proof;
            continue;
        }
        failed |= ways[i].proof;
        j.why = j.why.text[0] == '\0' ? why : j.why;
    }
    if (proven != 0 && !(all && failed != 0)) {
        say_proven(&j, proven, ret_why);
        return WR_OK;
    }
    *ret_why = j.why;
    return WR_E_DENIED;
}

size_t wr_whom_tlsa_name(const struct wr_uri *uri, char *ret_name, size_t cap)
{
    const char *name = wr_uri_peer_name(uri);
    struct wr_str s;

    wr_str_init(&s, ret_name, cap);
    if (name[0] == '\0') {
        return 0;
    }
    wr_str_char(&s, '_');
    wr_str_u64(&s, uri->addr.port);
    wr_str_text(&s, uri->scheme == WR_URI_QUIC ? "._udp." : "._tcp.");
    wr_str_text(&s, name);
    return s.cut ? 0 : s.len;
}

bool wr_whom_has_records_of(const struct wr_whom *whom, const struct wr_whom *other)
{
    bool same = whom->tlsas == other->tlsas;

    for (unsigned i = 0; same && i < whom->tlsas; i++) {
        const struct wr_tlsa *a = &whom->tlsa[i], *b = &other->tlsa[i];

        same = a->usage == b->usage && a->selector == b->selector && a->matching == b->matching &&
               a->size == b->size && memcmp(a->data, b->data, a->size) == 0;
    }
    return same;
}
