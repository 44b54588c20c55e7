/* SPDX-License-Identifier: Apache-2.0 */
#include "dnssec/rrsig.h"

#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "dns/codes.h"
#include "dns/name.h"
#include "dns/rdata.h"

#define RRSIG_FIXED_SIZE 18

int wr_rrsig_parse(const uint8_t *rdata, size_t size, struct wr_rrsig *ret_sig)
{
    struct wr_rrsig sig = {.rdata = rdata};
    struct wr_reader r;

    wr_buf_read_init(&r, rdata, size);
    sig.covered = wr_buf_get_u16(&r);
    sig.alg = wr_buf_get_u8(&r);
    sig.labels = wr_buf_get_u8(&r);
    sig.original_ttl = wr_buf_get_u32(&r);
    sig.expiration = wr_buf_get_u32(&r);
    sig.inception = wr_buf_get_u32(&r);
    sig.tag = wr_buf_get_u16(&r);
    sig.signer = r.base + r.pos;
    if (r.err || wr_name_skip_plain(&r) || wr_buf_left(&r) > UINT16_MAX) {
        return WR_E_FORMAT;
    }
    sig.signature_size = (uint16_t)wr_buf_left(&r);
    sig.signature = wr_buf_get_bytes(&r, sig.signature_size);
    *ret_sig = sig;
    return WR_OK;
}

static bool is_wildcard(const uint8_t *name)
{
    return name[0] == 1 && name[1] == '*';
}

unsigned wr_rrsig_labels(const uint8_t *owner)
{
    return wr_name_labels(owner) - (is_wildcard(owner) ? 1 : 0);
}

static bool may_sign(const struct wr_rrset *set, const uint8_t *signer)
{
    return wr_name_in(set->owner, signer) &&
           (set->type != WR_TYPE_DS || !wr_name_equal(set->owner, signer));
}

/* A walk that stands behind the records, at the signatures. */
static struct wr_rrset_walk sigs_of(const struct wr_rrset *set)
{
    struct wr_rrset_walk walk = wr_rrset_walk(set);
    const uint8_t *rdata;
    uint16_t size;

    for (uint16_t i = 0; i < set->records && wr_rrset_next(&walk, &rdata, &size); i++) {
    }
    return walk;
}

const uint8_t *wr_rrsig_signer(const struct wr_rrset *set)
{
    struct wr_rrset_walk walk = sigs_of(set);
    const uint8_t *deepest = NULL, *rdata;
    struct wr_rrsig sig;
    uint16_t size;

    while (wr_rrset_next(&walk, &rdata, &size)) {
        if (wr_rrsig_parse(rdata, size, &sig) == WR_OK && sig.covered == set->type &&
            may_sign(set, sig.signer) &&
            (!deepest || wr_name_labels(sig.signer) > wr_name_labels(deepest))) {
            deepest = sig.signer;
        }
    }
    return deepest;
}

/* --- the signed data ---------------------------------------------------------------------------- */

struct item {
    const uint8_t *rdata;
    uint16_t size;
};

static int item_order(uint16_t type, const struct item *a, const struct item *b)
{
    return wr_rdata_order(type, a->rdata, a->size, b->rdata, b->size);
}

static void sift(uint16_t type, struct item *items, size_t root, size_t n)
{
    struct item moved = items[root];

    for (size_t child; (child = 2 * root + 1) < n; root = child) {
        if (child + 1 < n && item_order(type, &items[child], &items[child + 1]) < 0) {
            child++;
        }
        if (item_order(type, &moved, &items[child]) >= 0) {
            break;
        }
        items[root] = items[child];
    }
    items[root] = moved;
}

/* Heapsort: no recursion, and no order of a stranger's records makes it slow. */
static void sort(uint16_t type, struct item *items, size_t n)
{
    for (size_t i = n / 2; i-- > 0;) {
        sift(type, items, i, n);
    }
    for (size_t end = n; end > 1; end--) {
        struct item last = items[end - 1];

        items[end - 1] = items[0];
        items[0] = last;
        sift(type, items, 0, end - 1);
    }
}

/* The owner that was signed: as it is, or the wildcard that it was made of. Lowered. */
static size_t signed_owner(const uint8_t *owner, uint8_t labels, uint8_t *ret)
{
    unsigned own = wr_rrsig_labels(owner);

    if (labels >= own) {
        return wr_name_lower(owner, ret);
    }
    ret[0] = 1;
    ret[1] = '*';
    return 2 + wr_name_lower(wr_name_skip_labels(owner, wr_name_labels(owner) - labels), ret + 2);
}

