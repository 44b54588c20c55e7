/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/str.h"
#include "cli/dnrlist.h"

static struct wr_designated_door doors[8];
static struct wr_name names[2];
static struct wr_designated_proof proof = {.name = names, .names = 2};
static struct wr_designated d;
static struct wr_dnrtext t;
static const char *why;

static void add_door(uint8_t kind, const char *where)
{
    doors[d.doors].kind = kind;
    assert_int_equal(wr_addr_from_text(where, &doors[d.doors++].addr), WR_OK);
}

static int setup(void **state)
{
    static const char *const texts[] = {"gate.example.", "dns.example."};

    for (size_t i = 0; i < 2; i++)
        assert_int_equal(wr_name_from_text(texts[i], strlen(texts[i]), &names[i]), WR_OK);
    d = (struct wr_designated){.door = doors, .proof = &proof, .proofs = 1, .path = "/dns-query"};
    proof.names = 2;
    why = NULL;
    return 0;
}

/* "kinds:port addresses;" of each instance. */
static const char *make(const struct wr_dnrlist_want *want)
{
    static const struct wr_dnrlist_want all;
    static char text[1024];
    struct wr_str s;

    if (wr_dnrlist_make(&d, want ? want : &all, &t, &why) != WR_OK) {
        assert_non_null(why);
        return "nothing";
    }
    wr_str_init(&s, text, sizeof(text));
    for (size_t i = 0; i < t.count; i++) {
        assert_int_equal(t.one[i].priority, i + 1);
        wr_str_u64(&s, t.one[i].service.kinds);
        wr_str_char(&s, ':');
        wr_str_u64(&s, t.one[i].service.port);
        for (size_t k = 0; k < t.one[i].addrs; k++) {
            char addr[WR_ADDR_TEXT_SIZE];

            wr_addr_to_text(&t.one[i].addr[k], addr, sizeof(addr));
            wr_str_char(&s, ' ');
            wr_str_text(&s, addr);
        }
        wr_str_char(&s, ';');
    }
    return text;
}

/* DoQ is 1, DoT 2, DoH 4: together at their own ports and the same addresses, otherwise apart. */
static void test_together(void **state)
{
    add_door(WR_SERVICE_DOH, "192.168.7.1:443");
    add_door(WR_SERVICE_DOT, "192.168.7.1:853");
    add_door(WR_SERVICE_DOQ, "192.168.7.1:853");
    assert_string_equal(make(NULL), "7:0 192.168.7.1;");
    add_door(WR_SERVICE_DOT, "[fd00::1]:853");
    assert_string_equal(make(NULL), "5:0 192.168.7.1;2:0 192.168.7.1 fd00::1;");
    add_door(WR_SERVICE_DOT, "192.168.7.1:8853");
    assert_string_equal(make(NULL), "5:0 192.168.7.1;2:0 192.168.7.1 fd00::1;2:8853 192.168.7.1;");
    assert_true(wr_name_equal(t.one[0].name, names[0].wire));
}

/* Loopback is told to nobody; of a listener on all addresses somebody has to say which. */
static void test_addresses(void **state)
{
    struct wr_addr wanted[3];
    struct wr_dnrlist_want want = {.addr = wanted, .addrs = 3};

    add_door(WR_SERVICE_DOT, "127.0.0.1:853");
    add_door(WR_SERVICE_DOT, "0.0.0.0:853");
    assert_string_equal(make(NULL), "nothing");
    assert_non_null(strstr(why, "--address"));
    assert_int_equal(wr_addr_from_text("192.168.7.1", &wanted[0]), WR_OK);
    assert_int_equal(wr_addr_from_text("192.168.7.1", &wanted[1]), WR_OK);
    assert_int_equal(wr_addr_from_text("fd00::1", &wanted[2]), WR_OK);
    assert_string_equal(make(&want), "2:0 192.168.7.1;"); /* there is none on IPv6 */
    want.addr = wanted + 2;
    want.addrs = 1;
    assert_string_equal(make(&want), "nothing");
    assert_non_null(strstr(why, "at that address"));
}

/* A loopback address is no device's way, whether it is asked for or all there is. */
static void test_loopback(void **state)
{
    struct wr_addr wanted;
    struct wr_dnrlist_want want = {.addr = &wanted, .addrs = 1};

    add_door(WR_SERVICE_DOT, "127.0.0.1:853");
    assert_string_equal(make(NULL), "nothing");
    assert_non_null(strstr(why, "at loopback addresses"));
    assert_null(strstr(why, "--address"));
    assert_int_equal(wr_addr_from_text("127.0.0.1", &wanted), WR_OK);
    assert_string_equal(make(&want), "nothing");
    assert_non_null(strstr(why, "cannot be told to devices"));
    add_door(WR_SERVICE_DOT, "[::1]:853");
    assert_int_equal(wr_addr_from_text("::1", &wanted), WR_OK);
    assert_string_equal(make(&want), "nothing");
    assert_non_null(strstr(why, "cannot be told to devices"));
}

static void test_names(void **state)
{
    struct wr_name other;
    struct wr_dnrlist_want want = {.name = names[1].wire};

    assert_string_equal(make(NULL), "nothing");
    assert_non_null(strstr(why, "no encrypted listener"));
    add_door(WR_SERVICE_DOT, "192.168.7.1:853");
    assert_string_equal(make(&want), "2:0 192.168.7.1;");
    assert_true(wr_name_equal(t.one[0].name, names[1].wire));
    assert_int_equal(wr_name_from_text("other.example", 13, &other), WR_OK);
    want.name = other.wire;
    assert_string_equal(make(&want), "nothing");
    assert_non_null(strstr(why, "proves that name"));
    proof.names = 0;
    assert_string_equal(make(NULL), "nothing");
    assert_non_null(strstr(why, "has a name"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_together, setup),
        cmocka_unit_test_setup(test_addresses, setup),
        cmocka_unit_test_setup(test_loopback, setup),
        cmocka_unit_test_setup(test_names, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
