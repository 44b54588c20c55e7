/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/encryption.h"

#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "base/enc.h"
#include "base/err.h"
#include "base/str.h"
#include "net/clock.h"
#include "serve/designation.h"
#include "serve/say.h"
#include "serve/serve.h"
#include "transport/odohkeys.h"

/* Whom an oblivious proxy carries to. Without anchors it is none. */
static void proxy_terms(struct wr_serve *s, const struct wr_conf *conf, struct wr_terms *ret)
{
    struct wr_verdict_text why;
    struct wr_creds *anchors = NULL;

    if (conf->encrypted.odoh_targets.count == 0 ||
        wr_authorities_find(&s->authorities, conf, &why, &anchors) != WR_OK || anchors == NULL) {
        return;
    }
    for (size_t i = 0; i < conf->encrypted.odoh_targets.count; i++) {
        const struct wr_uri *uri = &conf->encrypted.odoh_targets.items[i];

        if (wr_certfiles_is_ours(ret->creds, uri)) {
            wr_say(WR_LOG_ERROR,
                   "encrypted.odoh.targets[%zu] is this host itself: proxy and target of one query "
                   "must not be one, and nothing is carried to it",
                   i);
        } else {
            ret->odoh_target_uri[ret->odoh_targets++] = *uri;
        }
    }
    ret->anchors = wr_creds_keep(anchors);
}

/* The secrets are made once: those of `before` go on; NULL: the caller makes them. */
static void terms_from(struct wr_serve *s, const struct wr_conf *conf, struct wr_creds *creds,
                       const struct wr_terms *before, struct wr_terms *ret)
{
    const char *below = conf->encrypted.names_below;

    *ret = (struct wr_terms){.creds = creds,
                             .ask_certificate = creds != NULL && wr_creds_anchors(creds) > 0};
    snprintf(ret->doh_path, sizeof(ret->doh_path), "%s", conf->encrypted.doh_path);
    if (before) {
        memcpy(ret->ticket_key, before->ticket_key, sizeof(ret->ticket_key));
        memcpy(ret->odoh_secret, before->odoh_secret, sizeof(ret->odoh_secret));
        ret->odoh_since_us = before->odoh_since_us;
    }
    ret->odoh_target = conf->encrypted.odoh_target;
    proxy_terms(s, conf, ret);
    for (size_t i = 0; below[i] != 0 && i + 1 < sizeof(ret->names_below); i++) {
        ret->names_below[i] = (char)(below[i] >= 'A' && below[i] <= 'Z' ? below[i] + 32 : below[i]);
    }
}

int wr_encryption_begin(struct wr_serve *s)
{
    struct wr_encryption *e = &s->encryption;
    struct wr_creds *creds = NULL;
    struct wr_now now;

    wr_clock_now(false, &now);
    wr_creds_clock(now.wall_s);
    if (wr_certfiles_read(&e->files, s->conf, &creds) != WR_OK) {
        wr_say(WR_LOG_ERROR, "%s; encrypted connections are refused until that is mended",
               e->files.why);
    }
    terms_from(s, s->conf, creds, NULL, &e->terms);
    e->terms.odoh_since_us = now.mono_us;
    if (getrandom(e->terms.ticket_key, sizeof(e->terms.ticket_key), 0) !=
            (ssize_t)sizeof(e->terms.ticket_key) ||
        getrandom(e->terms.odoh_secret, sizeof(e->terms.odoh_secret), 0) !=
            (ssize_t)sizeof(e->terms.odoh_secret)) {
        return WR_E_IO;
    }
    wr_certfiles_tell(&e->files, s->conf, creds, &now, true);
    return WR_OK;
}

/* What lies there was read, and was good: it may be that root alone can, and there is no root any more. */
static bool is_read(const struct wr_serve *s, const struct wr_conf *conf)
{
    const struct wr_encryption *e = &s->encryption;

    return e->terms.creds != NULL && e->files.why[0] == 0 &&
           wr_certfiles_same_paths(s->conf, conf) && !wr_certfiles_changed(&e->files, conf);
}

const struct wr_terms *wr_encryption_next(struct wr_serve *s, const struct wr_conf *conf,
                                          const char **ret_why)
{
    struct wr_encryption *e = &s->encryption;
    const struct wr_certfiles before = e->files;
    struct wr_creds *creds = NULL;

    *ret_why = NULL;
    if (is_read(s, conf)) {
        creds = wr_creds_keep(e->terms.creds);
    } else if (wr_certfiles_read(&e->files, conf, &creds) != WR_OK) {
        wr_say(WR_LOG_ERROR, "%s; %s", e->files.why,
               e->terms.creds != NULL ? "the certificates that were read before stay in use"
                                      : "encrypted connections are refused until that is mended");
        snprintf(e->refused, sizeof(e->refused), "%s", e->files.why);
        *ret_why = e->refused;
        if (conf !=
            s->conf) { /* not in force: what is known of the files that are is as true as before */
            e->files = before;
        }
        return NULL;
    }
    terms_from(s, conf, creds, &e->terms, &e->next);
    e->has_next = true;
    return &e->next;
}

