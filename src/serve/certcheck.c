/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/certcheck.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/str.h"
#include "base/utf8.h"
#include "conf/schema.h"
#include "serve/authorities.h"
#include "serve/certfiles.h"

enum { KEY_SIZE = 64, TEXT_SIZE = 1400, DAYS_NEAR = 30, DAY_S = 86400 };

struct check {
    const struct wr_conf *conf;
    const struct wr_names_hooks *hooks;
    int64_t now_s;
    unsigned mistakes;
    bool told[WR_ODOH_TARGETS_MAX]; /* of a target that it is this host */
};

/* Paths are any octets; what is told is text. */
__attribute__((format(printf, 4, 5))) static void tell(struct check *c, enum wr_names_said said,
                                                       const char *key, const char *format, ...)
{
    char raw[TEXT_SIZE], text[TEXT_SIZE];
    struct wr_str s;
    va_list list;

    va_start(list, format);
    vsnprintf(raw, sizeof(raw), format, list);
    va_end(list);
    wr_str_init(&s, text, sizeof(text));
    wr_utf8_safe(&s, raw, strlen(raw));
    c->mistakes += said == WR_NAMES_MISTAKE;
    c->hooks->tell(c->hooks->user, said, key, 0, text);
}

/* Could root read what we cannot? */
static bool is_not_ours(const char *path)
{
    int fd = geteuid() == 0 ? -1 : open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    bool denied = fd < 0 && errno == EACCES && geteuid() != 0;

    if (fd >= 0) {
        close(fd);
    }
    return denied;
}

static bool is_hidden(struct check *c, const char *key, const char *path)
{
    bool hidden = path[0] != 0 && is_not_ours(path);

    if (hidden) {
        tell(c, WR_NAMES_NOTE, key,
             "%s: not looked at, for this user may not read it: check as root", path);
    }
    return hidden;
}

/* --- pairs -------------------------------------------------------------------------------------------- */

static void judge(struct check *c, const char *key, const char *chain,
                  const struct wr_creds_facts *f)
{
    int64_t days = (f->not_after_s - c->now_s) / DAY_S;

    if (c->now_s < f->not_before_s) {
        tell(c, WR_NAMES_MISTAKE, key, "%s: the chain is not good yet: clients refuse it", chain);
    } else if (c->now_s > f->not_after_s) {
        tell(c, WR_NAMES_MISTAKE, key, "%s: the chain has expired: clients refuse it", chain);
    } else if (days < DAYS_NEAR) {
        tell(c, WR_NAMES_NOTE, key, "%s: the chain expires in %" PRId64 " days", chain, days);
    }
    if (f->key == WR_CREDS_RSA) {
        tell(c, WR_NAMES_NOTE, key,
             "%s: an RSA key costs about 1.7 ms of a processor for each new connection, ECDSA a "
             "tenth of that: `weir cert new` makes such a one",
             chain);
    }
}

/* The pair alone, and with the anchors when `anchors`. */
static int read_one(const struct wr_conf *conf, size_t i, bool anchors, struct wr_certfiles *f,
                    struct wr_creds **ret_creds)
{
    struct wr_conf one = *conf;

    one.encrypted.certificates.items = conf->encrypted.certificates.items + i;
    one.encrypted.certificates.count = conf->encrypted.certificates.count > 0 ? 1 : 0;
    if (!anchors) {
        one.encrypted.client_anchors = "";
    }
    *ret_creds = NULL;
    memset(f, 0, sizeof(*f));
    return wr_certfiles_read(f, &one, ret_creds);
}

/* An oblivious proxy must not carry to itself (serve/encryption drops such a target). */
static void check_targets(struct check *c, const struct wr_creds *creds)
{
    char key[KEY_SIZE];

    for (size_t i = 0; i < c->conf->encrypted.odoh_targets.count; i++) {
        if (!c->told[i] && wr_certfiles_is_ours(creds, &c->conf->encrypted.odoh_targets.items[i])) {
            c->told[i] = true;
            snprintf(key, sizeof(key), "encrypted.odoh.targets[%zu]", i);
            tell(c, WR_NAMES_MISTAKE, key,
                 "this host itself, by its certificate: proxy and target of one query must not be "
                 "one, and nothing is carried to it");
        }
    }
}

/* Returns whether it is good; then it can stand beside the anchors. */
static bool check_pair(struct check *c, size_t i)
{
    const struct wr_conf_pair *pair = &c->conf->encrypted.certificates.items[i];
    struct wr_certfiles f;
    struct wr_creds *creds;
    char key[KEY_SIZE];

    snprintf(key, sizeof(key), "encrypted.certificates[%zu]", i);
    if (is_hidden(c, key, pair->chain) || is_hidden(c, key, pair->key)) {
        return false;
    }
    if (read_one(c->conf, i, false, &f, &creds) != WR_OK) {
        tell(c, WR_NAMES_MISTAKE, key, "%s", f.why);
        return false;
    }
    judge(c, key, pair->chain, wr_creds_facts(creds, 0));
    check_targets(c, creds);
    wr_creds_drop(creds);
    return true;
}

static void check_pairs(struct check *c)
{
    const char *anchors = c->conf->encrypted.client_anchors;
    size_t count = c->conf->encrypted.certificates.count, good = 0;
    struct wr_certfiles f;
    struct wr_creds *creds;

    for (size_t i = 0; i < count; i++) {
        good = check_pair(c, i) ? i : good;
    }
    if (anchors[0] == 0 || is_hidden(c, "encrypted.client_anchors", anchors)) {
        return;
    }
    /* The reason is the anchors' when it begins with their path: that of a pair was told above. */
    if (read_one(c->conf, good, true, &f, &creds) != WR_OK &&
        strncmp(f.why, anchors, strlen(anchors)) == 0) {
        tell(c, WR_NAMES_MISTAKE, "encrypted.client_anchors", "%s", f.why);
    }
    wr_creds_drop(creds);
}

/* --- authorities ---------------------------------------------------------------------------------------- */

static void check_authorities(struct check *c)
{
    const char *path = c->conf->upstream.ca_file;
    const struct wr_schema_row *row = wr_schema_find("upstream.ca_file");
    bool by_default = strcmp(path, wr_schema_default(row, c->conf->profile)) == 0;
    struct wr_authorities a = {.creds = NULL};
    struct wr_verdict_text why;
    struct wr_creds *creds;

    if (path[0] == 0 || is_hidden(c, "upstream.ca_file", path)) {
        return;
    }
    if (wr_authorities_find(&a, c->conf, &why, &creds) != WR_OK) {
        snprintf(why.text, sizeof(why.text), "%s", wr_err_name(WR_E_NOMEM));
    } else if (creds == NULL && !by_default && access(path, R_OK) != 0) { /* nobody needs it yet */
        snprintf(why.text, sizeof(why.text), "%s", strerror(errno));
    }
    if (why.text[0] != 0) {
        tell(c, by_default ? WR_NAMES_NOTE : WR_NAMES_MISTAKE, "upstream.ca_file",
             "%s: %s; servers that are to prove their name by pkix cannot%s", path, why.text,
             by_default ? " (the package ca-certificates has it)" : "");
    }
    wr_authorities_free(&a);
}

unsigned wr_certcheck(const struct wr_conf *conf, int64_t now_s, const struct wr_names_hooks *hooks)
{
    struct check c = {.conf = conf, .hooks = hooks, .now_s = now_s};

    wr_creds_clock(now_s);
    check_pairs(&c);
    check_authorities(&c);
    return c.mistakes;
}
