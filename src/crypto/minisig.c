/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/minisig.h"

#include <string.h>

#include "base/check.h"
#include "base/enc.h"
#include "base/err.h"
#include "base/limits.h"
#include "base/str.h"
#include "crypto/digest.h"
#include "crypto/verify.h"

#define ED25519   15 /* of DNSSEC */
#define HEAD      (2 + WR_MINISIG_ID)
#define SIG_ALL   (HEAD + WR_MINISIG_SIZE)
#define KEY_ALL   (HEAD + WR_MINISIG_PUBLIC)
#define UNTRUSTED "untrusted comment:"
#define TRUSTED   "trusted comment: "

/* The next line of the text, without its end. False: there is none. */
static bool next_line(const char **at, const char *end, struct wr_str_part *ret)
{
    const char *from = *at;
    if (from == end) {
        return false;
    }
    const char *stop = memchr(from, '\n', (size_t)(end - from));
    *at = stop != NULL ? stop + 1 : end;
    stop = stop != NULL ? stop : end;
    while (stop > from && stop[-1] == '\r') {
        stop--;
    }
    *ret = (struct wr_str_part){from, (size_t)(stop - from)};
    return true;
}

static bool begins(const struct wr_str_part *line, const char *with)
{
    size_t n = strlen(with);
    return line->n >= n && memcmp(line->at, with, n) == 0;
}

static bool decode(const struct wr_str_part *line, uint8_t *ret, size_t size)
{
    uint8_t room[SIG_ALL + 8];
    size_t n;
    if (wr_enc_from_base64(line->at, line->n, room, sizeof(room), &n) != WR_OK || n != size) {
        return false;
    }
    memcpy(ret, room, size);
    return true;
}

int wr_minisig_key(const char *text, size_t n, struct wr_minisig_key *ret_key)
{
    const char *at = text, *end = text + n;
    struct wr_str_part line;
    uint8_t all[KEY_ALL];
    if (!next_line(&at, end, &line) || (begins(&line, UNTRUSTED) && !next_line(&at, end, &line)) ||
        at != end || !decode(&line, all, sizeof(all)) || memcmp(all, "Ed", 2) != 0) {
        return WR_E_FORMAT;
    }
    memcpy(ret_key->id, all + 2, WR_MINISIG_ID);
    memcpy(ret_key->octets, all + HEAD, WR_MINISIG_PUBLIC);
    return WR_OK;
}

static bool read_first(const struct wr_str_part *line, struct wr_minisig *sig)
{
    uint8_t all[SIG_ALL];
    if (!decode(line, all, sizeof(all)) || all[0] != 'E' || (all[1] != 'd' && all[1] != 'D')) {
        return false;
    }
    sig->prehashed = all[1] == 'D';
    memcpy(sig->id, all + 2, WR_MINISIG_ID);
    memcpy(sig->octets, all + HEAD, WR_MINISIG_SIZE);
    return true;
}

/* The two lines of minisign, where there are any. */
static bool read_trusted(const char *at, const char *end, struct wr_minisig *sig)
{
    struct wr_str_part line;
    if (!next_line(&at, end, &line)) {
        return !sig->prehashed; /* signify's has none, and never a digest */
    }
    if (!begins(&line, TRUSTED)) {
        return false;
    }
    sig->comment = line.at + strlen(TRUSTED);
    sig->comment_size = line.n - strlen(TRUSTED);
    return next_line(&at, end, &line) && decode(&line, sig->whole, sizeof(sig->whole)) && at == end;
}

int wr_minisig_read(const char *text, size_t n, struct wr_minisig *ret_sig, const char **ret_why)
{
    const char *at = text, *end = text + n;
    struct wr_minisig sig = {.comment = NULL};
    struct wr_str_part line;
    if (n > WR_MINISIG_TEXT_MAX) {
        *ret_why = "the signature is longer than one is";
        return WR_E_LIMIT;
    }
    *ret_why = "the signature is none of minisign or signify";
    if (!next_line(&at, end, &line) || !begins(&line, UNTRUSTED) || !next_line(&at, end, &line) ||
        !read_first(&line, &sig) || !read_trusted(at, end, &sig)) {
        return WR_E_FORMAT;
    }
    *ret_sig = sig;
    return WR_OK;
}

static int verify(const struct wr_minisig_key *key, const uint8_t *data, size_t n,
                  const uint8_t *sig)
{
    struct wr_verify v;
    int err = wr_verify_open(&v, ED25519, key->octets, sizeof(key->octets));
    if (err != WR_OK) {
        return err == WR_E_NOMEM ? err : WR_E_CHECKSUM;
    }
    err = wr_verify_check(&v, data, n, sig, WR_MINISIG_SIZE);
    wr_verify_close(&v);
    return err;
}

static int verify_comment(const struct wr_minisig *sig, const struct wr_minisig_key *key)
{
    uint8_t room[WR_MINISIG_SIZE + WR_MINISIG_TEXT_MAX];
    if (sig->comment == NULL) {
        return WR_OK;
    }
    wr_assert(sig->comment_size <= WR_MINISIG_TEXT_MAX);
    memcpy(room, sig->octets, WR_MINISIG_SIZE);
    memcpy(room + WR_MINISIG_SIZE, sig->comment, sig->comment_size);
    return verify(key, room, WR_MINISIG_SIZE + sig->comment_size, sig->whole);
}

int wr_minisig_check(const struct wr_minisig *sig, const struct wr_minisig_key *keys,
                     unsigned count, const uint8_t *data, size_t n, const char **ret_why)
{
    const struct wr_minisig_key *key = NULL;
    for (unsigned i = 0; i < count && key == NULL; i++) {
        key = memcmp(keys[i].id, sig->id, WR_MINISIG_ID) == 0 ? &keys[i] : NULL;
    }
    *ret_why = "it is signed by another key than the feed's";
    if (key == NULL) {
        return WR_E_NOTFOUND;
    }
    *ret_why = "it is as long as a digest, and the signature may be one of a digest";
    if (!sig->prehashed && n == WR_DIGEST_MAX) {
        return WR_E_CHECKSUM; /* nothing that is signed says which of the two it is */
    }
    int err = verify(key, data, n, sig->octets);
    *ret_why = err == WR_E_NOMEM ? "not enough memory"
                                 : "the signature is not of this text, or not by the feed's key";
    if (err != WR_OK) {
        return err;
    }
    err = verify_comment(sig, key);
    *ret_why = err == WR_E_NOMEM ? "not enough memory"
                                 : "the trusted comment of the signature is not what was signed";
    return err;
}

int64_t wr_minisig_time(const struct wr_minisig *sig)
{
    static const char word[] = "timestamp:";
    size_t from = sizeof(word) - 1, to = from;
    uint64_t seconds;
    if (sig->comment == NULL || sig->comment_size < from || memcmp(sig->comment, word, from) != 0) {
        return 0;
    }
    while (to < sig->comment_size && sig->comment[to] >= '0' && sig->comment[to] <= '9') {
        to++;
    }
    return wr_str_to_u64(sig->comment + from, to - from, INT64_MAX, &seconds) == WR_OK
               ? (int64_t)seconds
               : 0;
}
