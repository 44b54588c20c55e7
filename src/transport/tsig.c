/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/tsig.h"

#include <string.h>

#include "base/str.h"
#include "dns/codes.h"

#define FUDGE_S   300 /* RFC 8945 section 10 */
#define CLASS_ANY 255
/* RFC 8945 section 5.3.1: at most 99 messages between two signatures. */
#define UNSIGNED_MAX 99

#define BADSIG  16
#define BADKEY  17
#define BADTIME 18

static const struct {
    const char *word;
    const char *name; /* on the wire */
    enum wr_hash_alg alg;
} algs[] = {
    {"hmac-sha256", "\13hmac-sha256", WR_HASH_SHA256},
    {"hmac-sha384", "\13hmac-sha384", WR_HASH_SHA384},
    {"hmac-sha512", "\13hmac-sha512", WR_HASH_SHA512},
};
#define ALG_NAME_SIZE 13

/* What a TSIG record says. */
struct record {
    size_t at; /* where it begins in the message */
    struct wr_name owner, alg;
    uint16_t class_, fudge, mac_size, original_id, error, other_size;
    uint32_t ttl;
    uint64_t time_s;
    const uint8_t *mac, *other;
};

bool wr_tsig_alg_of(const char *word, enum wr_hash_alg *ret_alg)
{
    for (size_t i = 0; i < sizeof(algs) / sizeof(algs[0]); i++) {
        if (wr_str_same(word, algs[i].word)) {
            *ret_alg = algs[i].alg;
            return true;
        }
    }
    return false;
}

static const uint8_t *alg_name(enum wr_hash_alg alg)
{
    size_t i = 0;

    while (i + 1 < sizeof(algs) / sizeof(algs[0]) && algs[i].alg != alg) {
        i++;
    }
    return (const uint8_t *)algs[i].name;
}

static size_t rdata_size(const struct wr_tsig_key *key)
{
    return ALG_NAME_SIZE + 6 + 2 + 2 + wr_digest_size(key->alg) + 2 + 2 + 2;
}

size_t wr_tsig_size(const struct wr_tsig_key *key)
{
    return wr_name_size(key->name.wire) + 10 + rdata_size(key);
}

/* --- what the MAC is over --- */

static void add_time(struct wr_writer *w, uint64_t time_s, uint16_t fudge)
{
    wr_buf_put_u16(w, (uint16_t)(time_s >> 32));
    wr_buf_put_u32(w, (uint32_t)time_s);
    wr_buf_put_u16(w, fudge);
}

/* RFC 8945 section 4.3.3: the variables, all of them for the first message, else the timers alone. */
static void add_variables(struct wr_hmac *h, const struct wr_tsig_key *key, const struct record *r,
                          bool all)
{
    uint8_t room[WR_NAME_MAX + ALG_NAME_SIZE + 24];
    struct wr_writer w;

    wr_buf_write_init(&w, room, sizeof(room));
    if (all) {
        wr_buf_put_bytes(&w, key->name.wire, wr_name_size(key->name.wire));
        wr_buf_put_u16(&w, CLASS_ANY);
        wr_buf_put_u32(&w, 0);
        wr_buf_put_bytes(&w, alg_name(key->alg), ALG_NAME_SIZE);
    }
    add_time(&w, r->time_s, r->fudge);
    if (all) {
        wr_buf_put_u16(&w, r->error);
        wr_buf_put_u16(&w, r->other_size);
    }
    wr_hmac_add(h, room, w.pos);
    if (all && r->other_size > 0) {
        wr_hmac_add(h, r->other, r->other_size);
    }
}

/* The MAC before goes first, with its length. */
static void add_mac(struct wr_hmac *h, const uint8_t *mac, size_t size)
{
    uint8_t length[2] = {(uint8_t)(size >> 8), (uint8_t)size};

    wr_hmac_add(h, length, 2);
    wr_hmac_add(h, mac, size);
}

/* The message as it was before the record was added to it. */
static void add_message(struct wr_hmac *h, const struct wr_msg *m, const struct record *r)
{
    uint8_t header[WR_MSG_HEADER_SIZE];
    unsigned additional = m->counts[WR_SECTION_ADDITIONAL] - 1u;

    memcpy(header, m->wire, sizeof(header));
    header[0] = (uint8_t)(r->original_id >> 8);
    header[1] = (uint8_t)r->original_id;
    header[10] = (uint8_t)(additional >> 8);
    header[11] = (uint8_t)additional;
    wr_hmac_add(h, header, sizeof(header));
    wr_hmac_add(h, m->wire + sizeof(header), r->at - sizeof(header));
}

