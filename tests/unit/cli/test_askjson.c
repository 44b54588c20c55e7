/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "cli/askjson.h"
#include "dns/build.h"

static uint8_t reply[512];

static size_t make_reply(void)
{
    static const uint8_t name[] = "\3w\377w\7example";
    static const uint8_t cookie[] = {1, 2, 3, 4, 5, 6, 7, 8};
    struct wr_build b;
    struct wr_build_opt opt = {.udp_size = 1232,
                               .ede = WR_EDE_NETWORK_ERROR,
                               .ede_text = "\x80",
                               .cookie = cookie,
                               .cookie_size = 8};

    wr_build_start(&b, reply, sizeof(reply), 7, WR_FLAG_QR | WR_FLAG_RD);
    wr_build_question(&b, name, WR_TYPE_TXT, WR_CLASS_IN);
    (void)!wr_build_rr(&b, WR_SECTION_ANSWER, name, WR_TYPE_TXT, WR_CLASS_IN, 300,
                       (const uint8_t *)"\3a\"\377", 4);
    (void)!wr_build_opt(&b, &opt, WR_RCODE_BADCOOKIE);
    return wr_build_finish(&b, WR_RCODE_BADCOOKIE);
}

static const struct wr_asktext_secure *secure;

static json_t *printed(size_t size)
{
    struct wr_asktext_facts facts = {
        .server = "192.0.2.53@53", .transport = "TCP", .took_us = 1500, .size = size, .wrong = 2};
    struct wr_askmsg_view view;
    json_error_t error;
    char *text = NULL;
    size_t n;
    FILE *out = open_memstream(&text, &n);
    json_t *all;

    facts.secure = secure;
    assert_int_equal(wr_askmsg_view(reply, size, &view), WR_OK);
    assert_int_equal(wr_askjson_print(&view, &facts, out), WR_OK);
    wr_askmsg_view_free(&view);
    fclose(out);
    assert_ptr_equal(strchr(text, '\n'), text + n - 1); /* one line */
    all = json_loads(text, JSON_REJECT_DUPLICATES, &error);
    assert_non_null(all);
    free(text);
    return all;
}

static const char *text_at(const json_t *all, const char *key)
{
    return json_string_value(json_object_get(all, key));
}

static void test_reply(void **state)
{
    json_t *all = printed(make_reply());
    const json_t *record = json_array_get(json_object_get(all, "answer"), 0);
    const json_t *ede = json_array_get(json_object_get(all, "ede"), 0);

    assert_string_equal(text_at(all, "server"), "192.0.2.53@53");
    assert_string_equal(text_at(all, "transport"), "tcp");
    assert_string_equal(text_at(all, "rcode"), "BADCOOKIE");
    assert_string_equal(text_at(all, "opcode"), "QUERY");
    assert_string_equal(text_at(all, "cookie"), "0102030405060708");
    assert_true(json_real_value(json_object_get(all, "time_ms")) == 1.5);
    assert_int_equal(json_integer_value(json_object_get(all, "wrong_replies")), 2);
    assert_int_equal(json_integer_value(json_object_get(all, "id")), 7);
    assert_int_equal(json_array_size(json_object_get(all, "flags")), 2);
    assert_string_equal(text_at(json_object_get(all, "question"), "name"), "w\\255w.example.");
    assert_string_equal(text_at(record, "type"), "TXT");
    assert_string_equal(text_at(record, "class"), "IN");
    assert_int_equal(json_integer_value(json_object_get(record, "ttl")), 300);
    assert_string_equal(text_at(record, "rdata"), "\"a\\\"\\255\"");
    assert_int_equal(json_integer_value(json_object_get(ede, "code")), 23);
    assert_string_equal(text_at(ede, "name"), "Network Error");
    assert_string_equal(text_at(ede, "text"), "\\x80");
    assert_int_equal(json_array_size(json_object_get(all, "additional")), 0);
    json_decref(all);
}

static void test_secure(void **state)
{
    struct wr_pin pin;
    struct wr_asktext_secure facts = {.version = "TLS1.3",
                                      .cipher = "AES-128-GCM",
                                      .http = "",
                                      .proof = "NOT PROVEN for \xff",
                                      .key = &pin,
                                      .resumed = true,
                                      .handshake_us = 3500};
    json_t *all = printed(make_reply());

    assert_null(json_object_get(all, "tls"));
    json_decref(all);
    memset(&pin, 0, sizeof(pin));
    secure = &facts;
    all = printed(make_reply());
    const json_t *tls = json_object_get(all, "tls");
    assert_string_equal(text_at(tls, "version"), "TLS1.3");
    assert_string_equal(text_at(tls, "proof"), "NOT PROVEN for \\xff");
    assert_string_equal(text_at(tls, "pin"), "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=");
    assert_true(json_is_true(json_object_get(tls, "resumed")));
    assert_true(json_is_false(json_object_get(tls, "proven")));
    assert_true(json_real_value(json_object_get(tls, "handshake_ms")) == 3.5);
    assert_null(json_object_get(tls, "http"));
    json_decref(all);
    facts.http = "1.1";
    all = printed(make_reply());
    assert_string_equal(text_at(json_object_get(all, "tls"), "http"), "1.1");
    assert_null(json_object_get(all, "odoh"));
    json_decref(all);
    struct wr_uri uri = {.path = "/q"};
    struct wr_askodoh odoh = {.uri = &uri, .target = "t.example", .from = "kept", .config = "AAAA"};
    facts.odoh = &odoh;
    all = printed(make_reply());
    assert_string_equal(text_at(json_object_get(all, "odoh"), "target"), "t.example");
    assert_string_equal(text_at(json_object_get(all, "odoh"), "path"), "/q");
    assert_string_equal(text_at(json_object_get(all, "odoh"), "configuration"), "kept");
    assert_string_equal(text_at(json_object_get(all, "odoh"), "config"), "AAAA");
    json_decref(all);
    secure = NULL;
}

static void test_malformed(void **state)
{
    json_t *all = printed(make_reply() - 1);

    assert_true(json_is_true(json_object_get(all, "malformed")));
    assert_int_equal(json_array_size(json_object_get(all, "answer")), 0);
    json_decref(all);
}

static void test_failed(void **state)
{
    static struct wr_asklist list;
    char *words[] = {(char *)(uintptr_t) "www.example"};
    json_error_t error;
    char *text = NULL;
    size_t n;
    FILE *out = open_memstream(&text, &n);
    json_t *all;

    assert_int_equal(wr_askflags_read(&list, 1, words), WR_OK);
    assert_int_equal(wr_askjson_failed(&list.item[0], "192.0.2.53@53", "no reply in time", out),
                     WR_OK);
    fclose(out);
    all = json_loads(text, 0, &error);
    assert_string_equal(text_at(all, "error"), "no reply in time");
    assert_string_equal(text_at(json_object_get(all, "question"), "name"), "www.example.");
    json_decref(all);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reply),
        cmocka_unit_test(test_secure),
        cmocka_unit_test(test_malformed),
        cmocka_unit_test(test_failed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
