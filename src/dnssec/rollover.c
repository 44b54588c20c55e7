/* SPDX-License-Identifier: Apache-2.0 */
#include "dnssec/rollover.h"

#include <string.h>

#include "base/enc.h"
#include "base/err.h"
#include "dns/codes.h"
#include "dnssec/rrsig.h"

#define DIGEST_SHA256 2
#define SHA256_SIZE   32
#define RDATA_MAX     2048 /* no key that can be checked is longer */
#define HOUR_S        3600u
#define DAY_S         86400u

static const char *const names[WR_ROLLOVER_STATES] = {"START",   "ADD_PEND", "VALID",
                                                      "MISSING", "REVOKED",  "REMOVED"};

const char *wr_rollover_state_name(enum wr_rollover_state state)
{
    return (unsigned)state < WR_ROLLOVER_STATES ? names[state] : "?";
}

void wr_rollover_init(struct wr_rollover *r, const uint8_t *zone)
{
    memset(r, 0, sizeof(*r));
    wr_name_set(&r->zone, zone);
}

/* The key's place, or with NULL `ds` a free one; NULL: there is none. */
static struct wr_rollover_key *find(struct wr_rollover *r, const struct wr_ds *ds)
{
    for (unsigned i = 0; i < WR_DNSSEC_ROLLOVER_KEYS_MAX; i++) {
        struct wr_rollover_key *key = &r->keys[i];

        if (ds ? key->state != WR_ROLLOVER_START && key->ds.tag == ds->tag &&
                     key->ds.alg == ds->alg && !memcmp(key->ds.digest, ds->digest, SHA256_SIZE)
               : key->state == WR_ROLLOVER_START) {
            return key;
        }
    }
    return NULL;
}

bool wr_rollover_restart(struct wr_rollover *r)
{
    bool any = false;

    r->last_s = 0;
    for (unsigned i = 0; i < WR_DNSSEC_ROLLOVER_KEYS_MAX; i++) {
        if (r->keys[i].state < WR_ROLLOVER_REVOKED) {
            r->keys[i] = (struct wr_rollover_key){.state = WR_ROLLOVER_START};
        }
        any |= r->keys[i].state != WR_ROLLOVER_START;
    }
    return any;
}

void wr_rollover_name(struct wr_rollover *r, const struct wr_ds_list *list)
{
    for (unsigned i = 0; i < WR_DNSSEC_ROLLOVER_KEYS_MAX; i++) {
        r->keys[i].named = false;
    }
    for (unsigned i = 0; i < list->count; i++) {
        struct wr_rollover_key *key =
            list->ds[i].digest_type == DIGEST_SHA256 ? find(r, &list->ds[i]) : NULL;

        if (key) {
            key->named = true;
        }
    }
}

bool wr_rollover_is_revoked(const struct wr_rollover *r, const struct wr_ds *ds)
{
    for (unsigned i = 0; i < WR_DNSSEC_ROLLOVER_KEYS_MAX; i++) {
        const struct wr_rollover_key *key = &r->keys[i];

        if (key->state >= WR_ROLLOVER_REVOKED && key->ds.tag == ds->tag && key->ds.alg == ds->alg &&
            (ds->digest_type != DIGEST_SHA256 ||
             !memcmp(key->ds.digest, ds->digest, SHA256_SIZE))) {
            return true;
        }
    }
    return false;
}

/* A free place, or that of the key that was removed the longest ago; NULL: there is none. */
static struct wr_rollover_key *place(struct wr_rollover *r)
{
    struct wr_rollover_key *oldest = NULL, *spare = find(r, NULL);

    for (unsigned i = 0; !spare && i < WR_DNSSEC_ROLLOVER_KEYS_MAX; i++) {
        struct wr_rollover_key *key = &r->keys[i];

        if (key->state == WR_ROLLOVER_REMOVED && !key->named &&
            (!oldest || key->waited_s > oldest->waited_s)) {
            oldest = key;
        }
    }
    return spare ? spare : oldest;
}

static struct wr_rollover_key *put(struct wr_rollover *r, const struct wr_ds *ds, uint8_t state)
{
    struct wr_rollover_key *key = place(r);

    if (key) {
        *key = (struct wr_rollover_key){.ds = *ds, .state = state, .seen = true};
    }
    return key;
}

