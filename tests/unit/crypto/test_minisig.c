/* SPDX-License-Identifier: Apache-2.0 */
/* What minisign 0.11 and signify 31 (Debian 12) wrote, and what becomes of it when something is changed. */
#include "unit/unit.h"

#include <string.h>

#include "base/check.h"
#include "base/err.h"
#include "base/limits.h"
#include "crypto/digest.h"
#include "crypto/minisig.h"

static const char text[] = "0.0.0.0 ads.example\n||zone.example^\n";
static const char minisign_pub[] = "RWSLL1PfVzlOLH0MhSABM/cXyLJUes30CMUswC7j5IBi7CopA6o8fdH/";
static const char other_pub[] = "untrusted comment: minisign public key 36A9D19B4B0C907A\n"
                                "RWR6kAxLm9GpNpNrYD2Ll0x4IRqtqfKcY1djvO0VGVLBkyFxR6ldvO3P\n";
static const char signify_pub[] = "untrusted comment: signify public key\n"
                                  "RWTiMfOjx6hH1OpVpVKmHS/9EijNMFVQSOVhslRoLskLLXC48LcC1Muq\n";
static const char prehashed[] =
    "untrusted comment: signature from minisign secret key\n"
    "RUSLL1PfVzlOLAuhPf5mxOSaZ01RrPgo36NI58ob2nzx6pHzTpxXzpK7+633hOFSr3x9Rfg/4DkNL7QskJEQZJhDjyG"
    "IZ7ZPCgU=\n"
    "trusted comment: timestamp:1700000000\tfile:list.txt\thashed\n"
    "E9xPfqba31QBLq19HuCc+bKy02SPmEOffXZw2BSB1CKS8A1LUMUQ2eXUydlUvKlhVptpJITvr/cOoYCs4iXLAg==\n";
static const char legacy[] =
    "untrusted comment: signature from minisign secret key\n"
    "RWSLL1PfVzlOLEHPwmQpwd1JZqxHZneRTfqM/WhlRzX03XOaEyFd5OtFnfe2IlaM6vwjwrgk3MapbtgsZC2kaOH0lkL"
    "0lxMezwA=\n"
    "trusted comment: timestamp:1700000100\tfile:list.txt\n"
    "Uj6Ltxmf9jKkhX39mIonP9y9DOYLjsF6j9kGEy0+/k9COF3nenVsxU+noOWN1TJAh4wlLmOx1FxkHjG4I2B1Dw==\n";
static const char by_signify[] =
    "untrusted comment: verify with s.pub\n"
    "RWTiMfOjx6hH1OooNMjo7lYk76jXaTI2hw94HsW8XA9ZqUNWS6KzTpWO0bavWU5lIq3NYBT63+xnwlYNbJf6QsB4t5v"
    "xFHXwVAU=\n";

static struct wr_minisig_key keys[3];
static const char *why;

static int setup(void **state)
{
    assert_int_equal(wr_minisig_key(other_pub, strlen(other_pub), &keys[0]), WR_OK);
    assert_int_equal(wr_minisig_key(minisign_pub, strlen(minisign_pub), &keys[1]), WR_OK);
    assert_int_equal(wr_minisig_key(signify_pub, strlen(signify_pub), &keys[2]), WR_OK);
    return 0;
}

/* As feeds do it: the digest where the signature is over that. WR_E_UNSUPPORTED: the library has no such digest. */
static int check(const struct wr_minisig *sig, const char *of, unsigned count)
{
    uint8_t digest[WR_DIGEST_MAX];
    const uint8_t *data = (const uint8_t *)of;
    size_t n = strlen(of);
    if (sig->prehashed) {
        int err = wr_digest_of(WR_HASH_BLAKE2B, data, n, digest);
        if (err != WR_OK) {
            return err;
        }
        data = digest;
        n = sizeof(digest);
    }
    return wr_minisig_check(sig, keys, count, data, n, &why);
}

static struct wr_minisig read_sig(const char *from)
{
    struct wr_minisig sig;
    assert_int_equal(wr_minisig_read(from, strlen(from), &sig, &why), WR_OK);
    return sig;
}

static void test_good(void **state)
{
    struct wr_minisig sig = read_sig(legacy);
    assert_false(sig.prehashed);
    assert_int_equal(check(&sig, text, 3), WR_OK);
    assert_memory_equal(sig.comment, "timestamp:1700000100\tfile:list.txt", sig.comment_size);
    assert_int_equal(wr_minisig_time(&sig), 1700000100);
    sig = read_sig(by_signify);
    assert_int_equal(check(&sig, text, 3), WR_OK);
    assert_null(sig.comment);
    assert_int_equal(wr_minisig_time(&sig), 0);
    sig = read_sig(prehashed);
    assert_true(sig.prehashed);
    int err = check(&sig, text, 3);
    if (WR_BACKEND->name[0] == 'n') {
        assert_int_equal(err, WR_E_UNSUPPORTED);
        return;
    }
    assert_int_equal(err, WR_OK);
    assert_int_equal(check(&sig, "another text", 3), WR_E_CHECKSUM);
}

