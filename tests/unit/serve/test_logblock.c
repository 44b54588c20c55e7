/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/serve/logs.h"

#include "base/limits.h"
#include "base/rng.h"
#include "serve/logblock.h"

static const uint8_t none[WR_LOGBLOCK_HASH];

static void assert_same(const struct wr_ledger_event *a, const struct wr_ledger_event *b)
{
    assert_int_equal(a->number, b->number);
    assert_int_equal(a->kind, b->kind);
    assert_int_equal(a->count, b->count);
    assert_int_equal(a->record.wall_s, b->record.wall_s);
    assert_int_equal(a->record.mono_us, b->record.mono_us);
    assert_true(wr_addr_same_ip(&a->record.client, &b->record.client));
    assert_int_equal(a->record.device, b->record.device);
    assert_int_equal(a->record.qtype, b->record.qtype);
    assert_int_equal(a->record.rcode, b->record.rcode);
    assert_int_equal(a->record.ede, b->record.ede);
    assert_int_equal(a->record.source, b->record.source);
    assert_int_equal(a->record.security, b->record.security);
    assert_int_equal(a->record.took_us, b->record.took_us);
    assert_int_equal(a->record.reply_size, b->record.reply_size);
    assert_int_equal(a->record.verdict.action, b->record.verdict.action);
    assert_int_equal(a->record.verdict.line, b->record.verdict.line);
    assert_int_equal(a->record.verdict.shadow, b->record.verdict.shadow);
    assert_int_equal(a->name.size, b->name.size);
    assert_true(a->name.size == 0 || wr_name_equal(a->name.wire, b->name.wire));
    assert_string_equal(a->claim, b->claim);
    assert_true(wr_addr_equal(&a->asked, &b->asked));
    assert_string_equal(a->text, b->text);
    assert_string_equal(a->upstream, b->upstream);
    assert_string_equal(a->rule, b->rule);
    assert_string_equal(a->feed, b->feed);
    assert_string_equal(a->segment, b->segment);
}

static void make(uint32_t n, struct wr_ledger_event *e)
{
    logs_event(n, e);
    e->record.device = n % 5 ? n : 0;
    e->record.ede = n % 9 ? WR_EDE_NONE : 15;
    e->upstream = n % 4 ? "" : "tls://192.0.2.1#name=dns.example";
    if (n % 7 == 0) {
        assert_int_equal(
            wr_addr_from_text(n % 2 ? "8.8.8.8:53" : "[2001:4860:4860::8888]:53", &e->asked), 0);
    }
    if (n % 11 == 0) {
        e->record.verdict.action = WR_VERDICT_NXDOMAIN;
        e->record.verdict.line = 70000 + n;
        e->record.verdict.shadow = n % 2;
        e->rule = "no-telemetry";
        e->feed = "malware";
        e->segment = "cameras";
    }
    if (n % 17 == 0) {
        e->kind = WR_LEDGER_POLICY;
        snprintf(e->text, sizeof(e->text), "settings %u in force", n);
    }
    if (n % 13 == 0) {
        memset(&e->record.client, 0, sizeof(e->record.client));
        memset(e->record.client.ip, 0xc3, 8); /* hidden */
        snprintf(e->claim, sizeof(e->claim), "camera-%u", n);
    }
}

static void test_what_went_in_comes_out(void **state)
{
    struct wr_logblock_writer *w;
    struct wr_logblock_reader *r;
    struct wr_logblock_head head, read;
    struct wr_ledger_event in, out;
    const uint8_t *bytes = NULL;
    uint32_t count = 0;
    assert_int_equal(wr_logblock_create(&w), WR_OK);
    assert_int_equal(wr_logblock_reader_create(&r), WR_OK);
    for (make(1, &in); wr_logblock_add(w, &in) == WR_OK; make(count + 1, &in)) {
        count++;
    }
    assert_int_equal(count, WR_LOGBLOCK_EVENTS_MAX);
    size_t size = wr_logblock_build(w, none, &bytes, &head);
    assert_true(size > WR_LOGBLOCK_HEAD);
    assert_true(size < count * 12u); /* of 170 octets in memory */
    assert_int_equal(wr_logblock_read_head(bytes, &read), WR_OK);
    assert_memory_equal(read.hash, head.hash, sizeof(head.hash));
    assert_int_equal(read.events, count);
    assert_int_equal(read.first, 1);
    assert_int_equal(read.last, count);
    assert_int_equal(wr_logblock_check(bytes, bytes + WR_LOGBLOCK_HEAD, none), WR_OK);
    assert_int_equal(wr_logblock_open(r, &read, bytes + WR_LOGBLOCK_HEAD), WR_OK);
    for (uint32_t n = 1; n <= count; n++) {
        make(n, &in);
        assert_int_equal(wr_logblock_next(r, &out), WR_OK);
        assert_same(&in, &out);
    }
    assert_int_equal(wr_logblock_next(r, &out), WR_E_NOTFOUND);
    wr_logblock_clear(w);
    assert_int_equal(wr_logblock_events(w), 0);
    make(count + 1, &in);
    assert_int_equal(wr_logblock_add(w, &in), WR_OK);
    size = wr_logblock_build(w, head.hash, &bytes, &head);
    assert_int_equal(wr_logblock_open(r, &head, bytes + WR_LOGBLOCK_HEAD), WR_OK);
    assert_int_equal(wr_logblock_next(r, &out), WR_OK);
    assert_same(&in, &out);
    wr_logblock_destroy(w);
    wr_logblock_reader_destroy(r);
}

