/* SPDX-License-Identifier: Apache-2.0 */
/* What weir check says of certificates, keys and authorities: each state of the files, and nothing of a configuration that has none. */
#include "unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "serve/certcheck.h"
#include "unit/conf/conftest.h"
#include "unit/transport/certs.h"

static struct certs_one ca, leaf, other, expired, soon, rsa;
static char home[] = "/tmp/weir-certcheck-XXXXXX";

/* All that was told: "MISTAKE key: text\n" or "note ...". */
static char told[8192];

static void hear(void *user, enum wr_names_said said, const char *file, uint32_t line,
                 const char *text)
{
    size_t n = strlen(told);

    assert_int_equal(line, 0);
    snprintf(told + n, sizeof(told) - n, "%s %s: %s\n",
             said == WR_NAMES_MISTAKE ? "MISTAKE" : "note", file, text);
}

static void put(const char *name, const gnutls_datum_t *text, mode_t mode)
{
    char path[128];
    FILE *f;

    snprintf(path, sizeof(path), "%s/%s", home, name);
    unlink(path);
    if (text == NULL) {
        return;
    }
    f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(text->data, 1, text->size, f), text->size);
    fclose(f);
    assert_int_equal(chmod(path, mode), 0);
}

/* "@" in the text is the folder. */
static unsigned check(const char *text)
{
    const struct wr_names_hooks hooks = {.tell = hear};
    struct wr_conf *conf;
    char room[1024] = "";
    unsigned mistakes_seen;
    size_t n = 0;

    for (; *text != 0; text++) {
        n += (size_t)snprintf(room + n, sizeof(room) - n, *text == '@' ? "%s" : "%.1s",
                              *text == '@' ? home : text);
    }
    told[0] = 0;
    conf = good_conf(room);
    mistakes_seen = wr_certcheck(conf, CERTS_NOW_S, &hooks);
    wr_conf_free(conf);
    return mistakes_seen;
}

#define PAIR "{chain: @/chain, key: @/key}"

static void test_pairs(void **state)
{
    const gnutls_datum_t nonsense = {(unsigned char *)(uintptr_t) "nonsense", 8};
    struct {
        const gnutls_datum_t *chain, *key;
        mode_t mode;
        const char *says; /* "": nothing at all */
    } row[] = {
        {&leaf.pem, &leaf.key_pem, 0600, ""},
        {&leaf.pem, &leaf.key_pem, 0640, ""},
        {&leaf.pem, &leaf.key_pem, 0644, "MISTAKE encrypted.certificates[0]: "},
        {&leaf.pem, &other.key_pem, 0600, "the key is not the one"},
        {&nonsense, &leaf.key_pem, 0600, "MISTAKE encrypted.certificates[0]: "},
        {NULL, &leaf.key_pem, 0600, "/chain: No such file"},
        {&leaf.pem, NULL, 0600, "/key: No such file"},
        {&expired.pem, &expired.key_pem, 0600, "/chain: the chain has expired"},
        {&soon.pem, &soon.key_pem, 0600, "note encrypted.certificates[0]: "},
        {&rsa.pem, &rsa.key_pem, 0600, "note encrypted.certificates[0]: "},
    };

    for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
        bool note = strncmp(row[i].says, "note", 4) == 0;

        put("chain", row[i].chain, 0644);
        put("key", row[i].key, row[i].mode);
        assert_int_equal(check("encrypted: {certificates: [" PAIR "]}\n"), row[i].says[0] && !note);
        if (!strstr(told, row[i].says) || (told[0] == 0) != (row[i].says[0] == 0)) {
            fail_msg("row %zu: %s", i, told);
        }
    }
    assert_non_null(strstr(told, "an RSA key costs")); /* the last row */
    put("chain", &leaf.pem, 0644);                     /* each pair is told, not the first alone */
    put("key", &leaf.key_pem, 0600);
    assert_int_equal(check("encrypted: {certificates: [{chain: @/a, key: @/b}, " PAIR
                           ", {chain: @/chain, key: @/c}]}\n"),
                     2);
    assert_non_null(strstr(told, "certificates[0]: "));
    assert_null(strstr(told, "certificates[1]"));
    assert_non_null(strstr(told, "certificates[2]: "));
}

