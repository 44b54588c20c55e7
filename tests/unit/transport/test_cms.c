/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <gnutls/abstract.h>
#include <gnutls/pkcs7.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/limits.h"
#include "transport/cms.h"
#include "unit/transport/certs.h"

static const char text[] = "{\"a profile\": 1}\n";
static struct certs_one root, middle, signer, other;
static char chain[8192];

static int setup(void **state)
{
    certs_make(&root, &(struct certs_want){.cn = "root", .ca = true}, NULL);
    certs_make(&middle, &(struct certs_want){.cn = "middle", .ca = true}, &root);
    certs_make(&signer,
               &(struct certs_want){.cn = "things\x1b[2J",
                                    .purpose = GNUTLS_KP_CODE_SIGNING,
                                    .until_s = CERTS_NOW_S + 10 * CERTS_DAY_S},
               &middle);
    certs_make(&other, &(struct certs_want){.cn = "another root", .ca = true}, NULL);
    snprintf(chain, sizeof(chain), "%s%s", signer.pem.data, middle.pem.data);
    return 0;
}

static int teardown(void **state)
{
    certs_free(&root);
    certs_free(&middle);
    certs_free(&signer);
    certs_free(&other);
    return 0;
}

struct made {
    uint8_t sig[16384];
    size_t n;
};

static struct made sign(const char *certs, const char *key)
{
    struct wr_verdict_text why;
    struct made m = {.n = 0};
    int err =
        wr_cms_sign(certs, key, text, strlen(text), CERTS_NOW_S, m.sig, sizeof(m.sig), &m.n, &why);
    if (err != WR_OK) {
        fail_msg("%s", why.text);
    }
    return m;
}

static void expect(const struct wr_cms_proof *p, int err, const char *words)
{
    struct wr_verdict_text why;
    char who[WR_CMS_SIGNER_SIZE] = "untouched";
    assert_int_equal(wr_cms_verify(p, who, &why), err);
    if (err == WR_OK) {
        assert_string_equal(who, words);
        assert_string_equal(why.text, "");
    } else {
        assert_string_equal(who, "untouched");
        if (strstr(why.text, words) == NULL) {
            fail_msg("not \"%s\", but \"%s\"", words, why.text);
        }
    }
}

static struct wr_cms_proof proof_of(const struct made *m)
{
    return (struct wr_cms_proof){.text = text,
                                 .n = strlen(text),
                                 .sig = m->sig,
                                 .sig_n = m->n,
                                 .anchors = root.pem.data,
                                 .anchors_n = root.pem.size,
                                 .now_s = CERTS_NOW_S};
}

static void test_good(void **state)
{
    struct made m = sign(chain, (const char *)signer.key_pem.data);
    struct wr_cms_proof p = proof_of(&m);
    expect(&p, WR_OK, "CN=things\\x1b[2J");
}

static void test_refused(void **state)
{
    struct made m = sign(chain, (const char *)signer.key_pem.data);
    struct wr_cms_proof p = proof_of(&m);
    p.text = "{\"a profile\": 2}\n";
    expect(&p, WR_E_DENIED, "not a signature over this file");
    p = proof_of(&m);
    p.now_s = CERTS_NOW_S + 11 * CERTS_DAY_S;
    expect(&p, WR_E_DENIED, "has expired");
    p.now_s = CERTS_NOW_S - 2 * CERTS_DAY_S;
    expect(&p, WR_E_DENIED, "not good yet");
    p = proof_of(&m);
    p.anchors = other.pem.data;
    p.anchors_n = other.pem.size;
    expect(&p, WR_E_DENIED, "no anchor vouches");
    p.anchors = "nothing";
    p.anchors_n = 7;
    expect(&p, WR_E_FORMAT, "among the anchors");
    struct made alone = sign((const char *)signer.pem.data, (const char *)signer.key_pem.data);
    p = proof_of(&alone); /* without who stands between */
    expect(&p, WR_E_DENIED, "no anchor vouches");
    struct made by = sign((const char *)root.pem.data, (const char *)root.key_pem.data);
    p = proof_of(&by); /* an authority's key is for certificates */
    expect(&p, WR_E_DENIED, "not for signing");
    p = proof_of(&m);
    p.sig = "no CMS";
    p.sig_n = 6;
    expect(&p, WR_E_FORMAT, "no CMS");
    p.sig_n = WR_MUD_SIGNATURE_MAX + 1;
    expect(&p, WR_E_FORMAT, "no CMS");
}

