/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/doctor/patient.h"

#include "base/utf8.h"
#include "doctor/look.h"

static struct wr_facts_want want_of(const char *name, uint16_t type)
{
    struct wr_facts_want want = {.kind = WR_FACTS_ASK, .type = type};

    assert_int_equal(wr_name_from_text(name, strlen(name), &want.name), WR_OK);
    return want;
}

static void test_kept(void **state)
{
    struct patient p = {
        .resolver =
            "a.d. 60 CNAME b.d.\nb.d. 60 CNAME c.d.\nc.d. 60 A 192.0.2.1\nc.d. 60 A 192.0.2.2\n"};
    struct wr_facts_want want = want_of("a.d.", WR_TYPE_A), other = want;
    const struct wr_fact *fact;
    unsigned at = 0, n = 0;

    wr_facts_start(&facts);
    assert_null(wr_facts_find(&facts, &want));
    reply(&want, &p);
    fact = wr_facts_find(&facts, &want);
    assert_non_null(fact);
    assert_int_equal(wr_facts_chain(&facts, fact).links, 2);
    while (wr_facts_data(&facts, fact, &at))
        n++;
    assert_int_equal(n, 2);
    assert_true(wr_facts_has(&facts, fact));
    assert_int_equal(wr_facts_failed(&facts, &want, WR_FACTS_SILENT, 7), WR_E_EXISTS);
    other.kind = WR_FACTS_ASK_AT;
    assert_null(wr_facts_find(&facts, &other));
    wr_addr_from_text("192.0.2.1:53", &other.to);
    assert_int_equal(wr_facts_failed(&facts, &other, WR_FACTS_CLOSED, 7), WR_OK);
    assert_int_equal(wr_facts_find(&facts, &other)->outcome, WR_FACTS_CLOSED);
    assert_int_equal(wr_facts_find(&facts, &other)->waited_ms, 7);
    wr_addr_from_text("192.0.2.2:53", &other.to);
    assert_null(wr_facts_find(&facts, &other));
}

/* Octets that are no message are a fact too. */
static void test_broken(void **state)
{
    struct wr_facts_want want = want_of("a.d.", WR_TYPE_A);
    const uint8_t junk[] = {1, 2, 3};

    wr_facts_start(&facts);
    assert_int_equal(wr_facts_reply(&facts, &want, junk, sizeof(junk)), WR_OK);
    assert_int_equal(wr_facts_find(&facts, &want)->outcome, WR_FACTS_BROKEN);
    assert_false(wr_facts_has(&facts, wr_facts_find(&facts, &want)));
}

/* Words of extended errors end with a whole character, wherever the room ends. */
static void test_words(void **state)
{
    for (unsigned before = 0; before < 4; before++) {
        struct wr_facts_want want = want_of("a.d.", WR_TYPE_A);
        char text[200], said[WR_DOCTOR_RECORDS_MAX * 8];
        struct wr_build_opt opt = {.udp_size = 1232, .ede = WR_EDE_NETWORK_ERROR, .ede_text = text};
        uint8_t wire[1024];
        uint32_t code;
        struct wr_build b;
        struct wr_str s;

        memset(text, 'a', before);
        for (size_t i = before; i < sizeof(text); i += 3)
            memcpy(text + i, "\xe2\x82\xac", i + 3 <= sizeof(text) ? 3 : sizeof(text) - i);
        text[before + 180] = '\0';
        wr_build_start(&b, wire, sizeof(wire), 1, WR_FLAG_QR);
        wr_build_question(&b, want.name.wire, want.type, WR_CLASS_IN);
        wr_build_opt(&b, &opt, WR_RCODE_SERVFAIL);
        wr_facts_start(&facts);
        assert_int_equal(
            wr_facts_reply(&facts, &want, wire, wr_build_finish(&b, WR_RCODE_SERVFAIL)), WR_OK);
        assert_true(strlen(facts.fact[0].ede_words) > WR_FACTS_WORDS_SIZE - 4);
        wr_str_init(&s, said, sizeof(said));
        wr_look_put_ede(&s, &facts.fact[0]);
        for (const char *c = said; *c; c += wr_utf8_next(c, strlen(c), &code))
            assert_true(wr_utf8_next(c, strlen(c), &code) > 0);
        wr_str_init(&s, said, 60); /* too short for what it says */
        wr_look_put_ede(&s, &facts.fact[0]);
        for (const char *c = said; *c; c += wr_utf8_next(c, strlen(c), &code))
            assert_true(wr_utf8_next(c, strlen(c), &code) > 0);
    }
}

/* More records than are kept, and more facts than there is room for. */
static void test_full(void **state)
{
    char text[WR_DOCTOR_RECORDS_MAX * 40 + 200];
    size_t n = 0;
    struct patient p = {.resolver = text};
    struct wr_facts_want want = want_of("a.d.", WR_TYPE_A);
    int err = WR_OK;

    for (unsigned i = 0; i < WR_DOCTOR_RECORDS_MAX + 2; i++)
        n += (size_t)snprintf(text + n, sizeof(text) - n, "a.d. 60 A 192.0.2.%u\n", i);
    wr_facts_start(&facts);
    reply(&want, &p);
    assert_true(facts.fact[0].cut);
    assert_int_equal(facts.fact[0].records, WR_DOCTOR_RECORDS_MAX);
    for (unsigned i = 1; i <= WR_DOCTOR_FACTS_MAX && !err; i++) {
        want.type = (uint16_t)(1000 + i);
        err = wr_facts_failed(&facts, &want, WR_FACTS_SILENT, 7);
    }
    assert_int_equal(err, WR_E_FULL);
    assert_int_equal(facts.count, WR_DOCTOR_FACTS_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kept),
        cmocka_unit_test(test_broken),
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_full),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
