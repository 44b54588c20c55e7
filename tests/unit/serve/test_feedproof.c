/* SPDX-License-Identifier: Apache-2.0 */
/* What minisign 0.11 and signify 31 (Debian 12) signed, fed in pieces; texts of a size that outgrows every room. */
#include "unit/unit.h"

#include <string.h>

#include "base/err.h"
#include "crypto/backend.h"
#include "serve/feedproof.h"

static const char text[] = "0.0.0.0 ads.example\n||zone.example^\n";
static const char minisign_pub[] = "RWSLL1PfVzlOLH0MhSABM/cXyLJUes30CMUswC7j5IBi7CopA6o8fdH/";
static const char signify_pub[] = "RWTiMfOjx6hH1OpVpVKmHS/9EijNMFVQSOVhslRoLskLLXC48LcC1Muq";
static const char prehashed[] =
    "untrusted comment: signature from minisign secret key\n"
    "RUSLL1PfVzlOLAuhPf5mxOSaZ01RrPgo36NI58ob2nzx6pHzTpxXzpK7+633hOFSr3x9Rfg/4DkNL7QskJEQZJhDjyG"
    "IZ7ZPCgU=\n"
    "trusted comment: timestamp:1700000000\tfile:list.txt\thashed\n"
    "E9xPfqba31QBLq19HuCc+bKy02SPmEOffXZw2BSB1CKS8A1LUMUQ2eXUydlUvKlhVptpJITvr/cOoYCs4iXLAg==\n";
static const char by_signify[] =
    "untrusted comment: verify with s.pub\n"
    "RWTiMfOjx6hH1OooNMjo7lYk76jXaTI2hw94HsW8XA9ZqUNWS6KzTpWO0bavWU5lIq3NYBT63+xnwlYNbJf6QsB4t5v"
    "xFHXwVAU=\n";

static struct wr_minisig_key keys[2];
static struct wr_feedproof *proof;
static const char *why;

static int setup(void **state)
{
    assert_int_equal(wr_minisig_key(minisign_pub, strlen(minisign_pub), &keys[0]), WR_OK);
    assert_int_equal(wr_minisig_key(signify_pub, strlen(signify_pub), &keys[1]), WR_OK);
    return 0;
}

static int open_proof(const char *sig)
{
    return wr_feedproof_open(keys, 2, sig, strlen(sig), &proof, &why);
}

static int feed(const char *of, size_t step)
{
    for (size_t at = 0, n = strlen(of); at < n; at += step) {
        wr_feedproof_feed(proof, of + at, n - at < step ? n - at : step);
    }
    int err = wr_feedproof_end(proof, &why);
    return err;
}

static void test_pieces(void **state)
{
    uint8_t id[WR_MINISIG_ID];
    int64_t made_s;
    for (size_t step = 1; step < 40; step += 12) {
        assert_int_equal(open_proof(by_signify), WR_OK);
        assert_int_equal(feed(text, step), WR_OK);
        wr_feedproof_facts(proof, id, &made_s);
        assert_memory_equal(id, keys[1].id, sizeof(id));
        assert_int_equal(made_s, 0);
        wr_feedproof_close(proof);
        if (WR_BACKEND->name[0] == 'n') {
            assert_int_equal(open_proof(prehashed), WR_E_UNSUPPORTED);
            assert_non_null(strstr(why, "BLAKE2b"));
            continue;
        }
        assert_int_equal(open_proof(prehashed), WR_OK);
        assert_int_equal(feed(text, step), WR_OK);
        wr_feedproof_facts(proof, id, &made_s);
        assert_int_equal(made_s, 1700000000);
        wr_feedproof_close(proof);
    }
}

static void test_others(void **state)
{
    static char big[300000];
    memset(big, 'a', sizeof(big) - 1);
    assert_int_equal(open_proof(by_signify), WR_OK);
    assert_int_equal(feed(big, 70000), WR_E_CHECKSUM);
    wr_feedproof_close(proof);
    assert_int_equal(open_proof(by_signify), WR_OK);
    assert_int_equal(feed("", 1), WR_E_CHECKSUM);
    wr_feedproof_close(proof);
    assert_int_equal(open_proof(big), WR_E_LIMIT);
    assert_int_equal(open_proof("RW"), WR_E_FORMAT);
    wr_feedproof_close(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_pieces, setup),
        cmocka_unit_test_setup(test_others, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
