/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/tsigkey.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/enc.h"
#include "base/err.h"

enum {
    FILE_MAX = 1024, /* base64 of the longest secret, and blanks */
    SECRET_MIN = 16, /* shorter ones can be guessed (RFC 8945 section 10.1) */
};

const struct wr_conf_key *wr_tsigkey_find(const struct wr_conf *conf, const char *name)
{
    struct wr_name wire;

    if (wr_name_from_text(name, strlen(name), &wire))
        return NULL;
    for (size_t i = 0; i < conf->local.keys.count; i++)
        if (conf->local.keys.items[i].name &&
            wr_name_equal(conf->local.keys.items[i].name, wire.wire))
            return &conf->local.keys.items[i];
    return NULL;
}

static int check_rights(int fd, const char **ret_why)
{
    struct stat st;

    if (fstat(fd, &st)) {
        *ret_why = strerror(errno);
        return WR_E_IO;
    }
    if (!S_ISREG(st.st_mode))
        *ret_why = "it is no plain file";
    else if (st.st_uid != 0 && st.st_uid != geteuid())
        *ret_why = "it belongs to another user; give it to root or to weir's user";
    else if (st.st_mode & 027)
        *ret_why = "others may read or write it; `chmod 640` takes that away";
    else
        return WR_OK;
    return WR_E_DENIED;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static int decode(const char *text, size_t n, struct wr_tsig_key *key, const char **ret_why)
{
    size_t size = 0, at = 0;
    int err;

    while (n > 0 && is_blank(text[n - 1]))
        n--;
    while (at < n && is_blank(text[at]))
        at++;
    err = wr_enc_from_base64(text + at, n - at, key->secret, sizeof(key->secret), &size);
    if (err == WR_E_FULL) {
        *ret_why = "the secret is longer than 256 octets";
        return WR_E_RANGE;
    }
    if (err) {
        *ret_why = "it holds something else than one secret in base64";
        return WR_E_FORMAT;
    }
    if (size < SECRET_MIN) {
        *ret_why = "the secret is shorter than 16 octets; `openssl rand -base64 32` makes one";
        return WR_E_RANGE;
    }
    key->size = (uint16_t)size;
    return WR_OK;
}

static int read_text(int fd, char text[FILE_MAX + 1], size_t *ret_n, const char **ret_why)
{
    ssize_t n;

    do
        n = read(fd, text, FILE_MAX + 1);
    while (n < 0 && errno == EINTR);
    if (n < 0) {
        *ret_why = strerror(errno);
        return WR_E_IO;
    }
    if (n > FILE_MAX) {
        *ret_why = "it is longer than a secret can be";
        return WR_E_RANGE;
    }
    *ret_n = (size_t)n;
    return WR_OK;
}

int wr_tsigkey_read(const struct wr_conf_key *conf_key, struct wr_tsig_key *ret_key, char *why,
                    size_t cap)
{
    int fd = open(conf_key->file, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY), err = WR_OK;
    struct wr_tsig_key key = {.alg = WR_HASH_SHA256 + (enum wr_hash_alg)conf_key->algorithm};
    char text[FILE_MAX + 1];
    const char *reason = NULL;
    size_t n = 0;

    if (fd < 0) {
        reason = strerror(errno);
        err = WR_E_IO;
    }
    if (!err)
        err = check_rights(fd, &reason);
    if (!err)
        err = read_text(fd, text, &n, &reason);
    if (!err)
        err = decode(text, n, &key, &reason);
    if (fd >= 0)
        close(fd);
    if (!err) {
        key.name.size = (uint8_t)wr_name_lower(conf_key->name, key.name.wire);
        *ret_key = key;
    } else {
        snprintf(why, cap, "%s: %s", conf_key->file, reason);
    }
    explicit_bzero(text, sizeof(text));
    wr_tsigkey_wipe(&key);
    return err;
}

void wr_tsigkey_wipe(struct wr_tsig_key *key)
{
    explicit_bzero(key->secret, sizeof(key->secret));
}
