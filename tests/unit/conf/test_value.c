/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <string.h>

#include "base/err.h"
#include "conf/conf.h"
#include "conf/mem.h"
#include "conf/value.h"

static struct wr_conf_mem mem;

struct sample {
    const char *key;  /* row of the schema */
    const char *text; /* as in the file */
    int err;
    const char *says; /* good: how it prints; bad: a piece of what was expected */
};

static const struct sample samples[] = {
    {"cache.prefetch", "true", 0, "true"},
    {"cache.prefetch", "false", 0, "false"},
    {"cache.prefetch", "yes", WR_E_FORMAT, "true or false"},
    {"cache.prefetch", "True", WR_E_FORMAT, "true or false"},
    {"cache.prefetch", "1", WR_E_FORMAT, "true or false"},
    {"workers", "0", 0, "0"},
    {"workers", "64", 0, "64"},
    {"workers", "65", WR_E_RANGE, "0 to 64 threads"},
    {"workers", "-1", WR_E_FORMAT, "whole number"},
    {"workers", "+1", WR_E_FORMAT, "whole number"},
    {"workers", "1.0", WR_E_FORMAT, "whole number"},
    {"workers", "0x10", WR_E_FORMAT, "decimal digits"},
    {"workers", "010", WR_E_FORMAT, "leading 0"},
    {"workers", "", WR_E_FORMAT, "whole number"},
    {"workers", "99999999999999999999999", WR_E_RANGE, "0 to 64"},
    {"workers", "4294967296", WR_E_RANGE, "0 to 64"}, /* must not wrap */
    {"tcp.idle_timeout", "10s", 0, "10s"},
    {"tcp.idle_timeout", "60s", 0, "1m"},
    {"tcp.idle_timeout", "10", WR_E_FORMAT, "with its unit"},
    {"tcp.idle_timeout", "99ms", WR_E_RANGE, "100ms to 1h"},
    {"tcp.idle_timeout", "61m", WR_E_RANGE, "100ms to 1h"},
    {"tcp.idle_timeout", "99999999999999999d", WR_E_RANGE, "100ms to 1h"},
    {"cache.min_ttl", "0s", 0, "0s"},
    {"cache.min_ttl", "1500ms", WR_E_FORMAT, "whole seconds"},
    {"cache.min_ttl", "2000ms", 0, "2s"},
    {"cache.min_ttl", "25h", WR_E_RANGE, "0s to 1d"},
    {"cache.size", "16MiB", 0, "16MiB"},
    {"cache.size", "256KiB", 0, "256KiB"},
    {"cache.size", "255KiB", WR_E_RANGE, "256KiB to 64GiB"},
    {"cache.size", "16MB", WR_E_FORMAT, "with its unit"},
    {"profile", "router", 0, "router"},
    {"profile", "routr", WR_E_FORMAT, "did you mean router?"},
    {"profile", "Router", WR_E_FORMAT, "gateway, router or edge"},
    {"identity.name", "gate \"1\" \\ caf\xc3\xa9", 0, "\"gate \\\"1\\\" \\\\ caf\xc3\xa9\""},
    {"identity.name", "a\nb", WR_E_FORMAT, "control characters"},
    {"identity.name", "a\x1b[1m", WR_E_FORMAT, "control characters"},
    {"identity.name", "0123456789012345678901234567890123456789012345678901234567890123",
     WR_E_RANGE, "0 to 63 characters"},
    {"user", "weir-1_x.y", 0, "\"weir-1_x.y\""},
    {"user", "", 0, "\"\""},
    {"user", "a b", WR_E_FORMAT, "letters, digits"},
    {"user", "../x", WR_E_FORMAT, "letters, digits"},
    {"cache.keep.path", "", 0, "\"\""},
    {"cache.keep.path", "/var/lib/weir/a b", 0, "\"/var/lib/weir/a b\""},
    {"cache.keep.path", "cache", WR_E_FORMAT, "from the root"},
    {"cache.keep.path", "/a\nb", WR_E_FORMAT, "control characters"},
    {"metrics.listen", "", 0, "\"\""},
    {"metrics.listen", "127.0.0.1:9153", 0, "\"127.0.0.1:9153\""},
    {"metrics.listen", "[::1]:9153", 0, "\"[::1]:9153\""},
    {"metrics.listen", "127.0.0.1", WR_E_FORMAT, "with its port"},
    {"metrics.listen", "localhost:9153", WR_E_FORMAT, "with its port"},
    {"listen", "br-iot", 0, "\"br-iot:53\""},
    {"listen", "fd00::1", 0, "\"[fd00::1]:53\""},
    {"listen", "1.2.3.4.5", WR_E_FORMAT, "an address or an interface"},
    {"allow", "192.168.7.0/24", 0, "\"192.168.7.0/24\""},
    {"allow", "192.168.7.1", 0, "\"192.168.7.1/32\""},
    {"allow", "::/0", 0, "\"::/0\""},
    {"allow", "192.168.7.1/24", WR_E_FORMAT, "192.168.7.0/24?"},
    {"allow", "fd00::1/8", WR_E_FORMAT, "fd00::/8?"},
    {"allow", "192.168.7.0/33", WR_E_FORMAT, "a prefix or an address"},
    {"allow", "br-iot", WR_E_FORMAT, "a prefix or an address"},
    {"upstream.groups[].servers", "udp://192.0.2.1:53", 0, "\"udp://192.0.2.1\""},
    {"upstream.groups[].servers", "tls://192.0.2.1:853", 0, "\"tls://192.0.2.1\""},
    {"upstream.groups[].servers", "odoh://t.example/dns-query#proxy=p.example/proxy", 0,
     "\"odoh://t.example/dns-query#proxy=p.example/proxy\""},
    {"upstream.routes[].zone", "Corp.Example", 0, "\"Corp.Example.\""},
    {"upstream.routes[].zone", ".", 0, "\".\""},
    {"upstream.routes[].zone", "", WR_E_FORMAT, "a domain name"},
    {"upstream.routes[].zone", "a..b", WR_E_FORMAT, "a domain name"},
    {"cache.ttl[].name", "*.pool.ntp.org", 0, "\"*.pool.ntp.org.\""},
};

