/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/feedproof.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/limits.h"
#include "crypto/digest.h"

#define ROOM_MIN ((size_t)64 * 1024)

struct wr_feedproof {
    const struct wr_minisig_key *keys;
    unsigned count;
    struct wr_minisig sig; /* points into `text` */
    int err;               /* of what was fed */
    struct wr_digest digest;
    uint8_t *whole; /* the list, where the signature is over that */
    size_t size, room;
    char text[WR_MINISIG_TEXT_MAX];
};

static const char *const no_memory = "not enough memory to check its signature";

int wr_feedproof_open(const struct wr_minisig_key *keys, unsigned count, const char *sig, size_t n,
                      struct wr_feedproof **ret_proof, const char **ret_why)
{
    struct wr_feedproof *p = calloc(1, sizeof(*p));
    *ret_why = no_memory;
    if (p == NULL) {
        return WR_E_NOMEM;
    }
    p->keys = keys;
    p->count = count;
    memcpy(p->text, sig, n < sizeof(p->text) ? n : sizeof(p->text));
    int err = wr_minisig_read(n <= sizeof(p->text) ? p->text : sig, n, &p->sig, ret_why);
    if (err == WR_OK && p->sig.prehashed) {
        err = wr_digest_open(&p->digest, WR_HASH_BLAKE2B);
        *ret_why = err == WR_E_UNSUPPORTED
                       ? "its signature is over a BLAKE2b digest, which this build of weir cannot "
                         "make; `minisign -S -l` signs without"
                       : no_memory;
    }
    if (err != WR_OK) {
        free(p);
        return err;
    }
    *ret_proof = p;
    return WR_OK;
}

static int append(struct wr_feedproof *p, const void *bytes, size_t n)
{
    if (p->room - p->size < n) {
        size_t room = p->room == 0 ? ROOM_MIN : p->room;
        while (room - p->size < n) {
            room *= 2;
        }
        uint8_t *more = realloc(p->whole, room);
        if (more == NULL) {
            return WR_E_NOMEM;
        }
        p->whole = more;
        p->room = room;
    }
    memcpy(p->whole + p->size, bytes, n);
    p->size += n;
    return WR_OK;
}

void wr_feedproof_feed(struct wr_feedproof *p, const void *bytes, size_t n)
{
    if (p->sig.prehashed) {
        wr_digest_add(&p->digest, bytes, n);
    } else if (p->err == WR_OK && n > 0) {
        p->err = append(p, bytes, n);
    }
}

int wr_feedproof_end(struct wr_feedproof *p, const char **ret_why)
{
    uint8_t digest[WR_DIGEST_MAX];
    int err = p->sig.prehashed ? wr_digest_end(&p->digest, digest) : p->err;
    *ret_why = no_memory;
    if (err != WR_OK) {
        return err;
    }
    return p->sig.prehashed
               ? wr_minisig_check(&p->sig, p->keys, p->count, digest, sizeof(digest), ret_why)
               : wr_minisig_check(&p->sig, p->keys, p->count, p->whole, p->size, ret_why);
}

void wr_feedproof_facts(const struct wr_feedproof *p, uint8_t ret_id[WR_MINISIG_ID],
                        int64_t *ret_made_s)
{
    memcpy(ret_id, p->sig.id, WR_MINISIG_ID);
    *ret_made_s = wr_minisig_time(&p->sig);
}

void wr_feedproof_close(struct wr_feedproof *p)
{
    if (p == NULL) {
        return;
    }
    if (p->sig.prehashed) {
        wr_digest_close(&p->digest);
    }
    free(p->whole);
    free(p);
}