static int collect(const struct wr_rrset *set, struct item *items)
{
    struct wr_rrset_walk walk = wr_rrset_walk(set);

    for (uint16_t i = 0; i < set->records; i++) {
        if (!wr_rrset_next(&walk, &items[i].rdata, &items[i].size)) {
            return WR_E_FORMAT;
        }
    }
    sort(set->type, items, set->records);
    return WR_OK;
}

static void put_records(struct wr_writer *w, const struct wr_rrset *set, const struct wr_rrsig *sig,
                        const struct item *items)
{
    uint8_t owner[WR_NAME_MAX + 2];
    size_t owner_size = signed_owner(set->owner, sig->labels, owner);

    for (uint16_t i = 0; i < set->records; i++) {
        uint8_t *room;

        if (i > 0 && item_order(set->type, &items[i - 1], &items[i]) == 0) {
            continue; /* RFC 4034 section 6.3: duplicates count once */
        }
        wr_buf_put_bytes(w, owner, owner_size);
        wr_buf_put_u16(w, set->type);
        wr_buf_put_u16(w, set->class_);
        wr_buf_put_u32(w, sig->original_ttl);
        wr_buf_put_u16(w, items[i].size);
        room = wr_buf_take(w, items[i].size);
        if (room && items[i].size > 0) {
            memcpy(room, items[i].rdata, items[i].size);
            wr_rdata_canonical(set->type, room, items[i].size);
        }
    }
}

int wr_rrsig_signed_data(const struct wr_rrset *set, const struct wr_rrsig *sig, void *scratch,
                         size_t *ret_size)
{
    /* The items stand behind the data, so that the data begins where scratch does. */
    struct item *items =
        (struct item *)(void *)((uint8_t *)scratch + ((WR_DNSSEC_SIGNED_MAX + 7) & ~(size_t)7));
    uint8_t signer[WR_NAME_MAX];
    struct wr_writer w;
    int err;

    if (set->records > WR_RRSET_RECORDS_MAX || set->size > WR_RRSET_SIZE_MAX) {
        return WR_E_LIMIT;
    }
    err = collect(set, items);
    if (err) {
        return err;
    }
    wr_buf_write_init(&w, scratch, WR_DNSSEC_SIGNED_MAX);
    wr_buf_put_bytes(&w, sig->rdata, RRSIG_FIXED_SIZE);
    wr_buf_put_bytes(&w, signer, wr_name_lower(sig->signer, signer));
    put_records(&w, set, sig, items);
    if (w.err) {
        return WR_E_LIMIT;
    }
    *ret_size = w.pos;
    return WR_OK;
}

/* --- the job ------------------------------------------------------------------------------------ */

static void note(struct wr_rrsig_job *job, uint8_t rank, int16_t ede, const char *reason)
{
    if (rank > job->reason_rank) {
        job->reason_rank = rank;
        job->ede = ede;
        job->reason = reason;
    }
}

void wr_rrsig_start(struct wr_rrsig_job *job, const struct wr_rrset *set, const uint8_t *zone,
                    struct wr_keyset *keys, bool entries_only,
                    const struct wr_dnssec_policy *policy, const struct wr_trusttime *time)
{
    memset(job, 0, sizeof(*job));
    job->set = set;
    job->zone = zone;
    job->keys = keys;
    job->policy = policy;
    job->time = time;
    job->entries_only = entries_only;
    job->walk = sigs_of(set);
    note(job, 1, WR_EDE_RRSIGS_MISSING, "no signatures over the records");
}

/* All that is asked of a signature before its key. */
static bool fits(struct wr_rrsig_job *job, const struct wr_rrsig *sig, uint32_t *ret_left_s)
{
    const struct wr_rrset *set = job->set;

    if (sig->covered != set->type || !wr_name_equal(sig->signer, job->zone) ||
        !may_sign(set, sig->signer)) {
        note(job, 2, WR_EDE_RRSIGS_MISSING, "no signature of the zone over the records");
        return false;
    }
    if (!wr_algo_may_rely(job->policy, sig->alg)) {
        note(job, 3, WR_EDE_RRSIGS_MISSING, "no signature by an algorithm that is relied on");
        return false;
    }
    if (sig->labels > wr_rrsig_labels(set->owner) || sig->labels < wr_name_labels(sig->signer)) {
        note(job, 4, WR_EDE_BOGUS, "a signature has the wrong number of labels");
        return false;
    }
    switch (wr_trusttime_window(job->time, sig->inception, sig->expiration, ret_left_s)) {
    case WR_WINDOW_GOOD: return true;
    case WR_WINDOW_EARLY:
        note(job, 6, WR_EDE_SIGNATURE_NOT_YET, "the signature is not valid yet");
        return false;
    case WR_WINDOW_EXPIRED: break;
    }
    note(job, 6, WR_EDE_SIGNATURE_EXPIRED, "the signature has expired");
    return false;
}