static void check(const struct sample *sample)
{
    const struct wr_schema_row *row = wr_schema_find(sample->key);
    struct wr_value_text value = {.text = sample->text, .n = strlen(sample->text), .plain = true};
    uint64_t place[256], untouched[256];
    char why[WR_VALUE_WHY_SIZE] = "", text[WR_VALUE_TEXT_SIZE];
    struct wr_str s;
    int err;

    memset(place, 0x5a, sizeof(place));
    memcpy(untouched, place, sizeof(place));
    assert_non_null(row);
    err = wr_value_read(row, &value, &mem, place, why);
    if (err != sample->err)
        fail_msg("%s: %s: %d (%s)", sample->key, sample->text, err, why);
    if (err) {
        if (!strstr(why, sample->says))
            fail_msg("%s: %s: %s", sample->key, sample->text, why);
        assert_memory_equal(place, untouched, sizeof(place));
        return;
    }
    wr_str_init(&s, text, sizeof(text));
    wr_value_print(row, place, &s);
    assert_string_equal(text, sample->says);
    /* Nothing is written behind the value. */
    assert_memory_equal((unsigned char *)place + wr_value_size(row->type), untouched, 16);
}

static void test_samples(void **state)
{
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++)
        check(&samples[i]);
}

/* In quotation marks a value is text: no boolean, no number. */
static void test_quoted(void **state)
{
    static const char *const keys[] = {"cache.prefetch", "workers"};
    static const char *const texts[] = {"true", "1"};
    uint64_t place[8];
    char why[WR_VALUE_WHY_SIZE];

    for (size_t i = 0; i < 2; i++) {
        struct wr_value_text value = {.text = texts[i], .n = strlen(texts[i]), .plain = false};

        assert_int_equal(wr_value_read(wr_schema_find(keys[i]), &value, &mem, place, why),
                         WR_E_FORMAT);
        assert_non_null(strstr(why, "quotation marks"));
    }
}

/* A NUL inside is not the end. */
static void test_nul(void **state)
{
    static const char *const keys[] = {
        "identity.name", "user",      "cache.keep.path",  "metrics.listen",
        "listen",        "allow",     "cache.ttl[].name", "upstream.groups[].servers",
        "profile",       "cache.size"};
    uint64_t place[256];
    char why[WR_VALUE_WHY_SIZE];

    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        struct wr_value_text value = {.text = "router\0x", .n = 8, .plain = true};

        if (!strcmp(keys[i], "cache.ttl[].name"))
            continue; /* an octet like any other in a name */
        if (!wr_value_read(wr_schema_find(keys[i]), &value, &mem, place, why))
            fail_msg("%s took a NUL", keys[i]);
    }
}

static void test_no_memory(void **state)
{
    static const char *const keys[] = {"identity.name", "user", "cache.ttl[].name"};

    for (size_t i = 0; i < 3; i++) {
        struct wr_conf_mem none;
        struct wr_value_text value = {.text = "a", .n = 1, .plain = true};
        uint64_t place[8];
        char why[WR_VALUE_WHY_SIZE];

        wr_mem_init(&none);
        none.refuse_after = 1;
        assert_int_equal(wr_value_read(wr_schema_find(keys[i]), &value, &none, place, why),
                         WR_E_NOMEM);
        wr_mem_free(&none);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_samples),
        cmocka_unit_test(test_quoted),
        cmocka_unit_test(test_nul),
        cmocka_unit_test(test_no_memory),
    };
    int failed;

    wr_mem_init(&mem);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    wr_mem_free(&mem);
    return failed;
}
