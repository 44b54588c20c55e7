/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/creds.h"

#include <stdatomic.h>
#include <string.h>

#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>

#include "base/check.h"
#include "base/err.h"
#include "base/str.h"

/* TLS 1.2 with forward secrecy and AEAD, and TLS 1.3. Written out, so that no setting of the system opens or closes more. The
 * server's order counts: what DNS sends is so short that AES with 128 bits, and SHA-256 for the keys, cost a device without AES in
 * hardware less than the rest of the handshake. */
#define PRIORITY                                                                                  \
    "NONE:+VERS-TLS1.3:+VERS-TLS1.2:+AEAD:+AES-128-GCM:+CHACHA20-POLY1305:+AES-256-GCM"           \
    ":+ECDHE-ECDSA:+ECDHE-RSA:+GROUP-X25519:+GROUP-SECP256R1:+GROUP-SECP384R1"                    \
    ":+SIGN-ECDSA-SHA256:+SIGN-ECDSA-SECP256R1-SHA256:+SIGN-EDDSA-ED25519:+SIGN-RSA-PSS-SHA256"   \
    ":+SIGN-RSA-PSS-RSAE-SHA256:+SIGN-RSA-SHA256:+SIGN-ECDSA-SHA384:+SIGN-ECDSA-SECP384R1-SHA384" \
    ":+SIGN-RSA-PSS-RSAE-SHA384:+SIGN-RSA-SHA384:+SIGN-RSA-PSS-RSAE-SHA512:+SIGN-RSA-SHA512"      \
    ":+CTYPE-X509:+COMP-NULL:%SERVER_PRECEDENCE"

enum {
    NAME_SIZE = 256,
    /* The clock of GnuTLS is never before this: its keys for tickets are numbered by the time, and number 0 is none. */
    CLOCK_MIN_S = 30 * 86400,
    VERIFY_FLAGS = GNUTLS_PROFILE_TO_VFLAGS(GNUTLS_PROFILE_MEDIUM),
};

struct wr_creds {
    atomic_uint users;
    gnutls_certificate_credentials_t library;
    gnutls_priority_t priority;
    gnutls_x509_trust_list_t anchors;
    size_t anchors_count, count;
    struct wr_creds_facts facts[WR_CREDS_PAIRS_MAX];
};

/* --- the clock of the process ----------------------------------------------------------------------- */

static _Atomic int64_t clock_s;

static time_t creds_time(time_t *ret)
{
    int64_t now_s = atomic_load_explicit(&clock_s, memory_order_relaxed);
    time_t t = (time_t)(now_s < CLOCK_MIN_S ? CLOCK_MIN_S : now_s);

    if (ret != NULL) {
        *ret = t;
    }
    return t;
}

static void creds_clock_once(void)
{
    static atomic_flag set = ATOMIC_FLAG_INIT;

    if (!atomic_flag_test_and_set(&set)) {
        gnutls_global_set_time_function(creds_time);
    }
}

void wr_creds_clock(int64_t wall_s)
{
    creds_clock_once();
    if (atomic_load_explicit(&clock_s, memory_order_relaxed) != wall_s) {
        atomic_store_explicit(&clock_s, wall_s, memory_order_relaxed);
    }
}

/* --- text ------------------------------------------------------------------------------------------- */

static void why_set(struct wr_verdict_text *why, const char *text, const char *more)
{
    struct wr_str s;

    wr_str_init(&s, why->text, sizeof(why->text));
    wr_str_text(&s, text);
    if (more != NULL) {
        wr_str_text(&s, more);
    }
}

/* "2026-11-27" (the civil calendar by days since 1970). */
static void why_date(struct wr_str *s, int64_t when_s)
{
    int64_t days = when_s / 86400 + 719468, era = days / 146097, of_era = days - era * 146097;
    int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t day = of_era - (365 * year + year / 4 - year / 100), month = (5 * day + 2) / 153;

    wr_str_u64_pad(s, (uint64_t)(year + era * 400 + (month >= 10)), 4);
    wr_str_char(s, '-');
    wr_str_u64_pad(s, (uint64_t)(month < 10 ? month + 3 : month - 9), 2);
    wr_str_char(s, '-');
    wr_str_u64_pad(s, (uint64_t)(day - (153 * month + 2) / 5 + 1), 2);
}

/* --- facts of a certificate -------------------------------------------------------------------------- */

static void facts_name(struct wr_creds_facts *f, const char *name, size_t n)
{
    size_t at = 0;

    while (f->names[at] != '\0') {
        at += strlen(f->names + at) + 1;
    }
    if (memchr(name, '\0', n) == NULL && n > 0 && at + n + 2 <= sizeof(f->names)) {
        memcpy(f->names + at, name, n);
        f->names[at + n] = f->names[at + n + 1] = '\0';
    }
}

