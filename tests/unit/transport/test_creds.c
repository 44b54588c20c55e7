/* SPDX-License-Identifier: Apache-2.0 */
/* Credentials: what is taken and what is not, what is known of them, and how a peer's chain is judged. */
#include "unit/unit.h"

#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "transport/creds.h"
#include "unit/transport/certs.h"

static struct certs_one ca, other_ca, leaf, rsa_leaf;

static int setup_certs(void **state)
{
    certs_make(&ca, &(struct certs_want){.cn = "test CA", .ca = true}, NULL);
    certs_make(&other_ca, &(struct certs_want){.cn = "other CA", .ca = true}, NULL);
    certs_make(&leaf,
               &(struct certs_want){.names = {"dns.example", "*.wild.example"},
                                    .ips = {"192.0.2.1", "2001:db8::1"},
                                    .until_s = CERTS_NOW_S + 7 * CERTS_DAY_S},
               &ca);
    certs_make(&rsa_leaf, &(struct certs_want){.names = {"rsa.example"}, .rsa = true}, &ca);
    return 0;
}

static int teardown_certs(void **state)
{
    certs_free(&ca);
    certs_free(&other_ca);
    certs_free(&leaf);
    certs_free(&rsa_leaf);
    return 0;
}

static struct wr_creds_pem pair_of(const struct certs_one *cert, const struct certs_one *key)
{
    return (struct wr_creds_pem){.chain = cert->pem.data,
                                 .chain_size = cert->pem.size,
                                 .key = key->key_pem.data,
                                 .key_size = key->key_pem.size};
}

static void test_facts(void **state)
{
    struct wr_creds_pem pairs[2] = {pair_of(&leaf, &leaf), pair_of(&rsa_leaf, &rsa_leaf)};
    struct wr_creds_setup setup = {.pairs = pairs, .count = 2};
    const struct wr_creds_facts *f;
    struct wr_verdict_text why;
    struct wr_creds *c;
    struct wr_addr addr;
    uint8_t pin[WR_CREDS_PIN_SIZE], want[64];
    size_t n = sizeof(want);

    assert_int_equal(wr_creds_make(&setup, &why, &c), WR_OK);
    assert_int_equal(wr_creds_count(c), 2);
    f = wr_creds_facts(c, 0);
    assert_int_equal(f->not_before_s, CERTS_NOW_S - CERTS_DAY_S);
    assert_int_equal(f->not_after_s, CERTS_NOW_S + 7 * CERTS_DAY_S);
    assert_int_equal(f->key, WR_CREDS_ECDSA);
    assert_int_equal(f->key_bits, 256);
    assert_memory_equal(f->names, "dns.example\0*.wild.example\0", 28);
    assert_int_equal(f->addrs, 2);
    assert_int_equal(gnutls_x509_crt_get_key_id(leaf.crt, GNUTLS_KEYID_USE_SHA256, want, &n), 0);
    assert_memory_equal(f->pin, want, 32);
    assert_int_equal(wr_creds_pin(leaf.der.data, leaf.der.size, pin), WR_OK);
    assert_memory_equal(pin, want, 32);
    assert_int_equal(wr_creds_facts(c, 1)->key, WR_CREDS_RSA);
    assert_int_equal(wr_creds_facts(c, 1)->key_bits, 2048);
    assert_int_equal(wr_addr_from_text("[2001:db8::1]:853", &addr), WR_OK);
    assert_true(wr_creds_has_addr(c, &addr));
    assert_int_equal(wr_addr_from_text("192.0.2.2", &addr), WR_OK);
    assert_false(wr_creds_has_addr(c, &addr));
    assert_ptr_equal(wr_creds_keep(c), c);
    wr_creds_drop(c);
    assert_int_equal(wr_creds_count(c), 2); /* one of two has dropped it */
    wr_creds_drop(c);
    wr_creds_drop(NULL);
}