int wr_rollover_trust(struct wr_rollover *r, const struct wr_ds *ds)
{
    struct wr_rollover_key *key;

    if (ds->digest_type != DIGEST_SHA256) {
        return WR_E_UNSUPPORTED;
    }
    key = find(r, ds);
    if (!key) {
        return put(r, ds, WR_ROLLOVER_VALID) ? WR_OK : WR_E_FULL;
    }
    if (key->state >= WR_ROLLOVER_REVOKED) {
        return WR_E_DENIED;
    }
    key->state = WR_ROLLOVER_VALID;
    key->waited_s = 0;
    return WR_OK;
}

/* --- looking at a set --------------------------------------------------------------------------- */

/* Does a signature by this very key hold? `time` NULL: whenever it was made. `ret_left_s` (or NULL): how long it does. */
static bool signed_by(const struct wr_rrset *set, const struct wr_dnskey *key,
                      const struct wr_trusttime *time, void *scratch, uint32_t *ret_left_s)
{
    struct wr_rrset_walk walk = wr_rrset_walk(set);
    unsigned tries = WR_DNSSEC_TAG_KEYS_MAX;
    struct wr_verify verify;
    const uint8_t *rdata;
    uint16_t size;
    uint32_t left_s = 0;
    bool good = false;

    if (wr_verify_open(&verify, key->alg, key->rdata + 4, key->size - 4u)) {
        return false;
    }
    for (uint32_t i = 0; !good && tries > 0 && wr_rrset_next(&walk, &rdata, &size); i++) {
        struct wr_rrsig sig;
        size_t data_size;

        if (i < set->records || wr_rrsig_parse(rdata, size, &sig) || sig.tag != key->tag ||
            sig.alg != key->alg || sig.covered != set->type ||
            !wr_name_equal(sig.signer, set->owner) ||
            (time && wr_trusttime_window(time, sig.inception, sig.expiration, &left_s))) {
            continue;
        }
        tries--;
        good = wr_rrsig_signed_data(set, &sig, scratch, &data_size) == WR_OK &&
               wr_verify_check(&verify, scratch, data_size, sig.signature, sig.signature_size) ==
                   WR_OK;
    }
    wr_verify_close(&verify);
    if (good && ret_left_s) {
        *ret_left_s = left_s;
    }
    return good;
}

/* The digest that the key had before it was revoked. */
static int digest_of(const uint8_t *owner, const struct wr_dnskey *key, struct wr_ds *ret_ds)
{
    uint8_t rdata[RDATA_MAX];
    struct wr_dnskey plain;

    if (key->size > sizeof(rdata)) {
        return WR_E_LIMIT;
    }
    memcpy(rdata, key->rdata, key->size);
    rdata[1] &= (uint8_t)~WR_DNSKEY_REVOKED;
    if (wr_keys_parse(rdata, key->size, &plain)) {
        return WR_E_FORMAT;
    }
    return wr_keys_ds_make(owner, &plain, DIGEST_SHA256, ret_ds);
}

unsigned wr_rollover_look(const struct wr_rrset *set, struct wr_rollover_seen *ret_seen,
                          void *scratch)
{
    struct wr_rrset_walk walk = wr_rrset_walk(set);
    const uint16_t wanted = WR_DNSKEY_ZONE | WR_DNSKEY_SEP;
    const uint8_t *rdata;
    uint16_t size;
    unsigned n = 0;

    for (uint16_t i = 0;
         i < set->records && n < WR_DNSSEC_ROLLOVER_KEYS_MAX && wr_rrset_next(&walk, &rdata, &size);
         i++) {
        struct wr_dnskey key;

        if (wr_keys_parse(rdata, size, &key) || (key.flags & wanted) != wanted ||
            key.protocol != 3 || !wr_algo_can_verify(key.alg) ||
            digest_of(set->owner, &key, &ret_seen[n].ds)) {
            continue;
        }
        ret_seen[n].revoked = key.flags & WR_DNSKEY_REVOKED;
        if (!ret_seen[n].revoked || signed_by(set, &key, NULL, scratch, NULL)) {
            n++;
        }
    }
    return n;
}

static bool is_trusted(const struct wr_rollover_key *key)
{
    return key->state == WR_ROLLOVER_VALID || key->state == WR_ROLLOVER_MISSING;
}

