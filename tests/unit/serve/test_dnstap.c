/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/serve/logs.h"

#include "serve/dnstap.h"

static bool has(const uint8_t *bytes, size_t n, const void *what, size_t size)
{
    for (size_t i = 0; i + size <= n; i++) {
        if (memcmp(bytes + i, what, size) == 0) {
            return true;
        }
    }
    return false;
}

static void test_frame(void **state)
{
    uint8_t room[WR_DNSTAP_FRAME_SIZE];
    struct wr_ledger_event e;
    logs_event(1, &e);
    assert_int_equal(wr_addr_from_text("192.0.2.7:4000", &e.record.client), WR_OK);
    assert_int_equal(wr_name_from_text("a.example", 9, &e.name), WR_OK);
    e.record.transport = WR_CLIENT_DOT;
    e.record.rcode = WR_RCODE_NXDOMAIN;
    e.record.verdict.action = WR_VERDICT_NXDOMAIN;
    e.record.verdict.by = WR_VERDICT_BY_RPZ;
    e.record.verdict.trigger = WR_TRIGGER_NAME;
    e.rule = "zone";
    size_t n = wr_dnstap_frame("gate", &e, room);
    assert_true(n > 40);
    assert_int_equal(n, 4 + ((size_t)room[2] << 8 | room[3]));
    assert_memory_equal(room + 4, "\x0a\x04gate\x12", 7);
    /* type CLIENT_RESPONSE, INET, address, port 4000, DOT */
    static const uint8_t who[] = {0x08, 6, 0x10, 1,    0x22, 4,    192, 0,
                                  2,    7, 0x30, 0xa0, 0x1f, 0x18, 3};
    assert_true(has(room, n, who, sizeof(who)));
    static const uint8_t response[] = {0x72, 12 + 11 + 4, 0, 0, 0x81, 0x83, 0,   1, 0,
                                       0,    0,           0, 0, 0,    1,    'a', 7, 'e'};
    assert_true(has(room, n, response, sizeof(response)));
    static const uint8_t policy[] = {0x7a, 15,  0x0a, 3,   'r',  'p', 'z',  0x12, 4,
                                     'z',  'o', 'n',  'e', 0x18, 1,   0x20, 1};
    assert_true(has(room, n, policy, sizeof(policy)));
    assert_memory_equal(room + n - 2, "\x78\x01", 2);
    /* Whom he asked, if not weir: address and port of the response. */
    static const uint8_t asked[] = {0x2a, 4, 8, 8, 8, 8, 0x38, 53, 0x18, 3};
    assert_false(has(room, n, asked, sizeof(asked)));
    assert_int_equal(wr_addr_from_text("8.8.8.8:53", &e.asked), WR_OK);
    n = wr_dnstap_frame("gate", &e, room);
    assert_true(has(room, n, asked, sizeof(asked)));
    e.kind = WR_LEDGER_POLICY;
    assert_int_equal(wr_dnstap_frame("gate", &e, room), 0);
}

static void test_longest(void **state)
{
    uint8_t room[WR_DNSTAP_FRAME_SIZE];
    char host[256], rule[WR_LABEL_TEXT_SIZE];
    struct wr_ledger_event e;
    logs_event(1, &e);
    e.name.size = 255;
    memset(host, 'h', 255);
    host[255] = 0;
    memset(rule, 'r', sizeof(rule) - 1);
    rule[sizeof(rule) - 1] = 0;
    e.rule = rule;
    e.record.verdict.action = WR_VERDICT_DATA;
    assert_true(wr_dnstap_frame(host, &e, room) > 255 + 255);
}

static void test_control(void **state)
{
    uint8_t room[WR_DNSTAP_FRAME_SIZE];
    enum wr_dnstap_control what;
    size_t used;
    for (int kind = WR_DNSTAP_ACCEPT; kind <= WR_DNSTAP_FINISH; kind++) {
        size_t n = wr_dnstap_control((enum wr_dnstap_control)kind, room);
        assert_int_equal(wr_dnstap_read(room, n, &used, &what), WR_OK);
        assert_int_equal(used, n);
        assert_int_equal(what, kind);
        for (size_t cut = 0; cut < n; cut++) {
            assert_int_equal(wr_dnstap_read(room, cut, &used, &what), WR_E_SHORT);
        }
    }
    size_t n = wr_dnstap_control(WR_DNSTAP_ACCEPT, room);
    room[n - 1] ^= 1; /* another content */
    assert_int_equal(wr_dnstap_read(room, n, &used, &what), WR_E_FORMAT);
    room[15] = 0xff; /* a field longer than the frame */
    assert_int_equal(wr_dnstap_read(room, n, &used, &what), WR_E_FORMAT);
    static const uint8_t data[] = {0, 0, 0, 4, 1, 2, 3, 4}, large[] = {0, 0, 0, 0, 0, 1, 0, 0};
    assert_int_equal(wr_dnstap_read(data, sizeof(data), &used, &what), WR_E_FORMAT);
    assert_int_equal(wr_dnstap_read(large, sizeof(large), &used, &what), WR_E_FORMAT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_frame),
        cmocka_unit_test(test_longest),
        cmocka_unit_test(test_control),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
