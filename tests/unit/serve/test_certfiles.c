/* SPDX-License-Identifier: Apache-2.0 */
/* Certificate files: what is taken, what is refused and why, and when they have changed. */
#include "unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "serve/certfiles.h"
#include "unit/transport/certs.h"

static struct certs_one ca, leaf, other;
static char home[] = "/tmp/weir-certfiles-XXXXXX";
static char chain[64], key[64];
static struct wr_conf_pair pair = {chain, key};
static struct wr_conf conf;

static void put(const char *path, const gnutls_datum_t *text, mode_t mode)
{
    FILE *f;

    unlink(path);
    f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(text->data, 1, text->size, f), text->size);
    fclose(f);
    assert_int_equal(chmod(path, mode), 0);
}

static int setup_all(void **state)
{
    certs_make(&ca, &(struct certs_want){.cn = "CA", .ca = true}, NULL);
    certs_make(&leaf, &(struct certs_want){.names = {"dns.example"}}, &ca);
    certs_make(&other, &(struct certs_want){.names = {"dns.example"}}, &ca);
    assert_non_null(mkdtemp(home));
    snprintf(chain, sizeof(chain), "%s/chain", home);
    snprintf(key, sizeof(key), "%s/key", home);
    conf.encrypted.certificates.items = &pair;
    conf.encrypted.certificates.count = 1;
    conf.encrypted.client_anchors = "";
    return 0;
}

static int teardown_all(void **state)
{
    certs_free(&ca);
    certs_free(&leaf);
    certs_free(&other);
    unlink(chain);
    unlink(key);
    rmdir(home);
    return 0;
}

static void test_what_is_taken(void **state)
{
    const gnutls_datum_t nonsense = {(unsigned char *)(uintptr_t) "nonsense", 8};
    struct {
        const gnutls_datum_t *chain, *key;
        mode_t mode;
        int err;
        const char *why; /* somewhere in the reason */
    } row[] = {
        {&leaf.pem, &leaf.key_pem, 0600, WR_OK, ""},
        {&leaf.pem, &leaf.key_pem, 0640, WR_OK, ""},
        {&leaf.pem, &leaf.key_pem, 0644, WR_E_DENIED, "rights 644"},
        {&leaf.pem, &leaf.key_pem, 0620, WR_E_DENIED, "rights 620"},
        {&leaf.pem, &other.key_pem, 0600, WR_E_DENIED, "the key is not the one"},
        {&nonsense, &leaf.key_pem, 0600, WR_E_FORMAT, "/chain and "},
        {&leaf.pem, &nonsense, 0600, WR_E_FORMAT, "/key: "},
        {NULL, &leaf.key_pem, 0600, WR_E_IO, "/chain: No such file"},
    };

    for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
        struct wr_certfiles f = {.marks = 0};
        struct wr_creds *creds = NULL;

        if (row[i].chain == NULL) {
            unlink(chain);
        } else {
            put(chain, row[i].chain, 0644);
        }
        put(key, row[i].key, row[i].mode);
        assert_int_equal(wr_certfiles_read(&f, &conf, &creds), row[i].err);
        assert_int_equal(creds != NULL, row[i].err == WR_OK);
        assert_non_null(strstr(f.why, row[i].why));
        assert_int_equal(f.why[0] == '\0', row[i].err == WR_OK);
        assert_false(wr_certfiles_changed(&f, &conf)); /* told once for each state of the files */
        wr_creds_drop(creds);
    }
}