static void test_not_good(void **state)
{
    struct wr_minisig sig = read_sig(legacy);
    assert_int_equal(check(&sig, text, 1), WR_E_NOTFOUND);
    assert_non_null(strstr(why, "another key"));
    assert_int_equal(check(&sig, "0.0.0.0 ads.example\n", 3), WR_E_CHECKSUM);
    assert_non_null(strstr(why, "not of this text"));
    sig.comment = "timestamp:1700000101\tfile:list.txt";
    assert_int_equal(check(&sig, text, 3), WR_E_CHECKSUM);
    assert_non_null(strstr(why, "comment"));
    sig = read_sig(legacy);
    sig.octets[63] ^= 1;
    assert_int_equal(check(&sig, text, 3), WR_E_CHECKSUM);
    sig = read_sig(legacy);
    keys[1].octets[31] ^= 1;
    assert_int_equal(check(&sig, text, 3), WR_E_CHECKSUM);
    setup(NULL);
    memcpy(keys[2].id, keys[1].id,
           sizeof(keys[1].id)); /* the number is known, the key is not its */
    memcpy(keys[1].id, keys[0].id, sizeof(keys[1].id));
    assert_int_equal(check(&sig, text, 3), WR_E_CHECKSUM);
}

/* Who serves a list must not put its digest in its place, with the letters changed. */
static void test_a_digest_is_no_file(void **state)
{
    struct wr_minisig sig = read_sig(prehashed);
    struct wr_digest d;
    uint8_t digest[WR_DIGEST_MAX];
    if (wr_digest_open(&d, WR_HASH_BLAKE2B) != WR_OK) {
        skip();
    }
    wr_digest_add(&d, text, strlen(text));
    assert_int_equal(wr_digest_end(&d, digest), WR_OK);
    wr_digest_close(&d);
    assert_int_equal(wr_minisig_check(&sig, keys, 3, digest, sizeof(digest), &why), WR_OK);
    sig.prehashed = false;
    assert_int_equal(wr_minisig_check(&sig, keys, 3, digest, sizeof(digest), &why), WR_E_CHECKSUM);
    assert_non_null(strstr(why, "as long as a digest"));
}

/* Cut anywhere it is none; with the ends of lines of another system it is one. */
static void test_text(void **state)
{
    char room[sizeof(legacy) + 16];
    struct wr_minisig sig;
    for (size_t n = 0; n < strlen(legacy) - 1; n++) {
        int err = wr_minisig_read(legacy, n, &sig, &why);
        /* without the last two lines it is signify's, and so is no less of a signature */
        size_t first = (size_t)(strstr(legacy, "trusted comment: time") - legacy);
        assert_int_equal(err, n == first || n == first - 1 ? WR_OK : WR_E_FORMAT);
    }
    for (size_t n = 0; n < strlen(prehashed) - 1; n++) {
        assert_int_equal(wr_minisig_read(prehashed, n, &sig, &why), WR_E_FORMAT);
    }
    size_t at = 0;
    for (const char *p = legacy; *p != 0; p++) {
        if (*p == '\n') {
            room[at++] = '\r';
        }
        room[at++] = *p;
    }
    assert_int_equal(wr_minisig_read(room, at, &sig, &why), WR_OK);
    assert_int_equal(check(&sig, text, 2), WR_OK);
    room[at++] = 'x';
    assert_int_equal(wr_minisig_read(room, at, &sig, &why), WR_E_FORMAT);
}

static void test_long(void **state)
{
    static char big[WR_MINISIG_TEXT_MAX + 1];
    struct wr_minisig sig;
    memset(big, 'a', sizeof(big));
    assert_int_equal(wr_minisig_read(big, sizeof(big), &sig, &why), WR_E_LIMIT);
    assert_int_equal(wr_minisig_read(big, sizeof(big) - 1, &sig, &why), WR_E_FORMAT);
}

static void test_keys(void **state)
{
    static const char *const bad[] = {
        "",
        "RWSL",
        "RUSLL1PfVzlOLH0MhSABM/cXyLJUes30CMUswC7j5IBi7CopA6o8fdH/",
        "RWSLL1PfVzlOLH0MhSABM/cXyLJUes30CMUswC7j5IBi7CopA6o8fdH/\nmore\n",
        "untrusted comment: none\n",
        "RWSLL1PfVzlOLH0MhSABM/cXyLJUes30CMUswC7j5IBi7CopA6o8fdH/AAAA"};
    struct wr_minisig_key key;
    for (size_t i = 0; i < WR_ARRAY_LEN(bad); i++) {
        assert_int_equal(wr_minisig_key(bad[i], strlen(bad[i]), &key), WR_E_FORMAT);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_good, setup),
        cmocka_unit_test_setup(test_not_good, setup),
        cmocka_unit_test_setup(test_a_digest_is_no_file, setup),
        cmocka_unit_test_setup(test_text, setup),
        cmocka_unit_test(test_long),
        cmocka_unit_test(test_keys),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