static void facts_addr(struct wr_creds_facts *f, const uint8_t *ip, size_t n)
{
    struct wr_addr *addr = &f->addr[f->addrs];

    if (f->addrs < WR_CREDS_ADDRS_MAX && (n == 4 || n == 16)) {
        *addr = (struct wr_addr){.family = n == 4 ? WR_AF_V4 : WR_AF_V6};
        memcpy(addr->ip, ip, n);
        f->addrs++;
    }
}

static void facts_alternatives(struct wr_creds_facts *f, gnutls_x509_crt_t crt)
{
    for (unsigned i = 0; i < WR_CREDS_ALTERNATIVES_MAX; i++) {
        char name[NAME_SIZE];
        size_t n = sizeof(name);
        int type = gnutls_x509_crt_get_subject_alt_name(crt, i, name, &n, NULL);

        if (type == GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE) {
            return;
        }
        if (type == GNUTLS_SAN_DNSNAME) {
            facts_name(f, name, n);
        } else if (type == GNUTLS_SAN_IPADDRESS) {
            facts_addr(f, (const uint8_t *)name, n);
        }
    }
}

static void facts_key(struct wr_creds_facts *f, gnutls_x509_crt_t crt)
{
    unsigned bits = 0;
    int alg = gnutls_x509_crt_get_pk_algorithm(crt, &bits);

    f->key_bits = (uint16_t)bits;
    if (alg == GNUTLS_PK_RSA || alg == GNUTLS_PK_RSA_PSS) {
        f->key = WR_CREDS_RSA;
    } else if (alg == GNUTLS_PK_ECDSA) {
        f->key = WR_CREDS_ECDSA;
    } else if (alg == GNUTLS_PK_EDDSA_ED25519 || alg == GNUTLS_PK_EDDSA_ED448) {
        f->key = WR_CREDS_EDDSA;
    }
}

static int facts_pin(gnutls_x509_crt_t crt, uint8_t ret_pin[WR_CREDS_PIN_SIZE])
{
    size_t n = WR_CREDS_PIN_SIZE;

    return gnutls_x509_crt_get_key_id(crt, GNUTLS_KEYID_USE_SHA256, ret_pin, &n) == 0 ? WR_OK
                                                                                      : WR_E_FORMAT;
}

static int facts_from(struct wr_creds_facts *f, gnutls_x509_crt_t *crts, unsigned count)
{
    *f = (struct wr_creds_facts){.certs = (uint8_t)count, .not_after_s = INT64_MAX};
    for (unsigned i = 0; i < count; i++) {
        int64_t from_s = gnutls_x509_crt_get_activation_time(crts[i]);
        int64_t until_s = gnutls_x509_crt_get_expiration_time(crts[i]);

        f->not_before_s = from_s > f->not_before_s ? from_s : f->not_before_s;
        f->not_after_s = until_s < f->not_after_s ? until_s : f->not_after_s;
    }
    facts_alternatives(f, crts[0]);
    facts_key(f, crts[0]);
    return facts_pin(crts[0], f->pin);
}

static int crt_from(const uint8_t *der, size_t size, gnutls_x509_crt_t *ret_crt)
{
    gnutls_datum_t datum = {(unsigned char *)(uintptr_t)der, (unsigned)size};
    gnutls_x509_crt_t crt;

    if (size > WR_TLS_CHAIN_OCTETS_MAX) {
        return WR_E_LIMIT;
    }
    if (gnutls_x509_crt_init(&crt) != 0) {
        return WR_E_NOMEM;
    }
    if (gnutls_x509_crt_import(crt, &datum, GNUTLS_X509_FMT_DER) != 0) {
        gnutls_x509_crt_deinit(crt);
        return WR_E_FORMAT;
    }
    *ret_crt = crt;
    return WR_OK;
}

int wr_creds_pin(const uint8_t *der, size_t size, uint8_t ret_pin[WR_CREDS_PIN_SIZE])
{
    gnutls_x509_crt_t crt;
    int err = crt_from(der, size, &crt);

    if (err == WR_OK) {
        err = facts_pin(crt, ret_pin);
        gnutls_x509_crt_deinit(crt);
    }
    return err;
}

int wr_creds_facts_of(const uint8_t *der, size_t size, struct wr_creds_facts *ret_facts)
{
    gnutls_x509_crt_t crt;
    int err = crt_from(der, size, &crt);

    if (err == WR_OK) {
        err = facts_from(ret_facts, &crt, 1);
        gnutls_x509_crt_deinit(crt);
    }
    return err;
}