/* --- signing --- */

static void put_record(struct wr_writer *w, const struct wr_tsig_key *key, const struct record *r)
{
    wr_buf_put_bytes(w, key->name.wire, wr_name_size(key->name.wire));
    wr_buf_put_u16(w, WR_TYPE_TSIG);
    wr_buf_put_u16(w, CLASS_ANY);
    wr_buf_put_u32(w, 0);
    wr_buf_put_u16(w, (uint16_t)rdata_size(key));
    wr_buf_put_bytes(w, alg_name(key->alg), ALG_NAME_SIZE);
    add_time(w, r->time_s, r->fudge);
    wr_buf_put_u16(w, r->mac_size);
    wr_buf_put_bytes(w, r->mac, r->mac_size);
    wr_buf_put_u16(w, r->original_id);
    wr_buf_put_u16(w, 0);
    wr_buf_put_u16(w, 0);
}

int wr_tsig_sign(struct wr_tsig *ret_tsig, const struct wr_tsig_key *key, uint8_t *wire, size_t cap,
                 size_t *size, int64_t time_s)
{
    struct wr_tsig t = {.key = key, .first = true};
    struct record r = {.time_s = (uint64_t)time_s, .fudge = FUDGE_S};
    uint8_t mac[WR_DIGEST_MAX];
    struct wr_writer w;
    unsigned additional = ((unsigned)wire[10] << 8 | wire[11]) + 1u;
    int err;

    if (cap < *size || cap - *size < wr_tsig_size(key)) {
        return WR_E_FULL;
    }
    err = wr_hmac_open(&t.hmac, key->alg, key->secret, key->size);
    if (err) {
        return err;
    }
    wr_hmac_add(&t.hmac, wire, *size);
    add_variables(&t.hmac, key, &r, true);
    err = wr_hmac_end(&t.hmac, mac);
    if (err) {
        wr_hmac_close(&t.hmac);
        return err;
    }
    r.mac = mac;
    r.mac_size = (uint16_t)wr_digest_size(key->alg);
    r.original_id = (uint16_t)(wire[0] << 8 | wire[1]);
    wr_buf_write_init(&w, wire + *size, cap - *size);
    put_record(&w, key, &r);
    wire[10] = (uint8_t)(additional >> 8);
    wire[11] = (uint8_t)additional;
    *size += w.pos;
    add_mac(&t.hmac, mac, r.mac_size);
    t.open = true;
    *ret_tsig = t;
    return WR_OK;
}

/* --- checking --- */

static int read_record(const struct wr_msg *m, struct record *ret)
{
    struct wr_msg_walk walk = wr_msg_walk(m, WR_SECTION_ADDITIONAL);
    struct wr_msg_rr rr = {.type = 0};
    struct wr_reader r;

    do { /* bounded by the message's count */
        ret->at = walk.r.pos;
    } while (wr_msg_next(&walk, &rr) && walk.left > 0);
    if (rr.type != WR_TYPE_TSIG || walk.r.err || walk.left > 0) {
        return WR_E_FORMAT;
    }
    ret->owner = rr.owner;
    ret->class_ = rr.class_;
    ret->ttl = rr.ttl;
    wr_buf_read_init(&r, m->wire, rr.rdata + rr.rdlength); /* an offset that is in the message */
    wr_buf_seek(&r, rr.rdata);
    if (wr_name_read_plain(&r, &ret->alg)) {
        return WR_E_FORMAT;
    }
    ret->time_s = (uint64_t)wr_buf_get_u16(&r) << 32;
    ret->time_s |= wr_buf_get_u32(&r);
    ret->fudge = wr_buf_get_u16(&r);
    ret->mac_size = wr_buf_get_u16(&r);
    ret->mac = wr_buf_get_bytes(&r, ret->mac_size);
    ret->original_id = wr_buf_get_u16(&r);
    ret->error = wr_buf_get_u16(&r);
    ret->other_size = wr_buf_get_u16(&r);
    ret->other = wr_buf_get_bytes(&r, ret->other_size);
    return r.err || wr_buf_left(&r) > 0 ? WR_E_FORMAT : WR_OK;
}