enum wr_rollover_proof wr_rollover_prove(struct wr_rollover *r, const struct wr_rrset *set,
                                         const struct wr_trusttime *time, void *scratch,
                                         uint32_t *ret_left_s)
{
    struct wr_rrset_walk walk = wr_rrset_walk(set);
    enum wr_rollover_proof proof = WR_ROLLOVER_NO_KEY;
    const uint8_t *rdata;
    uint16_t size;

    for (uint16_t i = 0; i < set->records && wr_rrset_next(&walk, &rdata, &size); i++) {
        const struct wr_rollover_key *trusted;
        struct wr_dnskey key;
        struct wr_ds ds;

        if (wr_keys_parse(rdata, size, &key) || !(key.flags & WR_DNSKEY_ZONE) ||
            (key.flags & WR_DNSKEY_REVOKED) || digest_of(set->owner, &key, &ds) ||
            !(trusted = find(r, &ds)) || !is_trusted(trusted)) {
            continue;
        }
        if (signed_by(set, &key, time, scratch, ret_left_s)) {
            return WR_ROLLOVER_PROVEN;
        }
        proof = WR_ROLLOVER_NOT_SIGNED;
    }
    return proof;
}

bool wr_rollover_reaches(struct wr_rollover *r, const struct wr_rrset *set, int64_t floor_s,
                         int64_t at_s, void *scratch)
{
    const struct wr_trusttime strict = {.state = WR_TRUSTTIME_PROVEN, .now_s = at_s};
    uint32_t left_s;

    return at_s >= floor_s && at_s - floor_s < INT32_MAX &&
           wr_rollover_prove(r, set, &strict, scratch, &left_s) == WR_ROLLOVER_PROVEN;
}

/* --- the states --------------------------------------------------------------------------------- */

static bool move(struct wr_rollover_key *key, uint8_t to)
{
    key->state = to;
    key->waited_s = 0;
    return true;
}

static bool note_seen(struct wr_rollover *r, const struct wr_rollover_seen *seen)
{
    struct wr_rollover_key *key = find(r, &seen->ds);

    if (!key && !seen->revoked) {
        key = put(r, &seen->ds, WR_ROLLOVER_ADD_PEND);
        r->full |= key == NULL;
        return key != NULL;
    }
    if (!key) {
        return false; /* one that is revoked before it was trusted is nothing to follow */
    }
    if (!seen->revoked) {
        return key->state == WR_ROLLOVER_MISSING && move(key, WR_ROLLOVER_VALID);
    }
    return is_trusted(key) && move(key, WR_ROLLOVER_REVOKED);
}

bool wr_rollover_revoke(struct wr_rollover *r, const struct wr_rrset *set, void *scratch)
{
    struct wr_rrset_walk walk = wr_rrset_walk(set);
    const uint8_t *rdata;
    uint16_t size;
    bool any = false;

    for (uint16_t i = 0; i < set->records && wr_rrset_next(&walk, &rdata, &size); i++) {
        struct wr_rollover_key *trusted;
        struct wr_dnskey key;
        struct wr_ds ds;

        if (wr_keys_parse(rdata, size, &key) || !(key.flags & WR_DNSKEY_REVOKED) ||
            digest_of(set->owner, &key, &ds) || !(trusted = find(r, &ds)) || !is_trusted(trusted)) {
            continue;
        }
        any |= signed_by(set, &key, NULL, scratch, NULL) && move(trusted, WR_ROLLOVER_REVOKED);
    }
    return any;
}

/* What follows from time and from not being in the set. */
static bool age(struct wr_rollover_key *key, int64_t passed_s, int64_t hold_s)
{
    switch ((enum wr_rollover_state)key->state) {
    case WR_ROLLOVER_ADD_PEND:
        if (!key->seen) {
            return move(key, WR_ROLLOVER_START);
        }
        key->waited_s += passed_s;
        return key->waited_s >= hold_s ? move(key, WR_ROLLOVER_VALID) : passed_s > 0;
    case WR_ROLLOVER_VALID: return !key->seen && move(key, WR_ROLLOVER_MISSING);
    case WR_ROLLOVER_REVOKED:
        key->waited_s += passed_s;
        return key->waited_s >= WR_ROLLOVER_HOLD_S ? move(key, WR_ROLLOVER_REMOVED) : passed_s > 0;
    case WR_ROLLOVER_REMOVED: key->waited_s += passed_s; return passed_s > 0;
    default: return false;
    }
}