/* --- making credentials ------------------------------------------------------------------------------ */

static int creds_sorry(int library, struct wr_verdict_text *why)
{
    switch (library) {
    case GNUTLS_E_MEMORY_ERROR: why_set(why, "out of memory", NULL); return WR_E_NOMEM;
    case GNUTLS_E_CERTIFICATE_KEY_MISMATCH:
        why_set(why, "the key is not the one of the first certificate of the chain", NULL);
        return WR_E_DENIED;
    case GNUTLS_E_BASE64_UNEXPECTED_HEADER_ERROR:
    case GNUTLS_E_NO_CERTIFICATE_FOUND:
        why_set(why, "it is not PEM, or not of the kind that belongs there", NULL);
        return WR_E_FORMAT;
    case GNUTLS_E_DECRYPTION_FAILED:
        why_set(why, "the key is locked with a password; store it without one", NULL);
        return WR_E_FORMAT;
    default: why_set(why, gnutls_strerror(library), NULL); return WR_E_FORMAT;
    }
}

static int pair_check(const struct wr_creds_pem *pair, struct wr_verdict_text *why)
{
    if (pair->chain_size > WR_CREDS_CHAIN_OCTETS_MAX || pair->key_size > WR_CREDS_KEY_OCTETS_MAX) {
        why_set(why, "more octets than a chain or a key has", NULL);
        return WR_E_LIMIT;
    }
    return WR_OK;
}

static int pair_facts(struct wr_creds *c, const gnutls_datum_t *pem, struct wr_verdict_text *why)
{
    gnutls_x509_crt_t *crts = NULL;
    unsigned count = 0;
    int err, said = gnutls_x509_crt_list_import2(&crts, &count, pem, GNUTLS_X509_FMT_PEM, 0);

    if (said < 0) {
        return creds_sorry(said, why);
    }
    if (count == 0 || count > WR_TLS_CERTS_MAX) {
        why_set(why, "more certificates than a chain has", NULL);
        err = WR_E_LIMIT;
    } else if ((err = facts_from(&c->facts[c->count], crts, count)) != WR_OK) {
        why_set(why, "the key of the certificate cannot be read", NULL);
    }
    for (unsigned i = 0; i < count; i++) {
        gnutls_x509_crt_deinit(crts[i]);
    }
    gnutls_free(crts);
    return err;
}

static int creds_add_pair(struct wr_creds *c, const struct wr_creds_pem *pair,
                          struct wr_verdict_text *why)
{
    gnutls_datum_t chain = {(unsigned char *)(uintptr_t)pair->chain, (unsigned)pair->chain_size};
    gnutls_datum_t key = {(unsigned char *)(uintptr_t)pair->key, (unsigned)pair->key_size};
    int said, err = pair_check(pair, why);

    if (err == WR_OK) {
        err = pair_facts(c, &chain, why);
    }
    if (err != WR_OK) {
        return err;
    }
    said = gnutls_certificate_set_x509_key_mem2(c->library, &chain, &key, GNUTLS_X509_FMT_PEM, NULL,
                                                0);
    if (said < 0) {
        return creds_sorry(said, why);
    }
    c->count++;
    return WR_OK;
}

static int creds_add_anchors(struct wr_creds *c, const struct wr_creds_setup *setup,
                             struct wr_verdict_text *why)
{
    gnutls_datum_t pem = {(unsigned char *)(uintptr_t)setup->anchors,
                          (unsigned)setup->anchors_size};
    int count;

    if (setup->anchors_size > WR_CREDS_ANCHORS_OCTETS_MAX) {
        why_set(why, "more octets of anchors than are read", NULL);
        return WR_E_LIMIT;
    }
    count = gnutls_x509_trust_list_add_trust_mem(c->anchors, &pem, NULL, GNUTLS_X509_FMT_PEM, 0, 0);
    if (count <= 0) {
        return creds_sorry(count == 0 ? GNUTLS_E_NO_CERTIFICATE_FOUND : count, why);
    }
    c->anchors_count = (size_t)count;
    return WR_OK;
}

static int creds_fill(struct wr_creds *c, const struct wr_creds_setup *setup,
                      struct wr_verdict_text *why)
{
    int err = WR_OK;

    if (gnutls_certificate_allocate_credentials(&c->library) != 0 ||
        gnutls_x509_trust_list_init(&c->anchors, 0) != 0 ||
        gnutls_priority_init(&c->priority, PRIORITY, NULL) != 0) {
        return creds_sorry(GNUTLS_E_MEMORY_ERROR, why);
    }
    for (size_t i = 0; i < setup->count && err == WR_OK; i++) {
        err = creds_add_pair(c, &setup->pairs[i], why);
    }
    if (err == WR_OK && setup->anchors != NULL) {
        err = creds_add_anchors(c, setup, why);
    }
    return err;
}