static enum wr_tsig_result refuse(struct wr_tsig *t, struct wr_tsig_failure *failure,
                                  const char *reason)
{
    wr_tsig_close(t);
    failure->reason = reason;
    return WR_TSIG_REFUSED;
}

static const char *what_server_said(uint16_t error)
{
    switch (error) {
    case BADSIG: return "the server says that our signature is wrong (BADSIG): not the same secret";
    case BADKEY: return "the server does not know the key (BADKEY)";
    case BADTIME: return "the server's clock and ours differ (BADTIME)";
    default: return "the server refuses our signature";
    }
}

static int64_t time_in(const uint8_t *other)
{
    int64_t s = 0;

    for (unsigned i = 0; i < 6; i++) {
        s = s << 8 | other[i];
    }
    return s;
}

static bool is_in_time(const struct record *r, const struct wr_now *now)
{
    uint64_t ours = now->wall_s > 0 ? (uint64_t)now->wall_s : 0;
    uint64_t apart = ours > r->time_s ? ours - r->time_s : r->time_s - ours;

    return !now->wall_proven || apart <= r->fudge;
}

static enum wr_tsig_result check_unsigned(struct wr_tsig *t, const struct wr_msg *m,
                                          struct wr_tsig_failure *failure)
{
    if (t->first) {
        return refuse(t, failure,
                      "the response is not signed: perhaps the primary does not know the key");
    }
    if (++t->unsigned_ > UNSIGNED_MAX) {
        return refuse(t, failure, "too many messages in a row are not signed");
    }
    wr_hmac_add(&t->hmac, m->wire, m->size);
    return WR_TSIG_LATER;
}

/* The record against the key, before anything is computed. NULL: it may be checked. */
static const char *look_at(const struct wr_tsig *t, const struct record *r)
{
    if (!wr_name_equal(r->owner.wire, t->key->name.wire) ||
        !wr_name_equal(r->alg.wire, alg_name(t->key->alg)) || r->class_ != CLASS_ANY ||
        r->ttl != 0) {
        return "the response is signed by another key";
    }
    if (r->mac_size == 0 && r->error != 0) {
        return what_server_said(r->error);
    }
    if (r->mac_size != wr_digest_size(t->key->alg)) {
        return "the signature of the response is cut short";
    }
    return NULL;
}

enum wr_tsig_result wr_tsig_check(struct wr_tsig *t, const struct wr_msg *m,
                                  const struct wr_now *now, struct wr_tsig_failure *ret_failure)
{
    uint8_t mac[WR_DIGEST_MAX];
    struct record r = {.at = 0};
    const char *why;

    *ret_failure = (struct wr_tsig_failure){.error = 0};
    if (!t->open) {
        return refuse(t, ret_failure, "nothing was asked, or a message before was refused");
    }
    if (!m->tsig) {
        return check_unsigned(t, m, ret_failure);
    }
    if (read_record(m, &r)) {
        return refuse(t, ret_failure, "the TSIG record of the response is malformed");
    }
    ret_failure->error = r.error;
    why = look_at(t, &r);
    if (why) {
        return refuse(t, ret_failure, why);
    }
    add_message(&t->hmac, m, &r);
    add_variables(&t->hmac, t->key, &r, t->first);
    if (wr_hmac_end(&t->hmac, mac) || !wr_hmac_equal(mac, r.mac, r.mac_size)) {
        return refuse(t, ret_failure, "the signature of the response is wrong");
    }
    if (r.error == BADTIME && r.other_size == 6) {
        ret_failure->server_s = time_in(r.other);
    }
    if (r.error) {
        return refuse(t, ret_failure, what_server_said(r.error));
    }
    if (!is_in_time(&r, now)) {
        return refuse(t, ret_failure, "the response was signed at another time than now");
    }
    add_mac(&t->hmac, mac, r.mac_size);
    t->first = false;
    t->unsigned_ = 0;
    return WR_TSIG_GOOD;
}

bool wr_tsig_is_settled(const struct wr_tsig *t)
{
    return t->open && !t->first && t->unsigned_ == 0;
}

void wr_tsig_close(struct wr_tsig *t)
{
    if (t->open) {
        wr_hmac_close(&t->hmac);
    }
    t->open = false;
}
