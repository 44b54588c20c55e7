/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <stdio.h>

#include "unit/transport/certs.h"

#include "base/err.h"
#include "serve/designation.h"

static struct wr_creds *make_creds(const struct certs_one *list, size_t count)
{
    struct wr_creds_pem pairs[2];
    struct wr_creds_setup setup = {.pairs = pairs, .count = count};
    struct wr_verdict_text why;
    struct wr_creds *creds = NULL;

    for (size_t i = 0; i < count; i++)
        pairs[i] = (struct wr_creds_pem){list[i].pem.data, list[i].key_pem.data, list[i].pem.size,
                                         list[i].key_pem.size};
    assert_int_equal(wr_creds_make(&setup, &why, &creds), WR_OK);
    return creds;
}

static void assert_name(const struct wr_name *name, const char *want)
{
    char text[WR_NAME_TEXT_SIZE];

    wr_name_to_text(name->wire, text, sizeof(text));
    assert_string_equal(text, want);
}

static void test_make(void **state)
{
    struct certs_one list[2];
    struct wr_designated_door doors[2] = {{.kind = WR_SERVICE_DOT}, {.kind = WR_SERVICE_DOH}};
    const struct wr_creds_facts *facts[2];
    struct wr_designation *d = NULL;
    struct wr_creds *creds;

    certs_make(&list[0],
               &(struct certs_want){.names = {"*.gate.example", "gate.example", "dns.example"},
                                    .ips = {"192.168.7.1", "2001:db8::7"}},
               NULL);
    certs_make(&list[1], &(struct certs_want){.ips = {"192.0.2.1"}}, NULL);
    creds = make_creds(list, 2);
    assert_int_equal(wr_addr_from_text("192.168.7.1:853", &doors[0].addr), WR_OK);
    for (size_t i = 0; i < 2; i++)
        facts[i] = wr_creds_facts(creds, i);
    assert_int_equal(wr_designation_make(doors, 2, facts, 2, "/dns-query", &d), WR_OK);
    wr_creds_drop(creds); /* nothing in it points there */
    memset(doors, 0, sizeof(doors));
    assert_int_equal(d->told.doors, 2);
    assert_int_equal(d->told.door[0].addr.port, 853);
    assert_int_equal(d->told.door[1].kind, WR_SERVICE_DOH);
    assert_string_equal(d->told.path, "/dns-query");
    assert_int_equal(d->told.proofs, 2);
    assert_int_equal(d->told.proof[0].names, 2); /* the wildcard proves no name to ask for */
    assert_name(&d->told.proof[0].name[0], "gate.example.");
    assert_name(&d->told.proof[0].name[1], "dns.example.");
    assert_int_equal(d->told.proof[0].addrs, 2);
    assert_int_equal(d->told.proof[1].names, 0);
    assert_int_equal(d->told.proof[1].addrs, 1);
    assert_int_equal(d->told.proof[1].addr[0].ip[0], 192);
    wr_designation_free(d);
    certs_free(&list[0]);
    certs_free(&list[1]);
}

static void test_nothing(void **state)
{
    struct wr_designation *d = NULL;

    assert_int_equal(wr_designation_make(NULL, 0, NULL, 0, "/", &d), WR_OK);
    assert_int_equal(d->told.doors + d->told.proofs, 0);
    wr_designation_free(d);
    wr_designation_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_make),
        cmocka_unit_test(test_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