static void mark(struct wr_rollover *r, const struct wr_rollover_seen *seen, unsigned n)
{
    for (unsigned i = 0; i < WR_DNSSEC_ROLLOVER_KEYS_MAX; i++) {
        r->keys[i].seen = false;
    }
    for (unsigned i = 0; i < n; i++) {
        struct wr_rollover_key *key = find(r, &seen[i].ds);

        if (key) { /* a pending key that is revoked is gone (section 4.2) */
            key->seen = !seen[i].revoked || key->state != WR_ROLLOVER_ADD_PEND;
        }
    }
}

/* Trusted seconds since the last observation: by the wall clock, and no more than the monotonic one saw, if it did. */
static int64_t passed(const struct wr_rollover *r, const struct wr_rollover_moment *moment)
{
    int64_t by_wall = r->last_s != 0 && moment->wall_s > r->last_s ? moment->wall_s - r->last_s : 0;
    int64_t by_mono =
        moment->mono_s > r->last_mono_s ? (int64_t)(moment->mono_s - r->last_mono_s) : 0;

    return r->last_mono_s != 0 && by_mono < by_wall ? by_mono : by_wall;
}

bool wr_rollover_observe(struct wr_rollover *r, const struct wr_rollover_seen *seen, unsigned n,
                         uint32_t ttl, const struct wr_rollover_moment *moment, bool trusted)
{
    int64_t passed_s = trusted ? passed(r, moment) : 0;
    int64_t hold_s = ttl > WR_ROLLOVER_HOLD_S ? ttl : WR_ROLLOVER_HOLD_S;
    bool changed = false;

    r->full = false;
    mark(r, seen, n);
    for (unsigned i = 0; i < WR_DNSSEC_ROLLOVER_KEYS_MAX; i++) {
        changed |= age(&r->keys[i], passed_s, hold_s);
    }
    for (unsigned i = 0; i < n; i++) { /* after the others were aged: what is new begins now */
        changed |= note_seen(r, &seen[i]);
    }
    changed |= r->last_s != (trusted ? moment->wall_s : 0);
    r->last_s = trusted ? moment->wall_s : 0;
    r->last_mono_s = moment->mono_s;
    return changed;
}

int wr_rollover_anchors(const struct wr_rollover *r, struct wr_anchors *anchors)
{
    int err = WR_OK;

    for (unsigned i = 0; i < WR_DNSSEC_ROLLOVER_KEYS_MAX && !err; i++) {
        const struct wr_ds *ds = &r->keys[i].ds;
        uint8_t rdata[4 + SHA256_SIZE] = {(uint8_t)(ds->tag >> 8), (uint8_t)ds->tag, ds->alg,
                                          ds->digest_type};

        if (is_trusted(&r->keys[i])) {
            memcpy(rdata + 4, ds->digest, SHA256_SIZE);
            err = wr_anchors_add(anchors, r->zone.wire, WR_TYPE_DS, rdata, sizeof(rdata));
        }
    }
    return err;
}

bool wr_rollover_dead(const struct wr_rollover *r)
{
    for (unsigned i = 0; i < WR_DNSSEC_ROLLOVER_KEYS_MAX; i++) {
        if (is_trusted(&r->keys[i])) {
            return false;
        }
    }
    return true;
}