/* A key that is for something else, and a digest that can be forged. */
static void test_weak(void **state)
{
    struct certs_one server;
    certs_make(&server, &(struct certs_want){.cn = "a web server"}, &root);
    struct made m = sign((const char *)server.pem.data, (const char *)server.key_pem.data);
    struct wr_cms_proof p = proof_of(&m);
    expect(&p, WR_E_DENIED, "not for signing");
    certs_free(&server);
    /* The same by SHA-1, which weir does not write. */
    gnutls_pkcs7_t p7;
    gnutls_datum_t what = {(unsigned char *)(uintptr_t)text, sizeof(text) - 1}, out = {NULL, 0};
    gnutls_privkey_t key;
    certs_ok(gnutls_privkey_init(&key));
    certs_ok(gnutls_privkey_import_x509(key, signer.key, 0));
    certs_ok(gnutls_pkcs7_init(&p7));
    certs_ok(gnutls_pkcs7_sign(p7, signer.crt, key, &what, NULL, NULL, GNUTLS_DIG_SHA1,
                               GNUTLS_PKCS7_INCLUDE_CERT));
    certs_ok(gnutls_pkcs7_set_crt(p7, middle.crt));
    certs_ok(gnutls_pkcs7_export2(p7, GNUTLS_X509_FMT_DER, &out));
    p.sig = out.data;
    p.sig_n = out.size;
    expect(&p, WR_E_DENIED, "too weak");
    gnutls_free(out.data);
    gnutls_pkcs7_deinit(p7);
    gnutls_privkey_deinit(key);
}

/* One octet of it changed anywhere proves nothing else: no other text, no other signer. */
static void test_changed(void **state)
{
    struct made m = sign(chain, (const char *)signer.key_pem.data);
    struct wr_verdict_text why;
    unsigned good = 0;
    for (size_t i = 0; i < m.n; i += 7) {
        char who[WR_CMS_SIGNER_SIZE] = "";
        struct wr_cms_proof p = proof_of(&m);
        m.sig[i] ^= 0x20;
        if (wr_cms_verify(&p, who, &why) == WR_OK) {
            assert_string_equal(who, "CN=things\\x1b[2J");
            good++;
        }
        m.sig[i] ^= 0x20;
    }
    assert_in_range(good, 0, m.n / 70); /* what nobody signs: what kind of a thing it is called */
}

static void test_sign_refused(void **state)
{
    struct wr_verdict_text why;
    uint8_t sig[64];
    size_t n = 0;
    const char *cert = (const char *)signer.pem.data, *key = (const char *)signer.key_pem.data;
    assert_int_equal(wr_cms_sign(cert, (const char *)other.key_pem.data, text, 3, CERTS_NOW_S, sig,
                                 sizeof(sig), &n, &why),
                     WR_E_DENIED);
    assert_int_equal(wr_cms_sign("no", key, text, 3, CERTS_NOW_S, sig, sizeof(sig), &n, &why),
                     WR_E_FORMAT);
    assert_int_equal(wr_cms_sign(cert, "no", text, 3, CERTS_NOW_S, sig, sizeof(sig), &n, &why),
                     WR_E_FORMAT);
    assert_int_equal(wr_cms_sign(cert, key, text, 3, CERTS_NOW_S, sig, sizeof(sig), &n, &why),
                     WR_E_FULL);
    assert_int_equal(n, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),         cmocka_unit_test(test_refused),
        cmocka_unit_test(test_weak),         cmocka_unit_test(test_changed),
        cmocka_unit_test(test_sign_refused),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