void wr_encryption_tick(struct wr_serve *s)
{
    struct wr_encryption *e = &s->encryption;
    const struct wr_terms *next;
    const char *why;
    struct wr_now now;

    wr_clock_read(&s->clock, &now);
    wr_certfiles_tell(&e->files, s->conf, e->terms.creds, &now, false);
    (void)wr_odohkeys_advance(e->terms.odoh_secret, &e->terms.odoh_since_us, now.mono_us);
    if (!wr_reload_is_idle(s) || !wr_certfiles_changed(&e->files, s->conf)) {
        return;
    }
    next = wr_encryption_next(s, s->conf, &why);
    if (next != NULL) {
        wr_say(WR_LOG_INFO, "certificates changed: read anew");
        wr_reload_terms(s, next);
    }
}

void wr_encryption_settled(struct wr_serve *s)
{
    struct wr_encryption *e = &s->encryption;
    struct wr_now now;

    if (!e->has_next) {
        return;
    }
    wr_creds_drop(e->terms.creds);
    wr_creds_drop(e->terms.anchors);
    e->terms = e->next;
    explicit_bzero(&e->next, sizeof(e->next));
    e->has_next = false;
    wr_clock_read(&s->clock, &now);
    wr_certfiles_tell(&e->files, s->conf, e->terms.creds, &now, true);
}

int wr_encryption_designate(struct wr_serve *s, const struct wr_listeners_change *change,
                            struct wr_gate *gate)
{
    const struct wr_terms *terms =
        s->encryption.has_next ? &s->encryption.next : &s->encryption.terms;
    struct wr_listener_entry open[WR_NET_LISTENERS_MAX];
    uint32_t opens = wr_listeners_after(&s->listeners, change, open);

    return wr_designation_put(gate, open, opens, terms->doh_path, terms->creds);
}

void wr_encryption_end(struct wr_serve *s)
{
    wr_creds_drop(s->encryption.terms.creds);
    wr_creds_drop(s->encryption.next.creds);
    wr_creds_drop(s->encryption.terms.anchors);
    wr_creds_drop(s->encryption.next.anchors);
    s->encryption.terms.creds = s->encryption.next.creds = NULL;
    s->encryption.terms.anchors = s->encryption.next.anchors = NULL;
    explicit_bzero(s->encryption.terms.ticket_key, sizeof(s->encryption.terms.ticket_key));
    explicit_bzero(s->encryption.terms.odoh_secret, sizeof(s->encryption.terms.odoh_secret));
}

static void put_pair(struct wr_json *j, const struct wr_conf_pair *pair,
                     const struct wr_creds_facts *f, int64_t now_s)
{
    static const char *const kinds[] = {"other", "rsa", "ecdsa", "eddsa"};
    char pin[2 * WR_CREDS_PIN_SIZE + 1], text[64];
    struct wr_str s;

    wr_str_init(&s, text, sizeof(text));
    wr_str_text(&s, "sha256/");
    wr_enc_base64(&s, f->pin, WR_CREDS_PIN_SIZE);
    for (size_t i = 0; i < WR_CREDS_PIN_SIZE; i++) {
        snprintf(pin + 2 * i, 3, "%02x", f->pin[i]);
    }
    wr_json_object(j, NULL);
    wr_json_text(j, "chain", pair->chain);
    wr_json_text(j, "key", kinds[f->key]);
    wr_json_u64(j, "key_bits", f->key_bits);
    wr_json_i64(j, "not_after", f->not_after_s);
    wr_json_i64(j, "days_left", (f->not_after_s - now_s) / 86400);
    wr_json_text(j, "pin_sha256", pin);
    wr_json_text(j, "pin", text);
    wr_json_array(j, "names");
    for (const char *name = f->names; *name != 0; name += strlen(name) + 1) {
        wr_json_text(j, NULL, name);
    }
    wr_json_end(j);
    wr_json_end(j);
}

void wr_encryption_report(const struct wr_serve *s, struct wr_json *j, int64_t now_s)
{
    const struct wr_creds *creds = s->encryption.terms.creds;
    size_t count = creds == NULL ? 0 : wr_creds_count(creds);

    wr_json_array(j, "certificates");
    for (size_t i = 0; i < count && i < s->conf->encrypted.certificates.count; i++) {
        put_pair(j, &s->conf->encrypted.certificates.items[i], wr_creds_facts(creds, i), now_s);
    }
    wr_json_end(j);
    wr_json_object(j, "encrypted");
    wr_json_u64(j, "memory_used_bytes", wr_budget_used(&s->shared.net->budget));
    wr_json_u64(j, "memory_bytes", s->limits.encrypted_bytes);
    wr_json_u64(j, "handshakes_open", atomic_load(&s->shared.net->opening));
    wr_json_end(j);
    wr_json_text(j, "certificates_problem",
                 s->encryption.files.why[0] != 0 ? s->encryption.files.why : NULL);
}
