/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "conf/feedtext.h"
#include "dns/name.h"

struct seen {
    uint32_t names, prefixes, last_line;
    uint64_t hash;
    uint32_t most; /* 0: no bound */
};

static int on_name(void *user, const uint8_t *name, uint8_t flags, uint32_t line)
{
    static const struct wr_hash_key key = {{1, 1}};
    struct seen *s = user;
    s->names++;
    s->last_line = line;
    s->hash = s->hash * 31 + wr_name_hash(&key, name) + line;
    return s->most != 0 && s->names > s->most ? WR_E_LIMIT : WR_OK;
}

static int on_prefix(void *user, const struct wr_prefix *prefix, uint32_t line)
{
    struct seen *s = user;
    s->prefixes++;
    s->last_line = line;
    return WR_OK;
}

/* Reads `text` in pieces of `piece` octets. */
static int read_in(struct wr_feedtext *t, struct seen *seen, const char *text, size_t n,
                   size_t piece)
{
    const struct wr_feedline_rules rules = {.format = WR_FEED_AUTO};
    const struct wr_feedtext_hooks hooks = {on_name, on_prefix, seen};
    wr_feedtext_init(t, &rules, &hooks);
    for (size_t at = 0; at < n; at += piece) {
        (void)wr_feedtext_feed(t, text + at, piece < n - at ? piece : n - at);
    }
    return wr_feedtext_end(t);
}

static int read_text(struct wr_feedtext *t, struct seen *seen, const char *text)
{
    memset(seen, 0, sizeof(*seen));
    return read_in(t, seen, text, strlen(text), strlen(text) + 1);
}

static struct wr_feedtext t;

static void test_lines(void **state)
{
    struct seen seen;
    assert_int_equal(read_text(&t, &seen,
                               "\xef\xbb\xbf# list\r\n\r\na.example\r\nb.example\n\n"
                               "||c.example^\n192.0.2.1\nd.example"),
                     WR_OK);
    assert_int_equal(seen.names, 4);
    assert_int_equal(seen.prefixes, 1);
    assert_int_equal(seen.last_line, 8);
    assert_int_equal(t.counts.lines, 8);
    assert_int_equal(t.counts.bad, 0);
    assert_int_equal(read_text(&t, &seen, ""), WR_OK);
    assert_int_equal(t.counts.lines, 0);
    assert_int_equal(read_text(&t, &seen, "# nothing yet\n"), WR_OK);
}

/* However the text is cut, it is the same list. */
static void test_pieces(void **state)
{
    static const char text[] = "\xef\xbb\xbf# list\r\na.example\n\n0.0.0.0 b.example c.example\n"
                               "*.d.example\nbad line here\n||e.example^\nf.example";
    struct seen whole = {0};
    assert_int_equal(read_in(&t, &whole, text, sizeof(text) - 1, 1000), WR_OK);
    assert_int_equal(whole.names, 6);
    for (size_t piece = 1; piece < sizeof(text); piece++) {
        struct seen seen = {0};
        assert_int_equal(read_in(&t, &seen, text, sizeof(text) - 1, piece), WR_OK);
        assert_memory_equal(&seen, &whole, sizeof(seen));
        assert_int_equal(t.counts.bad, 1);
        assert_int_equal(t.counts.told[0].line, 6);
    }
}

static void test_what_is_told(void **state)
{
    struct seen seen;
    assert_int_equal(read_text(&t, &seen,
                               "ok.example\nb/d\nexample.com##x\n\x1b[31m/\n*.com\n"
                               "||x^$client=1\n||y^$client=1\n||z^$client=1\nok.example\n"),
                     WR_OK);
    assert_int_equal(t.counts.bad, 2);
    assert_int_equal(t.counts.other, 5);
    assert_int_equal(t.counts.tolds, 5);
    assert_int_equal(t.counts.told[0].line, 2);
    assert_true(t.counts.told[0].bad);
    assert_string_equal(t.counts.told[0].text, "\"b/d\" is no host name");
    assert_false(t.counts.told[1].bad);
    assert_string_equal(t.counts.told[2].text, "\"\\x1b[31m/\" is no host name");
    assert_string_equal(t.counts.told[3].text, "\"com\" is a name of one label");
}

static void test_no_lists(void **state)
{
    static const char *const texts[] = {
        "<!DOCTYPE html>\n<html><body>\nads.example\n",
        "\n\n  <html>\nads.example\n",
        "\xef\xbb\xbf<?xml version=\"1.0\"?>\n",
        "{\"error\": 404}\nads.example\n",
        "\x1f\x8b\x08 xx\nads.example\n",
        "PK\x03\x04 xx\n",
        "\xff\xfe"
        "a",
        "Not Found!\n",
        "com\nbad line\n",
        "404: Not Found",
        "one\nword a line\nis no list\nand no more\nads.example\n",
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct seen seen;
        if (read_text(&t, &seen, texts[i]) != WR_E_FORMAT || t.refused == NULL) {
            fail_msg("taken: %s", texts[i]);
        }
    }
}

static void test_long_lines(void **state)
{
    enum { LONG = 1 << 20 };
    char *text = malloc(LONG + 64);
    for (size_t piece = 1000; piece <= LONG; piece *= 32) {
        struct seen seen = {0};
        memset(text, 'a', LONG);
        memcpy(text, "x.example\n", 10);
        memcpy(text + LONG, "\nb.example\nc.example", 21);
        assert_int_equal(read_in(&t, &seen, text, LONG + 20, piece), WR_OK);
        assert_int_equal(seen.names, 3);
        assert_int_equal(seen.last_line, 4);
        assert_int_equal(t.counts.bad, 1);
        assert_int_equal(t.counts.told[0].line, 2);
    }
    /* One line of a megabyte alone, and one that is a page. */
    struct seen seen = {0};
    memset(text, 'a', LONG);
    assert_int_equal(read_in(&t, &seen, text, LONG, 4096), WR_E_FORMAT);
    text[0] = '<';
    assert_int_equal(read_in(&t, &seen, text, LONG, 4096), WR_E_FORMAT);
    assert_string_equal(t.refused, "it is a page (HTML or XML), not a list");
    /* The longest line that is read, and one octet more. */
    memset(text, ' ', LONG);
    memcpy(text, "a.example", 9);
    text[WR_FEED_LINE_MAX] = '\n';
    assert_int_equal(read_in(&t, &seen, text, WR_FEED_LINE_MAX + 1, 77), WR_OK);
    text[WR_FEED_LINE_MAX] = ' ';
    text[WR_FEED_LINE_MAX + 1] = '\n';
    assert_int_equal(read_in(&t, &seen, text, WR_FEED_LINE_MAX + 2, 77), WR_E_FORMAT);
    free(text);
}

static void test_too_many(void **state)
{
    struct seen seen = {.most = 2};
    static const char text[] = "a.example\nb.example\nc.example\nd.example\n";
    assert_int_equal(read_in(&t, &seen, text, sizeof(text) - 1, 1), WR_E_LIMIT);
    assert_int_equal(seen.names, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines),        cmocka_unit_test(test_pieces),
        cmocka_unit_test(test_what_is_told), cmocka_unit_test(test_no_lists),
        cmocka_unit_test(test_long_lines),   cmocka_unit_test(test_too_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