static uint32_t least(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

uint32_t wr_rollover_interval_s(uint32_t ttl, uint32_t signature_left_s, bool failed)
{
    uint32_t interval = failed ? least(DAY_S, least(ttl / 10, signature_left_s / 10))
                               : least(15 * DAY_S, least(ttl / 2, signature_left_s / 2));

    return interval < HOUR_S ? HOUR_S : interval;
}

/* --- text --------------------------------------------------------------------------------------- */

void wr_rollover_save(const struct wr_rollover *r, struct wr_str *s)
{
    wr_name_put_text(s, r->zone.wire);
    wr_str_text(s, " LAST ");
    wr_str_i64(s, r->last_s);
    wr_str_char(s, '\n');
    for (unsigned i = 0; i < WR_DNSSEC_ROLLOVER_KEYS_MAX; i++) {
        const struct wr_rollover_key *key = &r->keys[i];

        if (key->state == WR_ROLLOVER_START) {
            continue;
        }
        wr_name_put_text(s, r->zone.wire);
        wr_str_char(s, ' ');
        wr_str_text(s, wr_rollover_state_name(key->state));
        wr_str_char(s, ' ');
        wr_str_u64(s, key->ds.tag);
        wr_str_char(s, ' ');
        wr_str_u64(s, key->ds.alg);
        wr_str_char(s, ' ');
        wr_str_hex(s, key->ds.digest, SHA256_SIZE);
        wr_str_char(s, ' ');
        wr_str_i64(s, key->waited_s);
        wr_str_char(s, '\n');
    }
}

struct words {
    const char *word[6];
    size_t size[6];
    unsigned count;
};

/* Splits one line at single spaces. */
static bool split(const char *line, size_t n, struct words *ret)
{
    size_t start = 0;

    ret->count = 0;
    for (size_t i = 0; i <= n; i++) {
        if (i < n && line[i] != ' ') {
            continue;
        }
        if (ret->count == 6 || i == start) {
            return false;
        }
        ret->word[ret->count] = line + start;
        ret->size[ret->count++] = i - start;
        start = i + 1;
    }
    return true;
}

static int number(const struct words *w, unsigned at, uint64_t max, uint64_t *ret)
{
    return wr_str_to_u64(w->word[at], w->size[at], max, ret) ? WR_E_FORMAT : WR_OK;
}

static int load_key(struct wr_rollover *r, const struct words *w)
{
    struct wr_ds ds = {.digest_type = DIGEST_SHA256, .size = SHA256_SIZE};
    uint64_t tag, alg, waited;
    struct wr_rollover_key *key;
    uint8_t state = WR_ROLLOVER_ADD_PEND;
    size_t n = 0;

    while (state < WR_ROLLOVER_STATES && !wr_str_same_n(w->word[1], w->size[1], names[state])) {
        state++;
    }
    if (state == WR_ROLLOVER_STATES || number(w, 2, UINT16_MAX, &tag) ||
        number(w, 3, UINT8_MAX, &alg) || number(w, 5, INT64_MAX / 4, &waited) ||
        wr_enc_from_hex(w->word[4], w->size[4], ds.digest, SHA256_SIZE, &n) || n != SHA256_SIZE) {
        return WR_E_FORMAT;
    }
    ds.tag = (uint16_t)tag;
    ds.alg = (uint8_t)alg;
    if (find(r, &ds)) {
        return WR_E_FORMAT;
    }
    key = find(r, NULL);
    if (!key) {
        return WR_E_FULL;
    }
    *key = (struct wr_rollover_key){
        .ds = ds, .state = state, .seen = true, .waited_s = (int64_t)waited};
    return WR_OK;
}

static int load_line(struct wr_rollover *r, bool first, const char *line, size_t n)
{
    struct wr_name zone;
    struct words w;
    uint64_t last;

    if (!split(line, n, &w) || w.count != (first ? 3 : 6) ||
        wr_name_from_text(w.word[0], w.size[0], &zone)) {
        return WR_E_FORMAT;
    }
    if (!first) {
        return wr_name_equal(zone.wire, r->zone.wire) ? load_key(r, &w) : WR_E_FORMAT;
    }
    if (!wr_str_same_n(w.word[1], w.size[1], "LAST") || number(&w, 2, INT64_MAX / 4, &last)) {
        return WR_E_FORMAT;
    }
    wr_rollover_init(r, zone.wire);
    r->last_s = (int64_t)last;
    return WR_OK;
}

int wr_rollover_load(struct wr_rollover *r, const char *text, size_t n)
{
    struct wr_rollover made;
    bool first = true;

    for (size_t at = 0; at < n;) {
        const char *end = memchr(text + at, '\n', n - at);
        int err;

        if (!end) {
            return WR_E_FORMAT; /* every line is ended: a torn file shows */
        }
        err = load_line(&made, first, text + at, (size_t)(end - text) - at);
        if (err) {
            return err;
        }
        first = false;
        at = (size_t)(end - text) + 1;
    }
    if (first) {
        return WR_E_FORMAT;
    }
    *r = made;
    return WR_OK;
}