/* The next signature that fits. False: there is none. */
static bool open_next(struct wr_rrsig_job *job)
{
    const uint8_t *rdata;
    uint16_t size;
    uint32_t left_s;

    while (wr_rrset_next(&job->walk, &rdata, &size)) {
        if (wr_rrsig_parse(rdata, size, &job->sig) == WR_OK && fits(job, &job->sig, &left_s)) {
            job->sig_open = true;
            job->key = job->tag_keys = 0;
            job->ttl = job->sig.original_ttl < left_s ? job->sig.original_ttl : left_s;
            job->ttl = job->set->ttl < job->ttl ? job->set->ttl : job->ttl;
            note(job, 5, WR_EDE_DNSKEY_MISSING, "no key of the zone has the signature's tag");
            return true;
        }
    }
    return false;
}

/* The next key of the open signature that may check it, or NULL. */
static struct wr_zone_key *next_key(struct wr_rrsig_job *job)
{
    while (job->key < job->keys->count && job->tag_keys < WR_DNSSEC_TAG_KEYS_MAX) {
        struct wr_zone_key *key = &job->keys->keys[job->key++];

        if (key->tag != job->sig.tag || key->alg != job->sig.alg) {
            continue;
        }
        if (key->role == WR_KEY_UNSUPPORTED) {
            note(job, 7, WR_EDE_DNSKEY_ALGORITHM, "the key of the signature is too large");
        } else if (key->role == WR_KEY_ENTRY || !job->entries_only) {
            job->tag_keys++;
            return key;
        }
    }
    job->sig_open = false;
    return NULL;
}

static enum wr_rrsig_result check(struct wr_rrsig_job *job, struct wr_zone_key *key,
                                  struct wr_dnssec_work *work, void *scratch)
{
    size_t size = 0;

    if (job->checks == WR_DNSSEC_SET_CHECKS_MAX || !wr_work_take_check(work, key->alg)) {
        note(job, 9, WR_EDE_BOGUS, "too many signatures had to be checked");
        return WR_RRSIG_SPENT;
    }
    job->checks++;
    if (wr_rrsig_signed_data(job->set, &job->sig, scratch, &size) == WR_OK &&
        wr_verify_check(&key->key, scratch, size, job->sig.signature, job->sig.signature_size) ==
            WR_OK) {
        job->labels = job->sig.labels;
        job->expanded = job->sig.labels < wr_rrsig_labels(job->set->owner);
        return WR_RRSIG_SECURE;
    }
    wr_work_note_failure(work);
    note(job, 8, WR_EDE_BOGUS, "a signature does not match the records");
    return WR_RRSIG_MORE;
}

/* Signatures and keys that need no check are passed over within the step: both are bounded by the set's size. */
enum wr_rrsig_result wr_rrsig_step(struct wr_rrsig_job *job, struct wr_dnssec_work *work,
                                   void *scratch)
{
    while (job->sig_open || open_next(job)) {
        struct wr_zone_key *key = next_key(job);

        if (key) {
            return check(job, key, work, scratch);
        }
    }
    return WR_RRSIG_FAILED;
}

void wr_rrsig_tell(const struct wr_rrsig_job *job, enum wr_rrsig_result got,
                   const struct wr_trace *trace)
{
    char text[2 * WR_NAME_TEXT_SIZE + 256], type[WR_CODE_TEXT_SIZE];
    bool good = got == WR_RRSIG_SECURE;
    struct wr_str s;

    if (!wr_trace_on(trace) || got == WR_RRSIG_MORE) {
        return;
    }
    wr_str_init(&s, text, sizeof(text));
    wr_name_put_text(&s, job->set->owner);
    wr_codes_type_text(job->set->type, type, sizeof(type));
    wr_str_char(&s, ' ');
    wr_str_text(&s, type);
    wr_str_text(&s, good ? ": signed by key " : ": not proven by the keys of ");
    if (good) {
        wr_str_u64(&s, job->sig.tag);
        wr_str_text(&s, " (algorithm ");
        wr_str_u64(&s, job->sig.alg);
        wr_str_text(&s, ") of ");
    }
    wr_name_put_text(&s, job->zone);
    if (!good) {
        wr_str_text(&s, ": ");
        wr_str_text(&s, job->reason ? job->reason : "");
    }
    wr_trace_move(trace, "rrsig", 0, "CHECK", good ? "SECURE" : "FAILED", text);
}