static void test_what_is_not_taken(void **state)
{
    static const uint8_t junk[] = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    static uint8_t large[WR_CREDS_CHAIN_OCTETS_MAX + 1];
    struct wr_creds_pem good = pair_of(&leaf, &leaf), pair;
    struct wr_creds *c = NULL;
    struct {
        const uint8_t *chain;
        size_t chain_size;
        const uint8_t *key;
        size_t key_size;
        int err;
        const char *why;
    } row[] = {
        {good.chain, good.chain_size, ca.key_pem.data, ca.key_pem.size, WR_E_DENIED, "the key is"},
        {junk, sizeof(junk) - 1, good.key, good.key_size, WR_E_FORMAT, ""},
        {good.key, good.key_size, good.key, good.key_size, WR_E_FORMAT, "it is not PEM"},
        {good.chain, good.chain_size, good.chain, good.chain_size, WR_E_FORMAT, ""},
        {good.chain, good.chain_size / 2, good.key, good.key_size, WR_E_FORMAT, ""},
        {good.chain, 0, good.key, good.key_size, WR_E_FORMAT, ""},
        {large, sizeof(large), good.key, good.key_size, WR_E_LIMIT, "more octets"},
    };

    for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
        struct wr_creds_setup setup = {.pairs = &pair, .count = 1};
        struct wr_verdict_text why;

        pair = (struct wr_creds_pem){.chain = row[i].chain,
                                     .chain_size = row[i].chain_size,
                                     .key = row[i].key,
                                     .key_size = row[i].key_size};
        assert_int_equal(wr_creds_make(&setup, &why, &c), row[i].err);
        assert_null(c);
        assert_true(why.text[0] != '\0');
        assert_int_equal(strncmp(why.text, row[i].why, strlen(row[i].why)), 0);
    }
}

static struct wr_creds *client_of(const struct certs_one *anchor)
{
    struct wr_creds_setup setup = {.anchors = anchor->pem.data, .anchors_size = anchor->pem.size};
    struct wr_verdict_text why;
    struct wr_creds *c = NULL;

    assert_int_equal(wr_creds_make(&setup, &why, &c), WR_OK);
    assert_int_equal(wr_creds_anchors(c), 1);
    return c;
}

static void check_verdict(const struct wr_creds *c, const struct certs_one *cert, int64_t now_s,
                          const char *host, const char *want)
{
    struct wr_certs chain = {.cert = {{cert->der.data, cert->der.size}},
                             .count = 1,
                             .of_server = true,
                             .now = {.mono_us = 1, .wall_s = now_s, .wall_proven = true}};
    struct wr_verdict_text why = {""};
    int err = wr_creds_verify(c, &chain, host, &why);

    assert_int_equal(err, want == NULL ? WR_OK : WR_E_DENIED);
    assert_string_equal(why.text, want == NULL ? "" : want);
}

static void test_verdicts(void **state)
{
    struct wr_creds *c = client_of(&ca), *stranger = client_of(&other_ca);
    struct certs_one self, small, for_clients;

    certs_make(&self, &(struct certs_want){.names = {"dns.example"}}, NULL);
    certs_make(&for_clients, &(struct certs_want){.names = {"dns.example"}, .client = true}, &ca);
    check_verdict(c, &leaf, CERTS_NOW_S, "dns.example", NULL);
    check_verdict(c, &leaf, CERTS_NOW_S, "a.wild.example", NULL);
    check_verdict(c, &leaf, CERTS_NOW_S, "192.0.2.1", NULL);
    check_verdict(c, &leaf, CERTS_NOW_S, "2001:db8::1", NULL);
    check_verdict(c, &leaf, CERTS_NOW_S, NULL, NULL);
    check_verdict(c, &rsa_leaf, CERTS_NOW_S, "rsa.example", NULL);
    check_verdict(c, &leaf, CERTS_NOW_S, "dns.example.org",
                  "the certificate is not for dns.example.org but for dns.example");
    check_verdict(c, &leaf, CERTS_NOW_S, "192.0.2.2",
                  "the certificate is not for 192.0.2.2 but for dns.example");
    check_verdict(c, &leaf, CERTS_NOW_S + 8 * CERTS_DAY_S, "dns.example",
                  "the certificate expired on 2026-12-04");
    check_verdict(c, &leaf, CERTS_NOW_S - 8 * CERTS_DAY_S, "dns.example",
                  "the certificate is good only from 2026-11-26 on; is the clock right?");
    check_verdict(c, &leaf, 12, "dns.example",
                  "the certificate is good only from 2026-11-26 on; is the clock right?");
    check_verdict(c, &self, CERTS_NOW_S, "dns.example",
                  "the certificate is self-signed, or its issuer is not among the trust anchors");
    check_verdict(stranger, &leaf, CERTS_NOW_S, "dns.example",
                  "the certificate is self-signed, or its issuer is not among the trust anchors");
    check_verdict(c, &for_clients, CERTS_NOW_S, "dns.example",
                  "the certificate is meant for something else");
    small = leaf;
    small.der.size /= 2;
    check_verdict(c, &small, CERTS_NOW_S, "dns.example",
                  "a certificate of the chain cannot be read");
    certs_free(&self);
    certs_free(&for_clients);
    wr_creds_drop(c);
    wr_creds_drop(stranger);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_facts),
        cmocka_unit_test(test_what_is_not_taken),
        cmocka_unit_test(test_verdicts),
    };

    return cmocka_run_group_tests_name("transport/creds", tests, setup_certs, teardown_certs);
}