int wr_creds_make(const struct wr_creds_setup *setup, struct wr_verdict_text *ret_why,
                  struct wr_creds **ret_creds)
{
    struct wr_creds *c;
    int err;

    ret_why->text[0] = '\0';
    if (setup->count > WR_CREDS_PAIRS_MAX) {
        why_set(ret_why, "more certificates than one listener can have", NULL);
        return WR_E_LIMIT;
    }
    c = gnutls_malloc(sizeof(*c));
    if (c == NULL) {
        return creds_sorry(GNUTLS_E_MEMORY_ERROR, ret_why);
    }
    creds_clock_once();
    memset(c, 0, sizeof(*c));
    atomic_init(&c->users, 1);
    err = creds_fill(c, setup, ret_why);
    if (err != WR_OK) {
        wr_creds_drop(c);
        return err;
    }
    *ret_creds = c;
    return WR_OK;
}

struct wr_creds *wr_creds_keep(struct wr_creds *creds)
{
    atomic_fetch_add_explicit(&creds->users, 1, memory_order_relaxed);
    return creds;
}

void wr_creds_drop(struct wr_creds *creds)
{
    if (creds == NULL || atomic_fetch_sub_explicit(&creds->users, 1, memory_order_acq_rel) != 1) {
        return;
    }
    if (creds->library != NULL) {
        gnutls_certificate_free_credentials(creds->library);
    }
    if (creds->anchors != NULL) {
        gnutls_x509_trust_list_deinit(creds->anchors, 1);
    }
    if (creds->priority != NULL) {
        gnutls_priority_deinit(creds->priority);
    }
    gnutls_free(creds);
}

size_t wr_creds_count(const struct wr_creds *creds)
{
    return creds->count;
}

size_t wr_creds_anchors(const struct wr_creds *creds)
{
    return creds->anchors_count;
}

const struct wr_creds_facts *wr_creds_facts(const struct wr_creds *creds, size_t i)
{
    wr_assert(i < creds->count);
    return &creds->facts[i];
}

bool wr_creds_has_addr(const struct wr_creds *creds, const struct wr_addr *addr)
{
    size_t n = wr_addr_ip_size(addr);

    for (size_t i = 0; i < creds->count; i++) {
        const struct wr_creds_facts *f = &creds->facts[i];

        for (unsigned at = 0; at < f->addrs; at++) {
            if (n > 0 && f->addr[at].family == addr->family &&
                memcmp(f->addr[at].ip, addr->ip, n) == 0) {
                return true;
            }
        }
    }
    return false;
}

void *wr_creds_library(const struct wr_creds *creds)
{
    return creds->library;
}

void *wr_creds_priority(const struct wr_creds *creds)
{
    return creds->priority;
}

const char *wr_creds_newest(void)
{
    return PRIORITY ":-VERS-TLS1.2";
}

/* --- judging a peer ------------------------------------------------------------------------------------ */

/* The one thing that is wrong with a chain that people can do the most about. */
static void verdict_say(unsigned status, const struct wr_creds_facts *f, const char *host,
                        struct wr_verdict_text *why)
{
    struct wr_str s;

    wr_str_init(&s, why->text, sizeof(why->text));
    if (status & GNUTLS_CERT_EXPIRED) {
        wr_str_text(&s, "the certificate expired on ");
        why_date(&s, f->not_after_s);
    } else if (status & GNUTLS_CERT_NOT_ACTIVATED) {
        wr_str_text(&s, "the certificate is good only from ");
        why_date(&s, f->not_before_s);
        wr_str_text(&s, " on; is the clock right?");
    } else if (status & GNUTLS_CERT_UNEXPECTED_OWNER) {
        wr_str_text(&s, "the certificate is not for ");
        wr_str_text(&s, host);
        wr_str_text(&s, f->names[0] != '\0' ? " but for " : "");
        wr_str_text(&s, f->names);
    } else if (status & GNUTLS_CERT_SIGNER_NOT_FOUND) {
        wr_str_text(&s, f->certs == 1 ? "the certificate is self-signed, or its issuer is not "
                                        "among the trust anchors"
                                      : "no trust anchor vouches for the chain");
    } else if (status & GNUTLS_CERT_INSECURE_ALGORITHM) {
        wr_str_text(&s, "the chain uses an algorithm or key that is too weak");
    } else if (status & GNUTLS_CERT_PURPOSE_MISMATCH) {
        wr_str_text(&s, "the certificate is meant for something else");
    } else if (status & GNUTLS_CERT_SIGNATURE_FAILURE) {
        wr_str_text(&s, "a signature in the chain is wrong");
    } else {
        wr_str_text(&s, "the chain is not valid");
    }
}

