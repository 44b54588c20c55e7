/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <string.h>

#include "base/err.h"
#include "policy/mud.h"

static struct wr_mud_ace room[2];
static char texts[16];

static void test_bounds(void **state)
{
    struct wr_mud m;
    struct wr_mud_ace a = wr_mud_ace(WR_MUD_FROM);
    uint32_t at = 7;
    wr_mud_init(&m, room, 2, texts, sizeof(texts));
    assert_true(m.supported && m.validity_h == WR_MUD_VALIDITY_H);
    assert_int_equal(wr_mud_text(&m, "abc", 3, &at), WR_OK);
    assert_string_equal(wr_mud_at(&m, at), "abc");
    assert_int_equal(wr_mud_text(&m, "0123456789a", 11, &at), WR_E_FULL);
    assert_string_equal(wr_mud_at(&m, at), "abc");
    assert_int_equal(wr_mud_text(&m, "0123456789", 10, &at), WR_OK);
    assert_string_equal(wr_mud_at(&m, at), "0123456789");
    assert_string_equal(wr_mud_at(&m, 0), "");
    assert_string_equal(wr_mud_at(&m, 4000), "");
    assert_int_equal(wr_mud_text(&m, "", 0, &at), WR_OK);
    assert_int_equal(at, 0);
    assert_int_equal(wr_mud_add(&m, &a), WR_OK);
    assert_int_equal(wr_mud_add(&m, &a), WR_OK);
    assert_int_equal(wr_mud_add(&m, &a), WR_E_FULL);
}

/* The other side is the destination of what the device sends, and the source of what is sent to it. */
static void test_ends(void **state)
{
    struct wr_mud_ace a = wr_mud_ace(WR_MUD_FROM);
    a.src_name = 1;
    a.dst_name = 2;
    a.src_port.low = 10;
    a.dst_port.low = 20;
    a.src_net.len = 3;
    a.dst_net.len = 4;
    assert_true(wr_mud_peer_name(&a) == 2 && wr_mud_own_name(&a) == 1);
    assert_true(wr_mud_peer_ports(&a)->low == 20 && wr_mud_own_ports(&a)->low == 10);
    assert_true(wr_mud_peer_net(&a)->len == 4 && wr_mud_own_net(&a)->len == 3);
    a.direction = WR_MUD_TO;
    assert_true(wr_mud_peer_name(&a) == 1 && wr_mud_own_name(&a) == 2);
    assert_true(wr_mud_peer_ports(&a)->low == 10 && wr_mud_own_ports(&a)->low == 20);
    assert_true(wr_mud_peer_net(&a)->len == 3 && wr_mud_own_net(&a)->len == 4);
}

static struct wr_mud_kin kin_of(struct wr_mud *m, uint8_t classes, const char *named)
{
    struct wr_mud_ace a = wr_mud_ace(WR_MUD_FROM);
    struct wr_mud_kin kin;
    a.classes = classes;
    m->texts_used = 1;
    assert_int_equal(wr_mud_text(m, "https://A.example:443/x", 23, &m->url), WR_OK);
    assert_int_equal(wr_mud_text(m, named, strlen(named), &a.model), WR_OK);
    a.manufacturer = a.model;
    assert_true(wr_mud_kin_of(m, &a, &kin));
    return kin;
}

