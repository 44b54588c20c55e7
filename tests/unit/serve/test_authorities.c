/* SPDX-License-Identifier: Apache-2.0 */
/* Authorities: read when they are wanted and have changed; a file that is gone or broken takes nothing away but its own. */
#include "unit/unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "serve/authorities.h"
#include "unit/transport/certs.h"

static char folder[] = "/tmp/weir-authorities-XXXXXX", path[64], other[64];

static void put(const char *file, const void *bytes, size_t n)
{
    FILE *f = fopen(file, "w");

    assert_non_null(f);
    assert_int_equal(fwrite(bytes, 1, n, f), n);
    assert_int_equal(fclose(f), 0);
}

static void test_find(void **state)
{
    struct wr_uri server;
    struct wr_conf_group group = {.servers = {&server, 1}};
    struct wr_authorities a = {0};
    struct wr_creds *creds = NULL, *first;
    struct wr_verdict_text why;
    struct certs_one ca, more;
    struct wr_conf conf;
    char both[8192];

    memset(&conf, 0, sizeof(conf));
    conf.upstream.groups.items = &group;
    conf.upstream.groups.count = 1;
    conf.upstream.ca_file = path;
    assert_int_equal(wr_uri_from_text("udp://192.0.2.2", 15, &server, NULL), WR_OK);
    assert_int_equal(wr_authorities_find(&a, &conf, &why, &creds), WR_OK);
    assert_null(creds); /* nobody needs them, so the file may be missing */
    assert_string_equal(why.text, "");

    assert_int_equal(wr_uri_from_text("tls://192.0.2.2", 15, &server, NULL), WR_OK);
    assert_int_equal(wr_authorities_find(&a, &conf, &why, &creds), WR_OK);
    assert_int_equal(wr_creds_anchors(creds), 0);
    assert_string_equal(why.text, "No such file or directory");

    certs_make(&ca, &(struct certs_want){.cn = "one", .ca = true}, NULL);
    certs_make(&more, &(struct certs_want){.cn = "two", .ca = true}, NULL);
    put(path, ca.pem.data, ca.pem.size);
    assert_int_equal(wr_authorities_find(&a, &conf, &why, &creds), WR_OK);
    assert_int_equal(wr_creds_anchors(creds), 1);
    first = creds;
    assert_int_equal(wr_authorities_find(&a, &conf, &why, &creds), WR_OK);
    assert_ptr_equal(creds, first); /* not read again */
    snprintf(both, sizeof(both), "%s%s", (char *)ca.pem.data, (char *)more.pem.data);
    put(path, both, strlen(both));
    assert_int_equal(wr_authorities_find(&a, &conf, &why, &creds), WR_OK);
    assert_int_equal(wr_creds_anchors(creds), 2);

    put(path, "junk", 4);
    assert_int_equal(wr_authorities_find(&a, &conf, &why, &creds), WR_OK);
    assert_int_equal(wr_creds_anchors(creds), 2); /* those that were there */
    assert_true(why.text[0] != '\0');
    conf.upstream.ca_file = other;
    assert_int_equal(wr_authorities_find(&a, &conf, &why, &creds), WR_OK);
    assert_int_equal(wr_creds_anchors(creds), 0); /* the owner believes somebody else now */
    conf.upstream.ca_file = "";
    assert_int_equal(wr_authorities_find(&a, &conf, &why, &creds), WR_OK);
    assert_int_equal(wr_creds_anchors(creds), 0);
    conf.upstream.ca_file = folder;
    assert_int_equal(wr_authorities_find(&a, &conf, &why, &creds), WR_OK);
    assert_string_equal(why.text, "it is no plain file");
    wr_authorities_free(&a);
    certs_free(&ca);
    certs_free(&more);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_find)};
    int failed;

    if (!mkdtemp(folder))
        return 1;
    snprintf(path, sizeof(path), "%s/ca.pem", folder);
    snprintf(other, sizeof(other), "%s/other.pem", folder);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    unlink(path);
    rmdir(folder);
    return failed;
}