/* Where nobody asked another's resolver the block is as it was before there was a column for it. */
static void test_a_block_without_the_last_column(void **state)
{
    struct wr_logblock_writer *w;
    struct wr_logblock_reader *r;
    struct wr_logblock_head head;
    struct wr_ledger_event in, out;
    const uint8_t *bytes = NULL;
    uint32_t raw[2];
    assert_int_equal(wr_logblock_create(&w), WR_OK);
    assert_int_equal(wr_logblock_reader_create(&r), WR_OK);
    for (unsigned with = 2; with-- > 0;) {
        wr_logblock_clear(w);
        make(7, &in);
        in.asked = with ? in.asked : (struct wr_addr){.family = WR_AF_NONE};
        assert_int_equal(wr_logblock_add(w, &in), WR_OK);
        assert_true(wr_logblock_build(w, none, &bytes, &head) > 0);
        raw[with] = head.raw;
        assert_int_equal(wr_logblock_open(r, &head, bytes + WR_LOGBLOCK_HEAD), WR_OK);
        assert_int_equal(wr_logblock_next(r, &out), WR_OK);
        assert_same(&in, &out);
    }
    assert_int_equal(raw[1] - raw[0], 1 + 6 + 2); /* the text, and one column */
    wr_logblock_destroy(w);
    wr_logblock_reader_destroy(r);
}

/* Names that are never twice the same fill the texts first. */
static void test_texts_are_bounded(void **state)
{
    struct wr_logblock_writer *w;
    struct wr_ledger_event e;
    uint32_t count = 0;
    int err = WR_OK;
    assert_int_equal(wr_logblock_create(&w), WR_OK);
    while (err == WR_OK) {
        char text[250];
        logs_event(++count, &e);
        snprintf(text, sizeof(text), "%060u.%060u.%060u.%050u", count, count, count, count);
        assert_int_equal(wr_name_from_text(text, strlen(text), &e.name), WR_OK);
        err = wr_logblock_add(w, &e);
    }
    assert_int_equal(err, WR_E_FULL);
    assert_in_range(count, 900, 1200);
    wr_logblock_destroy(w);
}

static void test_any_change_is_seen(void **state)
{
    struct wr_logblock_writer *w;
    struct wr_logblock_head head;
    struct wr_ledger_event e;
    const uint8_t *bytes = NULL;
    uint8_t copy[4096], other[WR_LOGBLOCK_HASH] = {1};
    assert_int_equal(wr_logblock_create(&w), WR_OK);
    for (uint32_t n = 1; n < 50; n++) {
        make(n, &e);
        assert_int_equal(wr_logblock_add(w, &e), WR_OK);
    }
    size_t size = wr_logblock_build(w, none, &bytes, &head);
    assert_in_range(size, 100, sizeof(copy));
    assert_int_equal(wr_logblock_check(bytes, bytes + WR_LOGBLOCK_HEAD, other), WR_E_CHECKSUM);
    for (size_t i = 0; i < size; i++) {
        memcpy(copy, bytes, size);
        copy[i] ^= 0x10;
        int err = i >= 4 && i < 8
                      ? WR_E_CHECKSUM /* its size: a check over octets that are not there */
                      : wr_logblock_check(copy, copy + WR_LOGBLOCK_HEAD, none);
        assert_int_not_equal(err, WR_OK);
    }
    wr_logblock_destroy(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_went_in_comes_out),
        cmocka_unit_test(test_a_block_without_the_last_column),
        cmocka_unit_test(test_texts_are_bounded),
        cmocka_unit_test(test_any_change_is_seen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
