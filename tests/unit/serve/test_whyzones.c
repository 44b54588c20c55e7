/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include "serve/whyzones.h"
#include "unit/policy/rpzzone.h"

static struct rpzzone zone[2];
static struct wr_rpz_use use[2];
static struct wr_rpz_zones zones;
static struct wr_who who;
static struct wr_addr client;
static struct wr_question question;
static struct wr_answer answer;
static struct wr_whyzones asked;
static struct wr_whyzones_hit hit;

static void begin(const char *one, const char *two, const char *name)
{
    const char *text[] = {one, two};
    zones = (struct wr_rpz_zones){.use = use, .key = rpzzone_key};
    for (unsigned i = 0; i < 2 && text[i]; i++) {
        rpzzone_make(&zone[i], i ? "two.rpz" : "one.rpz", text[i]);
        use[i] = (struct wr_rpz_use){
            .zone = zone[i].zone, .label = (uint16_t)(i + 1), .ede = WR_EDE_NONE};
        zones.count++;
    }
    assert_int_equal(wr_name_from_text(name, strlen(name), &question.name), WR_OK);
    question.type = WR_TYPE_A;
    assert_int_equal(wr_addr_from_text("10.0.0.1", &client), WR_OK);
    wr_answer_clear(&answer);
    asked = (struct wr_whyzones){
        .zones = &zones, .who = &who, .client = &client, .question = &question, .answer = &answer};
}

static void end(void)
{
    for (unsigned i = 0; i < zones.count; i++) {
        rpzzone_free(&zone[i]);
    }
}

static void add(const char *owner, uint16_t type, const void *data, size_t size)
{
    static struct wr_name names[8];
    struct wr_name *n = &names[answer.answers];
    assert_int_equal(wr_name_from_text(owner, strlen(owner), n), WR_OK);
    answer.answer[answer.answers++] = (struct wr_rrset){.owner = n->wire,
                                                        .data = data,
                                                        .size = (uint32_t)size,
                                                        .type = type,
                                                        .class_ = WR_CLASS_IN,
                                                        .records = 1};
}

static void expect(uint8_t action, uint8_t trigger, const char *reason)
{
    char words[256];
    assert_int_equal(hit.hit.verdict.action, action);
    assert_int_equal(hit.hit.verdict.trigger, trigger);
    wr_whyzones_reason(&hit, words, sizeof(words));
    assert_string_equal(words, reason);
}

static void test_question(void **state)
{
    begin("32.1.0.0.10.rpz-client-ip CNAME rpz-drop.\n", "bad.test CNAME .\n", "bad.test");
    assert_true(wr_whyzones_question(&asked, &hit));
    expect(WR_VERDICT_DROP, WR_TRIGGER_CLIENT,
           "policy zone one.rpz.: 10.0.0.1/32 (rpz-client-ip), line 1");
    client.ip[3] = 2;
    assert_true(wr_whyzones_question(&asked, &hit));
    expect(WR_VERDICT_NXDOMAIN, WR_TRIGGER_NAME, "policy zone two.rpz.: bad.test, line 1");
    assert_int_equal(wr_name_from_text("good.test", 9, &question.name), WR_OK);
    assert_false(wr_whyzones_question(&asked, &hit));
    end();
}

/* While a zone before it looks at answers, a name of a later zone is not said before there is one. */
static void test_answer_first(void **state)
{
    static const uint8_t bad[] = {0, 4, 192, 0, 2, 1}, good[] = {0, 4, 192, 0, 2, 2};
    begin("32.1.2.0.192.rpz-ip CNAME *.\n", "bad.test CNAME .\n", "bad.test");
    assert_false(wr_whyzones_question(&asked, &hit));
    add("bad.test", WR_TYPE_A, bad, sizeof(bad));
    assert_true(wr_whyzones_answer(&asked, &hit));
    expect(WR_VERDICT_NODATA, WR_TRIGGER_ADDRESS,
           "policy zone one.rpz.: 192.0.2.1/32 (rpz-ip), line 1");
    answer.answers = 0;
    add("bad.test", WR_TYPE_A, good, sizeof(good));
    assert_true(wr_whyzones_answer(&asked, &hit));
    expect(WR_VERDICT_NXDOMAIN, WR_TRIGGER_NAME, "policy zone two.rpz.: bad.test, line 1");
    end();
}

static void test_chain(void **state)
{
    static const uint8_t to[] = "\0\x0e\4evil\7tracker"; /* the root is the NUL */
    static const uint8_t address[] = {0, 4, 192, 0, 2, 2};
    begin("evil.tracker A 198.51.100.1\n", NULL, "www.test");
    add("www.test", WR_TYPE_CNAME, to, sizeof(to));
    add("evil.tracker", WR_TYPE_A, address, sizeof(address));
    assert_false(wr_whyzones_question(&asked, &hit));
    assert_true(wr_whyzones_answer(&asked, &hit));
    expect(WR_VERDICT_DATA, WR_TRIGGER_ALIAS, "policy zone one.rpz.: evil.tracker, line 1");
    char room[1024] = "";
    struct wr_json j;
    wr_json_init(&j, room, sizeof(room), NULL, NULL);
    wr_json_object(&j, NULL);
    wr_whyzones_put(&asked, &hit, &j);
    wr_json_end(&j);
    (void)wr_json_finish(&j);
    assert_non_null(strstr(room, "\"matched\":\"evil.tracker.\""));
    assert_non_null(strstr(room, "198.51.100.1"));
    end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_question),
        cmocka_unit_test(test_answer_first),
        cmocka_unit_test(test_chain),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