/* By the authority of the MUD URL, or by all of it. */
static void test_kin(void **state)
{
    static const struct {
        uint8_t classes;
        const char *named, *url;
        bool has;
    } rows[] = {
        {WR_MUD_SAME_MANUFACTURER, "", "https://a.EXAMPLE/y", true},
        {WR_MUD_SAME_MANUFACTURER, "", "https://a.example", true},
        {WR_MUD_SAME_MANUFACTURER, "", "https://b.example/y", false},
        {WR_MUD_SAME_MANUFACTURER, "", "https://a.example.evil.example/y", false},
        {WR_MUD_SAME_MANUFACTURER, "", "https://a.example:8443/y", false},
        {WR_MUD_SAME_MANUFACTURER, "", "http://a.example/y", false},
        {WR_MUD_MANUFACTURER, "b.example", "https://b.example?a.example", true},
        {WR_MUD_MANUFACTURER, "b.example", "https://a.example/b.example", false},
        {WR_MUD_MANUFACTURER, "b.example:443", "https://B.example/x", true},
        {WR_MUD_MANUFACTURER, "b.example:8443", "https://b.example:8443/x", true},
        {WR_MUD_MANUFACTURER, "invalid.example", "https://invalid.example/x", true},
        {WR_MUD_MANUFACTURER, "b.example:8443", "https://b.example/x", false},
        {WR_MUD_MODEL, "https://learned.invalid/m", "https://learned.invalid/m", false},
        {WR_MUD_MODEL, "https://b.example/m", "https://b.example/m", true},
        {WR_MUD_MODEL, "https://b.example/m", "https://b.example/M", false},
        {WR_MUD_MODEL, "https://b.example/m", "https://b.example/m1", false},
    };
    static char room_for[128];
    struct wr_mud m;
    wr_mud_init(&m, room, 0, room_for, sizeof(room_for));
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct wr_mud_kin kin = kin_of(&m, rows[i].classes, rows[i].named);
        if (wr_mud_kin_has(&kin, rows[i].url) != rows[i].has) {
            fail_msg("%s and %s", rows[i].named, rows[i].url);
        }
    }
    struct wr_mud_kin kin;
    struct wr_mud_ace a = wr_mud_ace(WR_MUD_FROM);
    assert_false(wr_mud_kin_of(&m, &a, &kin));
    a.classes = WR_MUD_SAME_MANUFACTURER | WR_MUD_LOCAL_NETWORKS;
    assert_false(wr_mud_kin_of(&m, &a, &kin));
    a.classes = WR_MUD_MANUFACTURER; /* of nobody */
    assert_false(wr_mud_kin_of(&m, &a, &kin));
    /* What was learned is nobody's, however it is written. */
    static const char *const nobodys[] = {"learned.invalid", "Learned.INVALID:8443",
                                          "learned.invalid.:443"};
    for (size_t i = 0; i < sizeof(nobodys) / sizeof(nobodys[0]); i++) {
        m.texts_used = 1;
        assert_int_equal(wr_mud_text(&m, nobodys[i], strlen(nobodys[i]), &a.manufacturer), WR_OK);
        assert_false(wr_mud_kin_of(&m, &a, &kin));
    }
    assert_int_equal(wr_mud_authority("https://learned.invalid/cam.json").n, 0);
}

static void test_same(void **state)
{
    static char other[16];
    struct wr_mud m, n;
    struct wr_mud_ace x = wr_mud_ace(WR_MUD_FROM), y = x;
    uint32_t pad = 0;
    wr_mud_init(&m, room, 2, texts, sizeof(texts));
    wr_mud_init(&n, room, 0, other, sizeof(other));
    assert_int_equal(wr_mud_text(&n, "pad", 3, &pad), WR_OK); /* other offsets */
    assert_int_equal(wr_mud_text(&m, "a.b", 3, &x.dst_name), WR_OK);
    assert_int_equal(wr_mud_text(&n, "a.b", 3, &y.dst_name), WR_OK);
    y.name = pad; /* what it is called does not matter */
    assert_true(wr_mud_same(&m, &x, &n, &y));
    y.dst_port = (struct wr_mud_ports){1, 2, WR_MUD_PORT_IN};
    assert_false(wr_mud_same(&m, &x, &n, &y));
    x.dst_port = y.dst_port;
    assert_true(wr_mud_same(&m, &x, &n, &y));
    x.dst_net.len = 8;
    assert_false(wr_mud_same(&m, &x, &n, &y));
    x.dst_net.len = 0;
    y.dst_name = pad;
    assert_false(wr_mud_same(&m, &x, &n, &y));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_ends),
        cmocka_unit_test(test_kin),
        cmocka_unit_test(test_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