/* Whoever may not read a key is named, and so is what lets him; a path that is too long stands there once, and is not cut. */
static void test_denied(void **state)
{
    struct wr_certfiles f = {.marks = 0};
    struct wr_creds *creds = NULL;
    bool root = geteuid() == 0;
    char deep[200], text[700];

    conf.user = "dns";
    put(chain, &leaf.pem, 0644);
    put(key, &leaf.key_pem, 0000);
    assert_int_equal(chmod(home, 0755), 0);
    assert_int_equal(root ? seteuid(65534) : 0, 0);
    snprintf(text, sizeof(text),
             "%s: Permission denied: weir runs as dns, uid %u, who cannot read it; run `chgrp %u "
             "%s && chmod 640 %s`",
             key, (unsigned)geteuid(), (unsigned)getegid(), key, key);
    assert_int_equal(wr_certfiles_read(&f, &conf, &creds), WR_E_IO);
    assert_string_equal(f.why, text);
    memset(deep, '/', sizeof(deep));
    snprintf(deep + 100, sizeof(deep) - 100, "%s", key);
    pair.key = deep;
    assert_int_equal(wr_certfiles_read(&f, &conf, &creds), WR_E_IO);
    assert_int_equal(root ? seteuid(0) : 0, 0);
    assert_non_null(strstr(f.why, "chmod 640 the file"));
    assert_null(creds);
    pair.key = key;
}

static void test_changes(void **state)
{
    struct wr_certfiles f = {.marks = 0};
    struct wr_creds *creds = NULL;

    put(chain, &leaf.pem, 0644);
    put(key, &leaf.key_pem, 0600);
    assert_true(wr_certfiles_changed(&f, &conf));
    assert_int_equal(wr_certfiles_read(&f, &conf, &creds), WR_OK);
    assert_false(wr_certfiles_changed(&f, &conf));
    put(chain, &other.pem, 0644);
    assert_true(wr_certfiles_changed(&f, &conf));
    wr_creds_drop(creds);
    creds = NULL;
    conf.encrypted.certificates.count = 0;
    assert_true(wr_certfiles_changed(&f, &conf));
    assert_int_equal(wr_certfiles_read(&f, &conf, &creds), WR_OK);
    assert_null(creds);
    assert_false(wr_certfiles_changed(&f, &conf));
    conf.encrypted.certificates.count = 1;
}

/* A folder that root alone may enter (/etc/letsencrypt/live is one): for who is root no longer nothing has changed. */
static void test_a_folder_of_roots(void **state)
{
    struct wr_certfiles f = {.marks = 0};
    struct wr_creds *creds = NULL;
    struct wr_conf_pair elsewhere = {key, chain};
    struct wr_conf other_conf = conf;

    if (geteuid() != 0) {
        skip();
    }
    conf.encrypted.certificates.count = 1;
    put(chain, &leaf.pem, 0644);
    put(key, &leaf.key_pem, 0600);
    assert_int_equal(chmod(home, 0700), 0);
    assert_int_equal(wr_certfiles_read(&f, &conf, &creds), WR_OK);
    assert_int_equal(seteuid(65534), 0);
    bool changed = wr_certfiles_changed(&f, &conf);
    assert_int_equal(seteuid(0), 0);
    assert_false(changed);
    put(chain, &other.pem, 0644);
    assert_true(wr_certfiles_changed(&f, &conf));
    other_conf = conf;
    assert_true(wr_certfiles_same_paths(&conf, &other_conf));
    other_conf.encrypted.certificates.items = &elsewhere;
    assert_false(wr_certfiles_same_paths(&conf, &other_conf));
    wr_creds_drop(creds);
}

static void test_steps(void **state)
{
    static const struct {
        int64_t left_s;
        int step;
    } row[] = {{31 * CERTS_DAY_S, INT32_MAX},
               {30 * CERTS_DAY_S, INT32_MAX},
               {29 * CERTS_DAY_S, 30},
               {7 * CERTS_DAY_S, 30},
               {7 * CERTS_DAY_S - 1, 7},
               {CERTS_DAY_S, 7},
               {CERTS_DAY_S - 1, 1},
               {0, 1},
               {-1, 0},
               {-CERTS_DAY_S, -1},
               {-3 * CERTS_DAY_S, -3}};

    for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
        assert_int_equal(wr_certfiles_step(CERTS_NOW_S + row[i].left_s, CERTS_NOW_S), row[i].step);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_taken), cmocka_unit_test(test_denied),
        cmocka_unit_test(test_changes),       cmocka_unit_test(test_a_folder_of_roots),
        cmocka_unit_test(test_steps),
    };

    return cmocka_run_group_tests_name("serve/certfiles", tests, setup_all, teardown_all);
}