static int chain_judge(gnutls_x509_trust_list_t anchors, gnutls_x509_crt_t *crts,
                       const struct wr_certs *chain, const char *host, struct wr_verdict_text *why)
{
    const unsigned flags =
        VERIFY_FLAGS | (chain->timeless ? GNUTLS_VERIFY_DISABLE_TIME_CHECKS |
                                              GNUTLS_VERIFY_DISABLE_TRUSTED_TIME_CHECKS
                                        : 0);
    const char *purpose = chain->of_server ? GNUTLS_KP_TLS_WWW_SERVER : GNUTLS_KP_TLS_WWW_CLIENT;
    gnutls_typed_vdata_st want[2] = {
        {.type = GNUTLS_DT_KEY_PURPOSE_OID, .data = (unsigned char *)(uintptr_t)purpose},
        {.type = GNUTLS_DT_DNS_HOSTNAME, .data = (unsigned char *)(uintptr_t)host},
    };
    struct wr_creds_facts facts;
    unsigned status = 0;
    int said;

    wr_creds_clock(chain->now.wall_s);
    said = gnutls_x509_trust_list_verify_crt2(anchors, crts, (unsigned)chain->count, want,
                                              host != NULL ? 2 : 1, flags, &status, NULL);
    if (said < 0) {
        why_set(why, "the chain cannot be judged: ", gnutls_strerror(said));
        return WR_E_DENIED;
    }
    if (status == 0) {
        return WR_OK;
    }
    if (facts_from(&facts, crts, (unsigned)chain->count) != WR_OK) {
        why_set(why, "the chain is not valid", NULL);
    } else {
        verdict_say(status, &facts, host, why);
    }
    return WR_E_DENIED;
}

static int chain_judge_own(gnutls_x509_crt_t *crts, size_t own, const struct wr_certs *chain,
                           const char *host, struct wr_verdict_text *why)
{
    gnutls_x509_trust_list_t anchors;
    int err = WR_E_NOMEM;

    if (gnutls_x509_trust_list_init(&anchors, 1) != 0) {
        why_set(why, "out of memory", NULL);
        return err;
    }
    if (gnutls_x509_trust_list_add_cas(anchors, &crts[own], 1, GNUTLS_TL_NO_DUPLICATES) == 1) {
        err = chain_judge(anchors, crts, chain, host, why);
    }
    gnutls_x509_trust_list_deinit(anchors, 0);
    return err;
}

/* By `anchors`, or when it is NULL by certificate `own` of the chain. */
static int chain_verify(gnutls_x509_trust_list_t anchors, size_t own, const struct wr_certs *chain,
                        const char *host, struct wr_verdict_text *ret_why)
{
    gnutls_x509_crt_t crts[WR_TLS_CERTS_MAX];
    unsigned count = 0;
    int err = chain->count > 0 && chain->count <= WR_TLS_CERTS_MAX ? WR_OK : WR_E_DENIED;

    if (err != WR_OK) {
        why_set(ret_why, chain->count == 0 ? "no certificate" : "too long a chain", NULL);
        return err;
    }
    for (; count < chain->count && err == WR_OK; count++) {
        err = crt_from(chain->cert[count].der, chain->cert[count].size, &crts[count]);
        if (err != WR_OK) {
            why_set(ret_why, "a certificate of the chain cannot be read", NULL);
            break;
        }
    }
    if (err == WR_OK) {
        err = anchors != NULL ? chain_judge(anchors, crts, chain, host, ret_why)
                              : chain_judge_own(crts, own, chain, host, ret_why);
    } else {
        err = err == WR_E_NOMEM ? err : WR_E_DENIED;
    }
    for (unsigned i = 0; i < count; i++) {
        gnutls_x509_crt_deinit(crts[i]);
    }
    return err;
}

int wr_creds_verify(const struct wr_creds *creds, const struct wr_certs *chain, const char *host,
                    struct wr_verdict_text *ret_why)
{
    return chain_verify(creds->anchors, 0, chain, host, ret_why);
}

int wr_creds_verify_own(const struct wr_certs *chain, size_t anchor, const char *host,
                        struct wr_verdict_text *ret_why)
{
    wr_assert(anchor < chain->count);
    return chain_verify(NULL, anchor, chain, host, ret_why);
}
