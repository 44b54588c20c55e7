/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <string.h>

#include "conf/mudwrite.h"
#include "unit/conf/mudtext.h"

static uint32_t text_of(struct wr_mud *m, const char *text)
{
    uint32_t at = 0;
    assert_int_equal(wr_mud_text(m, text, strlen(text), &at), WR_OK);
    return at;
}

static struct wr_mud *made(void)
{
    struct wr_mud *m = wr_mudfile_new();
    assert_non_null(m);
    m->url = text_of(m, "https://things.example/lamp");
    m->last_update = text_of(m, "2026-01-02T03:04:05+00:00");
    m->updated_s = 1767323045;
    m->systeminfo = text_of(m, "a lamp");
    for (unsigned family = WR_AF_V4; family <= WR_AF_V6; family += 2) {
        struct wr_mud_ace a = wr_mud_ace(WR_MUD_FROM);
        a.name = text_of(m, family == WR_AF_V4 ? "one" : "one6");
        a.family = (uint8_t)family;
        a.dst_name = text_of(m, "*.cloud.example");
        a.protocol = 6;
        a.begins = WR_MUD_DEVICE_BEGINS;
        a.dst_port = (struct wr_mud_ports){443, 443, WR_MUD_PORT_IN};
        assert_int_equal(wr_mud_add(m, &a), WR_OK);
        a = wr_mud_ace(WR_MUD_TO);
        a.name = text_of(m, "back");
        a.family = (uint8_t)family;
        a.src_name = text_of(m, "*.cloud.example");
        a.protocol = 17;
        a.src_port = (struct wr_mud_ports){1000, 2000, WR_MUD_PORT_IN};
        a.classes = WR_MUD_CONTROLLER;
        a.controller = text_of(m, "urn:ietf:params:mud:ntp");
        assert_int_equal(wr_mud_add(m, &a), WR_OK);
    }
    return m;
}

/* What is written is read back as the same, ACE for ACE. */
static void test_back(void **state)
{
    struct wr_mud *m = made(), *back = NULL;
    struct wr_mudfile_mistake mistake;
    char *text = NULL;
    size_t n = 0;
    uint32_t odd = 99;
    assert_int_equal(wr_mudwrite(m, &text, &n, &odd), WR_OK);
    assert_int_equal(n, strlen(text));
    assert_int_equal(wr_mudfile_read(text, n, &back, &mistake), WR_OK);
    assert_int_equal(back->aces, 4);
    assert_int_equal(back->updated_s, m->updated_s);
    assert_string_equal(wr_mud_at(back, back->systeminfo), "a lamp");
    for (uint32_t i = 0; i < m->aces; i++) {
        unsigned found = 0;
        for (uint32_t k = 0; k < back->aces; k++) {
            found += wr_mud_same(m, &m->ace[i], back, &back->ace[k]);
        }
        assert_int_equal(found, 1);
    }
    free(text);
    wr_mudfile_free(back);
    wr_mudfile_free(m);
}

/* What would permit more without its oddity is not written. */
static void test_odd(void **state)
{
    struct wr_mud *m = made();
    char *text = NULL;
    size_t n = 0;
    uint32_t odd = 99;
    m->ace[2].odd = text_of(m, "dscp");
    assert_int_equal(wr_mudwrite(m, &text, &n, &odd), WR_E_UNSUPPORTED);
    assert_int_equal(odd, 2);
    m->ace[2].odd = 0;
    m->ace[2].protocol = 17; /* who begins has a place of TCP's alone */
    m->ace[2].begins = WR_MUD_DEVICE_BEGINS;
    assert_int_equal(wr_mudwrite(m, &text, &n, &odd), WR_E_UNSUPPORTED);
    assert_int_equal(odd, 2);
    m->ace[2].begins = WR_MUD_EITHER;
    m->ace[2].protocol = 1;
    m->ace[2].icmp_code = 3; /* and a code a place beside its type */
    assert_int_equal(wr_mudwrite(m, &text, &n, &odd), WR_E_UNSUPPORTED);
    assert_int_equal(odd, 2);
    m->ace[2].icmp_code = WR_MUD_ANY;
    m->ace[1].family = WR_AF_NONE; /* a name, and no family to write it in */
    assert_int_equal(wr_mudwrite(m, &text, &n, &odd), WR_E_UNSUPPORTED);
    assert_int_equal(odd, 1);
    assert_null(text);
    wr_mudfile_free(m);
}

/* A list of one name with ACEs of several families: each keeps its own, and none permits less or more than before. */
static void test_mixed(void **state)
{
    struct wr_mud *m = made(), *back = NULL;
    struct wr_mudfile_mistake mistake;
    struct wr_mud_ace any = wr_mud_ace(WR_MUD_FROM);
    char *text = NULL;
    size_t n = 0;
    uint32_t odd, list = text_of(m, "list"), found = 0;
    any.name = text_of(m, "any");
    any.classes = WR_MUD_SAME_MANUFACTURER;
    assert_int_equal(wr_mud_add(m, &any), WR_OK);
    for (uint32_t i = 0; i < m->aces; i++) {
        m->ace[i].list = list; /* of both directions, too */
    }
    assert_int_equal(wr_mudwrite(m, &text, &n, &odd), WR_OK);
    assert_int_equal(wr_mudfile_read(text, n, &back, &mistake), WR_OK);
    for (uint32_t i = 0; i < m->aces; i++) {
        for (uint32_t k = 0; k < back->aces; k++) {
            found += wr_mud_same(m, &m->ace[i], back, &back->ace[k]);
        }
    }
    assert_int_equal(found, 5);
    free(text);
    wr_mudfile_free(back);
    wr_mudfile_free(m);
}

static void test_date(void **state)
{
    char text[32];
    wr_mudwrite_date(1767323045, text, sizeof(text));
    assert_string_equal(text, "2026-01-02T03:04:05+00:00");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_back),
        cmocka_unit_test(test_odd),
        cmocka_unit_test(test_mixed),
        cmocka_unit_test(test_date),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