static void test_anchors(void **state)
{
    const gnutls_datum_t nonsense = {(unsigned char *)(uintptr_t) "nonsense", 8};

    put("chain", &leaf.pem, 0644);
    put("key", &leaf.key_pem, 0600);
    put("ca", NULL, 0);
    assert_int_equal(check("encrypted: {certificates: [" PAIR "], client_anchors: @/ca}\n"), 1);
    assert_non_null(strstr(told, "MISTAKE encrypted.client_anchors: "));
    assert_non_null(strstr(told, "/ca: No such file"));
    assert_int_equal(check("encrypted: {client_anchors: @/ca}\n"), 1);
    put("ca", &nonsense, 0644);
    assert_int_equal(check("encrypted: {certificates: [" PAIR "], client_anchors: @/ca}\n"), 1);
    put("ca", &ca.pem, 0644);
    assert_int_equal(check("encrypted: {certificates: [" PAIR "], client_anchors: @/ca}\n"), 0);
    assert_string_equal(told, "");
}

static void test_targets(void **state)
{
    put("chain", &leaf.pem, 0644);
    put("key", &leaf.key_pem, 0600);
    put("ca", &ca.pem, 0644);
    assert_int_equal(check("upstream: {ca_file: @/ca}\n"
                           "encrypted: {doh: [127.0.0.1], certificates: [" PAIR ", " PAIR
                           "], odoh: {targets: [\"https://o.example/q#addr=192.0.2.1\", "
                           "\"https://dns.example/q#addr=192.0.2.9\"]}}\n"),
                     1);
    assert_non_null(strstr(told, "MISTAKE encrypted.odoh.targets[1]: this host itself"));
}

#define SERVER "upstream: {groups: [{name: a, servers: [\"tls://192.0.2.1\"]}], ca_file: "

static void test_authorities(void **state)
{
    put("ca", NULL, 0);
    assert_int_equal(check(""), 0);
    assert_string_equal(told, "");
    assert_int_equal(check(SERVER "@/ca}\n"), 1);
    assert_non_null(strstr(told, "MISTAKE upstream.ca_file: "));
    assert_non_null(strstr(told, "/ca: No such file"));
    assert_int_equal(check("upstream: {ca_file: @/ca}\n"),
                     1); /* nobody needs it yet, and the owner named it */
    assert_int_equal(check(SERVER "\"\"}\n"), 0);
    put("ca", &ca.pem, 0644);
    assert_int_equal(check(SERVER "@/ca}\n"), 0);
    assert_string_equal(told, "");
    assert_int_equal(check(SERVER "/etc/ssl/certs/ca-certificates.crt}\n"),
                     0); /* missing: a note */
    assert_int_equal(told[0] == 0, access("/etc/ssl/certs/ca-certificates.crt", R_OK) == 0);
}

/* Root and the daemon may read what this user may not: that is no mistake of the configuration. */
static void test_other_user(void **state)
{
    bool root = geteuid() == 0;
    unsigned seen;

    put("chain", &leaf.pem, 0644);
    put("key", &leaf.key_pem, 0000);
    assert_int_equal(chmod(home, 0755), 0);
    assert_int_equal(root ? seteuid(65534) : 0, 0);
    seen = check("encrypted: {certificates: [" PAIR "]}\n");
    assert_int_equal(root ? seteuid(0) : 0, 0);
    assert_int_equal(seen, 0);
    assert_non_null(strstr(told, "note encrypted.certificates[0]: "));
    assert_non_null(strstr(told, "check as root"));
}

static int setup_all(void **state)
{
    certs_make(&ca, &(struct certs_want){.cn = "CA", .ca = true}, NULL);
    certs_make(&leaf, &(struct certs_want){.names = {"dns.example"}}, &ca);
    certs_make(&other, &(struct certs_want){.names = {"dns.example"}}, &ca);
    certs_make(&expired,
               &(struct certs_want){.names = {"dns.example"},
                                    .from_s = CERTS_NOW_S - 9 * CERTS_DAY_S,
                                    .until_s = CERTS_NOW_S - CERTS_DAY_S},
               &ca);
    certs_make(&soon,
               &(struct certs_want){.names = {"dns.example"}, .until_s = CERTS_NOW_S + CERTS_DAY_S},
               &ca);
    certs_make(&rsa, &(struct certs_want){.names = {"dns.example"}, .rsa = true}, &ca);
    assert_non_null(mkdtemp(home));
    return 0;
}

static int teardown_all(void **state)
{
    put("chain", NULL, 0);
    put("key", NULL, 0);
    put("ca", NULL, 0);
    rmdir(home);
    certs_free(&ca);
    certs_free(&leaf);
    certs_free(&other);
    certs_free(&expired);
    certs_free(&soon);
    certs_free(&rsa);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pairs),      cmocka_unit_test(test_anchors),
        cmocka_unit_test(test_targets),    cmocka_unit_test(test_authorities),
        cmocka_unit_test(test_other_user),
    };

    return cmocka_run_group_tests_name("serve/certcheck", tests, setup_all, teardown_all);
}
