/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "cli/asktext.h"
#include "dns/build.h"

static uint8_t reply[512];
static size_t reply_size;
static struct wr_asklist list;

static void make_reply(void)
{
    static const uint8_t name[] = "\3www\7example";
    static const uint8_t soa[] = "\2ns\7example\0\5admin\7example\0\0\0\0\1\0\0\0\2\0\0\0\3"
                                 "\0\0\0\4\0\0\0\5";
    struct wr_build b;
    struct wr_build_opt opt = {.udp_size = 1232,
                               .ede = WR_EDE_STALE_ANSWER,
                               .ede_text = "o\x1b[31mld",
                               .nsid = (const uint8_t *)"gate\xff",
                               .nsid_size = 5};

    wr_build_start(&b, reply, sizeof(reply), 7, WR_FLAG_QR | WR_FLAG_RD | WR_FLAG_RA | WR_FLAG_AD);
    wr_build_question(&b, name, WR_TYPE_A, WR_CLASS_IN);
    (void)!wr_build_rr(&b, WR_SECTION_ANSWER, name, WR_TYPE_A, WR_CLASS_IN, 300,
                       (const uint8_t *)"\300\0\2\1", 4);
    (void)!wr_build_rr(&b, WR_SECTION_ANSWER, name, WR_TYPE_A, WR_CLASS_IN, 300,
                       (const uint8_t *)"\300\0\2\2", 4);
    (void)!wr_build_rr(&b, WR_SECTION_AUTHORITY, name + 4, WR_TYPE_SOA, WR_CLASS_IN, 60, soa,
                       sizeof(soa) - 1);
    (void)!wr_build_opt(&b, &opt, WR_RCODE_NOERROR);
    reply_size = wr_build_finish(&b, WR_RCODE_NOERROR);
}

static const struct wr_asktext_secure *secure;

static char *print(size_t size, const char *flag, const char *flag2)
{
    char *words[] = {(char *)(uintptr_t) "www.example", (char *)(uintptr_t)flag,
                     (char *)(uintptr_t)flag2};
    struct wr_asktext_facts facts = {
        .server = "192.0.2.53@53", .transport = "UDP", .took_us = 1234, .size = size};
    struct wr_askmsg_view view;
    char *text = NULL;
    size_t n;
    FILE *out = open_memstream(&text, &n);

    if (secure) {
        facts.transport = "TLS";
        facts.secure = secure;
    }
    assert_int_equal(wr_askflags_read(&list, flag2 ? 3 : flag ? 2 : 1, words), WR_OK);
    assert_int_equal(wr_askmsg_view(reply, size, &view), WR_OK);
    wr_asktext_print(&list.item[0], &view, &facts, out);
    wr_askmsg_view_free(&view);
    fclose(out);
    return text;
}

static void test_full(void **state)
{
    char *text = print(reply_size, NULL, NULL);

    assert_string_equal(
        text, ";; ->>HEADER<<- opcode: QUERY; status: NOERROR; id: 7\n"
              ";; Flags: qr rd ra ad; QUERY: 1; ANSWER: 2; AUTHORITY: 1; ADDITIONAL: 1\n\n"
              ";; EDNS PSEUDOSECTION:\n"
              ";; Version: 0; flags:; UDP size: 1232 B; ext-rcode: NOERROR\n"
              ";; EDE: 3 (Stale Answer): 'o\\x1b[31mld'\n"
              ";; NSID: 'gate\\xff'\n\n"
              ";; QUESTION SECTION:\n"
              ";; www.example.        \t\tIN\tA\n\n"
              ";; ANSWER SECTION:\n"
              "www.example.        \t300\tIN\tA\t192.0.2.1\n"
              "www.example.        \t300\tIN\tA\t192.0.2.2\n\n"
              ";; AUTHORITY SECTION:\n"
              "example.            \t60\tIN\tSOA\tns.example. admin.example. 1 2 3 4 5\n\n"
              ";; Received 140 B\n;; Time 1970-01-01 00:00:00 UTC\n"
              ";; From 192.0.2.53@53(UDP) in 1.2 ms\n\n");
    free(text);
}

static void check(const char *flag, const char *flag2, const char *want)
{
    char *text = print(reply_size, flag, flag2);

    assert_string_equal(text, want);
    free(text);
}

static void test_flags(void **state)
{
    check("+short", NULL, "192.0.2.1\n192.0.2.2\n");
    check("+noall", NULL, "");
    check("+noall", "+answer",
          "www.example.        \t300\tIN\tA\t192.0.2.1\n"
          "www.example.        \t300\tIN\tA\t192.0.2.2\n\n");
    check("+noall", "+authority",
          "example.            \t60\tIN\tSOA\tns.example. admin.example. 1 2 3 4 5\n\n");
    check("+noall", "+question", ";; www.example.        \t\tIN\tA\n\n");
}

/* What the session was worth, with what a stranger wrote made safe. */
static void test_secure(void **state)
{
    struct wr_pin pin;
    struct wr_asktext_secure facts = {.version = "TLS1.3",
                                      .cipher = "AES-128-GCM",
                                      .http = "",
                                      .proof = "an authority vouches for a\x1b[31m",
                                      .key = &pin,
                                      .proven = true,
                                      .connect_us = 250,
                                      .handshake_us = 3400,
                                      .answer_us = 12000};

    memset(&pin, 0, sizeof(pin));
    secure = &facts;
    check("+noall", "+stats",
          ";; Received 140 B\n;; Time 1970-01-01 00:00:00 UTC\n"
          ";; TLS1.3 AES-128-GCM, new session: an authority vouches for a\\x1b[31m\n"
          ";; Key of the server: +pin=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n"
          ";; Connected in 0.2 ms, handshake in 3.4 ms, answered in 12.0 ms\n"
          ";; From 192.0.2.53@53(TLS) in 1.2 ms\n\n");
    facts.key = NULL;
    facts.resumed = true;
    facts.http = "2";
    char *text = print(reply_size, NULL, NULL);
    assert_non_null(strstr(text, "AES-128-GCM, HTTP/2, resumed session: "));
    assert_null(strstr(text, "+pin="));
    free(text);
    struct wr_uri uri = {.path = "/q"};
    struct wr_askodoh odoh = {
        .uri = &uri, .target = "t.example:444", .from = "kept", .config = "AAAA"};
    facts.odoh = &odoh;
    facts.connect_us = 0;
    text = print(reply_size, NULL, NULL);
    assert_non_null(strstr(
        text, ";; Carried to t.example:444/q, which alone can open it; "
              "configuration kept:\n;; +odoh-config=AAAA\n;; Handshake in 3.4 ms, answered"));
    free(text);
    secure = NULL;
}

static void test_columns(void **state)
{
    char *text = print(reply_size, "+nottl", "+noclass");

    assert_non_null(strstr(text, "\nwww.example.        \tA\t192.0.2.1\n"));
    free(text);
}

/* A message that is torn says so, shows what can be known, and no record. */
static void test_malformed(void **state)
{
    char *text = print(reply_size - 1, NULL, NULL);

    assert_non_null(strstr(text, "malformed"));
    assert_non_null(strstr(text, "id: 7"));
    assert_null(strstr(text, "192.0.2.1"));
    free(text);
    text = print(reply_size - 1, "+short", NULL);
    assert_string_equal(text, "");
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_full),      cmocka_unit_test(test_flags),
        cmocka_unit_test(test_secure),    cmocka_unit_test(test_columns),
        cmocka_unit_test(test_malformed),
    };

    make_reply();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
