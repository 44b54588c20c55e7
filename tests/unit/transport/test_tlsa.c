/* SPDX-License-Identifier: Apache-2.0 */
/* TLSA records: what is usable, and which certificate each form means. The digests are made by the test's own calls. */
#include "unit/unit.h"

#include <stdio.h>
#include <string.h>

#include <gnutls/abstract.h>
#include <gnutls/crypto.h>

#include "base/err.h"
#include "transport/tlsa.h"
#include "unit/transport/certs.h"

static struct certs_one leaf, other;

static int setup_certs(void **state)
{
    certs_make(&leaf, &(struct certs_want){.names = {"dns.example"}}, NULL);
    certs_make(&other, &(struct certs_want){.names = {"dns.example"}}, NULL);
    return 0;
}

static int teardown_certs(void **state)
{
    certs_free(&leaf);
    certs_free(&other);
    return 0;
}

static void test_unusable(void **state)
{
    static const struct {
        uint8_t head[3];
        size_t size; /* of all */
        int err;
    } rows[] = {
        {{3, 1, 1}, 35, WR_OK},
        {{3, 1, 2}, 67, WR_OK},
        {{0, 0, 0}, 4, WR_OK},
        {{0, 0, 0}, 3 + WR_TLSA_DATA_MAX, WR_OK},
        {{3, 1, 1}, 0, WR_E_FORMAT},
        {{3, 1, 1}, 2, WR_E_FORMAT},
        {{3, 1, 0}, 3, WR_E_FORMAT},
        {{3, 1, 1}, 34, WR_E_FORMAT},
        {{3, 1, 1}, 36, WR_E_FORMAT},
        {{3, 1, 2}, 35, WR_E_FORMAT},
        {{4, 1, 1}, 35, WR_E_FORMAT},
        {{255, 1, 1}, 35, WR_E_FORMAT},
        {{3, 2, 1}, 35, WR_E_FORMAT},
        {{3, 1, 3}, 35, WR_E_FORMAT},
        {{3, 0, 0}, 4 + WR_TLSA_DATA_MAX, WR_E_FORMAT},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        uint8_t *rdata = calloc(1, rows[i].size + 1);
        struct wr_tlsa r;

        memcpy(rdata, rows[i].head, rows[i].size < 3 ? rows[i].size : 3);
        if (wr_tlsa_read(rdata, rows[i].size, &r) != rows[i].err) {
            fail_msg("row %zu", i);
        }
        free(rdata);
    }
}

static void test_forms(void **state)
{
    gnutls_datum_t spki, whole = leaf.der;
    gnutls_pubkey_t key;

    certs_ok(gnutls_pubkey_init(&key));
    certs_ok(gnutls_pubkey_import_x509(key, leaf.crt, 0));
    certs_ok(gnutls_pubkey_export2(key, GNUTLS_X509_FMT_DER, &spki));
    for (uint8_t selector = 0; selector < 2; selector++) {
        gnutls_datum_t of = selector ? spki : whole;

        for (uint8_t matching = 0; matching < 3; matching++) {
            uint8_t rdata[1200] = {3, selector, matching};
            size_t size = matching == 1 ? 32 : matching == 2 ? 64 : of.size;
            struct wr_tlsa r;

            if (matching == 0) {
                memcpy(rdata + 3, of.data, of.size);
            } else {
                certs_ok(gnutls_hash_fast(matching == 1 ? GNUTLS_DIG_SHA256 : GNUTLS_DIG_SHA512,
                                          of.data, of.size, rdata + 3));
            }
            assert_int_equal(wr_tlsa_read(rdata, 3 + size, &r), WR_OK);
            assert_true(wr_tlsa_matches(&r, leaf.der.data, leaf.der.size));
            assert_false(wr_tlsa_matches(&r, other.der.data, other.der.size));
            assert_false(wr_tlsa_matches(&r, leaf.der.data, leaf.der.size - 1));
            r.data[0] ^= 1;
            assert_false(wr_tlsa_matches(&r, leaf.der.data, leaf.der.size));
        }
    }
    gnutls_free(spki.data);
    gnutls_pubkey_deinit(key);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_unusable),
        cmocka_unit_test(test_forms),
    };

    return cmocka_run_group_tests(tests, setup_certs, teardown_certs);
}
