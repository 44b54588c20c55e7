/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The machine beside a primary that is made here: what it wants is a line of text, what it is given is said by the test.
 */
#include "unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "dns/build.h"
#include "dns/codes.h"
#include "dns/present.h"
#include "resolve/xfer.h"
#include "unit/transport/tsigserver.h"

enum { WALL = 1700000000 };

static const uint8_t zone[] = "\7example";
static struct wr_tsig_key key = {
    .name = {.wire = "\1k", .size = 3}, .alg = WR_HASH_SHA256, .size = 4, .secret = "abcd"};
static struct wr_xfer x;
static struct wr_xfer_settings settings;
static struct wr_rng rng;
static struct wr_now now;
static uint8_t room[WR_XFER_ROOM];
static char told[8192];
static uint8_t asked[1024]; /* the query that was sent last, without its length */
static size_t asked_size;
static uint32_t conn;
static struct tsigserver server;
static bool signing;

__attribute__((format(printf, 1, 2))) static void tell(const char *format, ...)
{
    size_t n = strlen(told);
    va_list args;

    va_start(args, format);
    vsnprintf(told + n, sizeof(told) - n, format, args);
    va_end(args);
}

static void tell_record(char sign, const struct wr_xfer_rr *rr)
{
    char text[1024];
    struct wr_str s;

    wr_str_init(&s, text, sizeof(text));
    wr_name_put_text(&s, rr->owner);
    tell("%c%s/%u ", sign, text, rr->type);
}

static const char *question_type(void)
{
    struct wr_msg m;

    assert_int_equal(wr_msg_parse(&m, asked, asked_size), WR_OK);
    assert_true(wr_name_equal(m.qname.wire, zone));
    assert_int_equal(m.flags, 0);
    return m.qtype == WR_TYPE_SOA ? "SOA" : m.qtype == WR_TYPE_AXFR ? "AXFR" : "IXFR";
}

static void sent(const struct wr_xfer_action *a)
{
    asked_size = a->size - 2;
    assert_int_equal(a->bytes[0] << 8 | a->bytes[1], asked_size);
    memcpy(asked, a->bytes + 2, asked_size);
    tell("%s ", question_type());
    if (signing) {
        tsigserver_close(&server);
        tsigserver_start(&server, &key, asked, asked_size);
    }
}

/* Takes all actions and tells them. */
static void drain(void)
{
    struct wr_xfer_action a;
    enum wr_xfer_what what;
    unsigned turns = 0;

    while ((what = wr_xfer_poll(&x, &now, &a)) != WR_XFER_NOTHING) {
        assert_true(++turns < 10000);
        switch (what) {
        case WR_XFER_OPEN:
            conn = a.conn;
            tell("open:%u ", a.addr.port);
            break;
        case WR_XFER_SEND: sent(&a); break;
        case WR_XFER_CLOSE: tell("close "); break;
        case WR_XFER_BEGIN: tell(a.incremental ? "changes " : "whole "); break;
        case WR_XFER_ADD: tell_record('+', &a.rr); break;
        case WR_XFER_REMOVE: tell_record('-', &a.rr); break;
        case WR_XFER_COMMIT: tell("commit:%u ", a.serial); break;
        case WR_XFER_DROP: tell("drop "); break;
        case WR_XFER_FRESH: tell("fresh "); break;
        case WR_XFER_EXPIRE: tell("expire "); break;
        case WR_XFER_NOTHING: break;
        }
    }
}

static void feed_reason(enum wr_xfer_event_kind kind, const char *reason)
{
    const struct wr_xfer_event event = {.kind = kind, .conn = conn, .reason = reason};

    wr_xfer_feed(&x, &event, &now);
    drain();
}

static void feed(enum wr_xfer_event_kind kind)
{
    feed_reason(kind, kind == WR_XFER_SPOILT ? "spoilt by the test" : NULL);
}

static void octets(const uint8_t *bytes, size_t size)
{
    const struct wr_xfer_event event = {
        .kind = WR_XFER_OCTETS, .conn = conn, .bytes = bytes, .size = size};

    wr_xfer_feed(&x, &event, &now);
    drain();
}

static void sleep_until_deadline(void)
{
    assert_true(wr_xfer_deadline(&x) >= now.mono_us);
    now.mono_us = wr_xfer_deadline(&x);
    feed(WR_XFER_TICK);
}

#define TOLD(text)                       \
    do {                                 \
        assert_string_equal(told, text); \
        told[0] = 0;                     \
    } while (0)

/* The message to send: records as words, see test_xferread. The question of the query, where `question`. */
static size_t message(const char *words, bool question, uint16_t rcode, uint8_t *ret, size_t cap)
{
    char copy[2048], *rest = copy, *word;
    struct wr_msg m;
    struct wr_build b;

    assert_int_equal(wr_msg_parse(&m, asked, asked_size), WR_OK);
    wr_build_start(&b, ret, cap, m.id, WR_FLAG_QR | WR_FLAG_AA);
    if (question) {
        wr_build_question(&b, zone, m.qtype, WR_CLASS_IN);
    }
    snprintf(copy, sizeof(copy), "%s", words);
    while ((word = strsep(&rest, " ")) != NULL) {
        bool soa = word[0] == 's' && word[1] >= '0' && word[1] <= '9';
        struct wr_name owner;
        uint8_t rdata[600];
        char text[200];
        struct wr_writer w;

        if (!word[0]) {
            continue;
        }
        snprintf(text, sizeof(text),
                 soa ? "ns.example. root.example. %s 1000 100 5000 60" : "192.0.2.1", word + 1);
        wr_buf_write_init(&w, rdata, sizeof(rdata));
        assert_int_equal(wr_present_read_rdata(text, strlen(text), soa ? WR_TYPE_SOA : WR_TYPE_A,
                                               NULL, &w, NULL),
                         WR_OK);
        assert_int_equal(
            wr_name_from_text(soa ? "example." : word, strlen(soa ? "example." : word), &owner),
            WR_OK);
        assert_int_equal(wr_build_rr(&b, WR_SECTION_ANSWER, owner.wire,
                                     soa ? WR_TYPE_SOA : WR_TYPE_A, WR_CLASS_IN, 60, rdata, w.pos),
                         WR_OK);
    }
    return wr_build_finish(&b, rcode);
}

static uint8_t wire[4096];

/* In pieces of `piece` octets. */
static void answer_in(const char *words, uint16_t rcode, bool sign, size_t piece)
{
    size_t n = message(words, true, rcode, wire + 2, sizeof(wire) - 200);

    if (sign) {
        n = tsigserver_sign(&server, wire + 2, n, sizeof(wire) - 2, WALL);
    } else if (signing) {
        tsigserver_skip(&server, wire + 2, n);
    }
    wire[0] = (uint8_t)(n >> 8);
    wire[1] = (uint8_t)n;
    for (size_t at = 0; at < n + 2; at += piece) {
        octets(wire + at, n + 2 - at < piece ? n + 2 - at : piece);
    }
}

static void answer(const char *words)
{
    answer_in(words, 0, false, sizeof(wire));
}

static int start(void **state)
{
    memset(&settings, 0, sizeof(settings));
    settings.zone = zone;
    settings.primaries = 2;
    settings.primary[0].addr =
        (struct wr_addr){.family = WR_AF_V4, .ip = {192, 0, 2, 1}, .port = 1};
    settings.primary[1].addr =
        (struct wr_addr){.family = WR_AF_V4, .ip = {192, 0, 2, 2}, .port = 2};
    signing = false;
    told[0] = 0;
    now = (struct wr_now){.mono_us = 1000 * WR_S, .wall_s = WALL, .wall_proven = true};
    wr_rng_seed_u64(&rng, 1);
    wr_xfer_start(&x, &settings, &rng, room, &now);
    return 0;
}

static int stop(void **state)
{
    wr_xfer_close(&x);
    if (signing) {
        tsigserver_close(&server);
    }
    return 0;
}

/* The first copy, with serial 5. */
static void get_copy(void)
{
    feed(WR_XFER_TICK);
    feed(WR_XFER_CONNECTED);
    answer("s5 a.example. s5");
    feed(WR_XFER_TAKEN);
    TOLD("open:1 AXFR whole +example./6 +a.example./1 commit:5 close fresh ");
    assert_int_equal(x.data, WR_XFER_LIVE);
}

/* To the SOA question after the refresh time. */
static void to_soa(void)
{
    sleep_until_deadline();
    feed(WR_XFER_CONNECTED);
}

static void test_first_copy(void **state)
{
    get_copy();
    assert_int_equal(x.state, WR_XFER_WAIT);
    /* The refresh time, a tenth less at most. */
    assert_in_range(wr_xfer_deadline(&x), now.mono_us + 900 * WR_S, now.mono_us + 1000 * WR_S);
}

static void test_in_pieces(void **state)
{
    for (size_t piece = 1; piece < 40; piece += 3) {
        stop(state);
        start(state);
        feed(WR_XFER_TICK);
        feed(WR_XFER_CONNECTED);
        answer_in("s5 a.example.", 0, false, piece);
        answer_in("b.example. s5", 0, false, piece);
        TOLD("open:1 AXFR whole +example./6 +a.example./1 +b.example./1 commit:5 close ");
    }
}

static void test_nothing_new(void **state)
{
    get_copy();
    to_soa();
    answer("s5");
    TOLD("open:1 SOA close fresh ");
    assert_int_equal(x.state, WR_XFER_WAIT);
}

static void test_changes(void **state)
{
    get_copy();
    to_soa();
    answer("s7");
    TOLD("open:1 SOA IXFR ");
    answer("s7 s5 a.example. s7 b.example. s7");
    TOLD("changes -example./6 -a.example./1 +example./6 +b.example./1 commit:7 close ");
    feed(WR_XFER_TAKEN);
    TOLD("fresh ");
    assert_int_equal(x.soa.serial, 7);
}

/* The IXFR question carries our SOA record (RFC 1995 section 3). */
static void test_ixfr_question(void **state)
{
    struct wr_msg m;
    struct wr_msg_rr rr;
    struct wr_msg_walk walk;

    get_copy();
    to_soa();
    answer("s7");
    assert_int_equal(wr_msg_parse(&m, asked, asked_size), WR_OK);
    walk = wr_msg_walk(&m, WR_SECTION_AUTHORITY);
    assert_true(wr_msg_next(&walk, &rr));
    assert_int_equal(rr.type, WR_TYPE_SOA);
    assert_int_equal(m.wire[rr.rdata + rr.rdlength - 17], 5);
}

/* Changes that are refused, broken, or do not fit: the whole is asked for, of the same primary. */
static void test_changes_fail(void **state)
{
    for (unsigned how = 0; how < 5; how++) {
        stop(state);
        start(state);
        get_copy();
        to_soa();
        answer("s7");
        told[0] = 0;
        if (how == 0) {
            answer_in("", 4, false, sizeof(wire)); /* NOTIMP */
        } else if (how == 1) {
            answer("s7 s6 s7 s7");
        } else if (how == 2) {
            feed(WR_XFER_CLOSED);
        } else if (how == 3) {
            answer("s7 s5 a.example. s7 b.example. s7");
            feed(WR_XFER_SPOILT);
        } else {
            sleep_until_deadline();
        }
        assert_non_null(strstr(told, "open:1 "));
        feed(WR_XFER_CONNECTED);
        assert_non_null(strstr(told, "AXFR "));
        told[0] = 0;
        answer("s7 b.example. s7");
        feed(WR_XFER_TAKEN);
        TOLD("whole +example./6 +b.example./1 commit:7 close fresh ");
    }
}

/* A transfer that breaks off leaves the copy; the next primary is asked, then all after the retry time. */
static void test_half(void **state)
{
    get_copy();
    to_soa();
    answer("s7");
    answer("s7 a.example.");
    feed(WR_XFER_CLOSED);
    TOLD("open:1 SOA IXFR whole +example./6 +a.example./1 drop open:1 ");
    feed(WR_XFER_CONNECTED);
    answer("s7 a.example.");
    feed(WR_XFER_CLOSED);
    TOLD("AXFR whole +example./6 +a.example./1 drop open:2 ");
    assert_int_equal(x.data, WR_XFER_LIVE);
    assert_int_equal(x.soa.serial, 5);
    feed(WR_XFER_CLOSED);
    TOLD("");
    assert_string_equal(x.reason, "the primary cannot be reached");
    assert_in_range(wr_xfer_deadline(&x), now.mono_us + 90 * WR_S, now.mono_us + 100 * WR_S);
    sleep_until_deadline();
    TOLD("open:1 ");
    feed_reason(WR_XFER_CLOSED, "it is not who it should be");
    assert_string_equal(x.reason, "it is not who it should be");
}

static void test_without_a_copy_it_backs_off(void **state)
{
    uint64_t pause_us = 0;

    feed(WR_XFER_TICK);
    for (unsigned round = 0; round < 14; round++) {
        uint64_t began = now.mono_us;

        feed(WR_XFER_CLOSED);
        feed(WR_XFER_CLOSED);
        sleep_until_deadline();
        assert_true(now.mono_us - began >= pause_us * 9 / 10);
        assert_true(now.mono_us - began <= 600 * WR_S);
        pause_us = now.mono_us - began;
    }
    assert_true(pause_us >= 540 * WR_S);
    assert_int_equal(x.data, WR_XFER_NONE);
}

static void test_silence(void **state)
{
    feed(WR_XFER_TICK);
    sleep_until_deadline();
    TOLD("open:1 close open:2 ");
    feed(WR_XFER_CONNECTED);
    answer("s5 a.example.");
    sleep_until_deadline();
    TOLD("AXFR whole +example./6 +a.example./1 close drop ");
    assert_string_equal(x.reason, "the primary is silent");
}

/* Who dribbles a record now and then is stopped by the time for the whole. */
static void test_dribble(void **state)
{
    uint64_t began = now.mono_us;

    settings.primaries = 1;
    wr_xfer_change(&x, &settings, &now);
    feed(WR_XFER_TICK);
    feed(WR_XFER_CONNECTED);
    answer("s5");
    while (x.state == WR_XFER_ZONE) {
        now.mono_us += (WR_XFER_PATIENCE_S - 1) * WR_S;
        feed(WR_XFER_TICK);
        if (x.state == WR_XFER_ZONE) {
            answer("a.example.");
        }
        assert_true(now.mono_us - began < (WR_XFER_WHOLE_S + 60) * WR_S);
        told[0] = 0;
    }
    assert_string_equal(x.reason, "the transfer took too long");
}

static void test_bad_answers(void **state)
{
    static const struct {
        const char *words;
        uint16_t rcode;
        const char *reason;
    } rows[] = {
        {"", 5, "the primary refuses (REFUSED): does it let this address transfer?"},
        {"", 2, "the primary cannot serve the zone now (SERVFAIL)"},
        {"", 3, "the primary answers with an error"},
        {"a.example.", 0, "the transfer does not begin with the zone's SOA record"},
        {"s5 a.example. s6", 0, "the zone changed while it was sent"},
        {"s5 s5 a.example.", 0, "records behind the end of the transfer"},
    };

    settings.primaries = 1;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        wr_xfer_change(&x, &settings, &now);
        feed(WR_XFER_TICK);
        feed(WR_XFER_CONNECTED);
        answer_in(rows[i].words, rows[i].rcode, false, sizeof(wire));
        assert_string_equal(x.reason, rows[i].reason);
        assert_int_equal(x.state, WR_XFER_WAIT);
        assert_int_equal(x.rcode, rows[i].rcode);
        assert_null(strstr(told, "commit"));
        told[0] = 0;
    }
}

static void test_another_id(void **state)
{
    feed(WR_XFER_TICK);
    feed(WR_XFER_CONNECTED);
    asked[0] ^= 1;
    answer("s5 s5");
    assert_string_equal(x.reason, "the primary answered something else");
}

static void test_empty_messages(void **state)
{
    settings.primaries = 1;
    wr_xfer_change(&x, &settings, &now);
    feed(WR_XFER_TICK);
    feed(WR_XFER_CONNECTED);
    answer("s5");
    for (unsigned i = 0; i <= WR_XFER_EMPTY_MAX; i++) {
        answer("");
    }
    assert_string_equal(x.reason, "too many messages without a record");
}

static void test_earlier_serial(void **state)
{
    get_copy();
    to_soa();
    answer("s4");
    TOLD("open:1 SOA close open:2 ");
    feed(WR_XFER_CONNECTED);
    answer("s6");
    TOLD("SOA IXFR ");
}

/* EXPIRE counts from the last confirmation, and what has expired is discarded: the zone is taken whatever its serial. */
static void expire_and_take(uint32_t serial)
{
    char text[64];
    uint64_t fresh_us;

    get_copy();
    fresh_us = now.mono_us;
    while (x.data == WR_XFER_LIVE) {
        sleep_until_deadline();
        feed(WR_XFER_CLOSED);
        feed(WR_XFER_CLOSED);
        assert_true(now.mono_us - fresh_us <= 5000 * WR_S);
    }
    assert_int_equal(now.mono_us - fresh_us, 5000 * WR_S);
    assert_non_null(strstr(told, "expire "));
    told[0] = 0;
    while (x.state == WR_XFER_WAIT) {
        sleep_until_deadline();
    }
    told[0] = 0;
    feed(WR_XFER_CONNECTED);
    snprintf(text, sizeof(text), "s%u b.example. s%u", serial, serial);
    answer(text);
    feed(WR_XFER_TAKEN);
    snprintf(text, sizeof(text), "AXFR whole +example./6 +b.example./1 commit:%u close fresh ",
             serial);
    TOLD(text);
    assert_int_equal(x.data, WR_XFER_LIVE);
    assert_int_equal(x.soa.serial, serial);
}

static void test_expire(void **state)
{
    static const uint32_t serials[] = {5, 4,
                                       6}; /* the same; of a primary built anew; a later one */

    for (size_t i = 0; i < sizeof(serials) / sizeof(serials[0]); i++) {
        stop(state);
        start(state);
        expire_and_take(serials[i]);
    }
}

/* It expires while a primary is asked for its SOA record: the answer is not held against the copy that is gone. */
static void test_expire_midway(void **state)
{
    settings.primaries = 1;
    wr_xfer_change(&x, &settings, &now);
    get_copy();
    x.expire_us = wr_xfer_deadline(&x) + 5 * WR_S;
    to_soa();
    TOLD("open:1 SOA ");
    sleep_until_deadline();
    TOLD("expire ");
    answer("s4");
    TOLD("AXFR ");
    answer("s4 b.example. s4");
    feed(WR_XFER_TAKEN);
    TOLD("whole +example./6 +b.example./1 commit:4 close fresh ");
}

/* A message now and then keeps nobody from the next primary: not with changes, not with the whole, not while a copy is missing. */
static void drip(const char *first)
{
    unsigned messages = 0;

    answer(first);
    while (x.state == WR_XFER_ZONE && x.at == 0) {
        uint64_t step = now.mono_us + (WR_XFER_PATIENCE_S - 1) * WR_S;

        now.mono_us = wr_time_min(step, wr_xfer_deadline(&x));
        feed(WR_XFER_TICK);
        if (x.state == WR_XFER_ZONE && x.at == 0) {
            answer("a.example.");
        }
        assert_true(++messages < 400);
    }
    assert_int_equal(x.at, 1);
}

static void test_drip(void **state)
{
    uint64_t began = now.mono_us;

    feed(WR_XFER_TICK);
    feed(WR_XFER_CONNECTED);
    drip("s5");
    assert_in_range(now.mono_us - began, WR_XFER_PACE_S * WR_S, (WR_XFER_PACE_S + 1) * WR_S);
    assert_string_equal(x.reason, "the transfer is too slow");
    feed(WR_XFER_CONNECTED);
    answer("s5 a.example. s5");
    feed(WR_XFER_TAKEN);
    assert_int_equal(x.data, WR_XFER_LIVE);
    told[0] = 0;
    x.at = 0;
    to_soa();
    answer("s7");
    began = now.mono_us;
    drip("s7 s5");
    assert_in_range(now.mono_us - began, 1, (WR_XFER_PACE_S + 1) * WR_S);
    assert_null(strstr(told, "AXFR")); /* it had its time */
    feed(WR_XFER_CONNECTED);
    answer("s5");
    assert_int_equal(x.data, WR_XFER_LIVE);
}

/* A copy that has not long to live: the first primary has half of that, whatever it brings. */
static void test_drip_at_the_end(void **state)
{
    get_copy();
    x.expire_us = wr_xfer_deadline(&x) + 40 * WR_S;
    to_soa();
    answer("s7");
    drip("s7 s5");
    assert_string_equal(x.reason, "the transfer took too long");
    assert_int_equal(x.expire_us - now.mono_us, 20 * WR_S);
    told[0] = 0;
    feed(WR_XFER_CONNECTED);
    answer("s5");
    TOLD("SOA close fresh ");
}

/* A line that is slow, and the only one: it is left once, and then less is demanded of it. */
static void test_slow_line(void **state)
{
    unsigned rounds = 0;

    feed(WR_XFER_TICK);
    for (unsigned minutes = 0; x.state != WR_XFER_JUDGE; minutes++) {
        if (x.state == WR_XFER_WAIT) {
            sleep_until_deadline();
            rounds++;
            assert_true(rounds < 20);
        } else if (x.state == WR_XFER_DIAL && x.at == 0) {
            feed(WR_XFER_CONNECTED);
            answer("s5");
            minutes = 0;
        } else if (x.state == WR_XFER_DIAL) {
            feed(WR_XFER_CLOSED); /* the other one is gone */
        } else {
            now.mono_us += (WR_XFER_PATIENCE_S - 1) * WR_S;
            feed(WR_XFER_TICK);
            if (x.state == WR_XFER_ZONE && x.at == 0) {
                answer(minutes < 40 ? "a.example." : "a.example. s5");
            }
        }
        told[0] = 0;
    }
    assert_in_range(rounds, 3, 19);
}

static void test_restore(void **state)
{
    uint8_t soa[WR_XFERREAD_SOA_MAX];
    uint16_t size;

    get_copy();
    memcpy(soa, x.mine, x.mine_size);
    size = x.mine_size;
    start(state);
    assert_int_equal(wr_xfer_restore(&x, soa, 10, 0, &now), WR_E_FORMAT);
    /* Its age is not known: as if confirmed now. */
    assert_int_equal(wr_xfer_restore(&x, soa, size, -1, &now), WR_OK);
    assert_int_equal(x.data, WR_XFER_LIVE);
    assert_int_equal(x.expire_us, now.mono_us + 5000 * WR_S);
    wr_xfer_age(&x, 4000, &now);
    assert_int_equal(x.expire_us, now.mono_us + 1000 * WR_S);
    wr_xfer_age(&x, 5000, &now);
    feed(WR_XFER_TICK);
    assert_int_equal(x.data, WR_XFER_EXPIRED);
    TOLD("expire open:1 "); /* and it is looked for at once */
    feed(WR_XFER_CONNECTED);
    answer("s4 s4");
    feed(WR_XFER_TAKEN);
    TOLD("AXFR whole +example./6 commit:4 close fresh ");
    wr_xfer_age(&x, 99999, &now); /* too late: a primary has confirmed it */
    assert_int_equal(x.expire_us, now.mono_us + 5000 * WR_S);
}

static void test_notify(void **state)
{
    get_copy();
    now.mono_us += 60 * WR_S;
    feed(WR_XFER_NOTIFIED);
    TOLD("open:1 ");
    feed(WR_XFER_CONNECTED);
    feed(WR_XFER_NOTIFIED); /* while a look is under way: one more after it */
    answer("s5");
    TOLD("SOA close fresh ");
    assert_int_equal(wr_xfer_deadline(&x), now.mono_us + WR_XFER_NOTIFY_S * WR_S);
    for (unsigned i = 0; i < 100; i++) { /* a flood: one look in WR_XFER_NOTIFY_S */
        feed(WR_XFER_NOTIFIED);
    }
    TOLD("");
    sleep_until_deadline();
    TOLD("open:1 ");
}

static void use_key(void)
{
    settings.primaries = 1;
    settings.primary[0].key = &key;
    wr_xfer_change(&x, &settings, &now);
    signing = true;
    memset(&server, 0, sizeof(server));
    tsigserver_start(&server, &key, (const uint8_t[64]){0}, 64);
    feed(WR_XFER_TICK);
    feed(WR_XFER_CONNECTED);
}

static void test_signed(void **state)
{
    use_key();
    answer_in("s5 a.example.", 0, true, 7);
    answer_in("b.example.", 0, false, 7);
    answer_in("s5", 0, true, 7);
    TOLD("open:1 AXFR whole +example./6 +a.example./1 +b.example./1 commit:5 close ");
}

/* The last message must be signed: else the end could be anybody's. */
static void test_unsigned_end(void **state)
{
    use_key();
    answer_in("s5 a.example.", 0, true, 99);
    answer_in("b.example. s5", 0, false, 99);
    TOLD("open:1 AXFR whole +example./6 +a.example./1 +b.example./1 close drop ");
    assert_string_equal(x.reason, "the end of the transfer is not signed");
}

static void test_unsigned(void **state)
{
    use_key();
    answer_in("s5 s5", 0, false, 99);
    TOLD("open:1 AXFR close ");
    assert_string_equal(x.reason,
                        "the response is not signed: perhaps the primary does not know the key");
}

static void test_mute(void **state)
{
    settings.primary[0].mute = settings.primary[1].mute = true;
    wr_xfer_change(&x, &settings, &now);
    feed(WR_XFER_TICK);
    TOLD("");
    assert_string_equal(x.reason, "the key cannot be read, and without it nothing is asked");
    assert_true(wr_xfer_deadline(&x) > now.mono_us);
}

/* A clock that is not set is no reason to fail: the primary's signed time is used for the question. */
static void test_clock_not_set(void **state)
{
    uint8_t theirs[6] = {0, 0, 0x65, 0x53, 0xf1, 0x00};

    now.wall_s = 100;
    now.wall_proven = false;
    use_key();
    server.error = 18;
    server.other = theirs;
    server.other_size = 6;
    answer_in("", 9, true, 99);
    TOLD("open:1 AXFR close open:1 ");
    feed(WR_XFER_CONNECTED);
    assert_int_equal(x.skew_s, WALL - 100);
    answer_in("s5 s5", 0, true, 99);
    TOLD("AXFR whole +example./6 commit:5 close ");
}

static void test_wrong_clock(void **state)
{
    uint8_t theirs[6] = {0, 0, 0x65, 0x53, 0xf1, 0x00};

    now.wall_s = WALL + 3600;
    use_key();
    server.error = 18;
    server.other = theirs;
    server.other_size = 6;
    answer_in("", 9, true, 99);
    TOLD("open:1 AXFR close ");
    assert_string_equal(x.reason, "the server's clock and ours differ (BADTIME)");
}

/* Events of a connection that is over are nobody's. */
static void test_late_events(void **state)
{
    feed(WR_XFER_TICK);
    conn--;
    feed(WR_XFER_CONNECTED);
    feed(WR_XFER_CLOSED);
    octets((const uint8_t *)"\0\0\0", 3);
    feed(WR_XFER_TAKEN);
    feed(WR_XFER_SPOILT);
    TOLD("open:1 ");
    assert_int_equal(x.state, WR_XFER_DIAL);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_first_copy),     CASE(test_in_pieces),
        CASE(test_nothing_new),    CASE(test_changes),
        CASE(test_ixfr_question),  CASE(test_changes_fail),
        CASE(test_half),           CASE(test_without_a_copy_it_backs_off),
        CASE(test_silence),        CASE(test_dribble),
        CASE(test_bad_answers),    CASE(test_another_id),
        CASE(test_empty_messages), CASE(test_earlier_serial),
        CASE(test_expire),         CASE(test_expire_midway),
        CASE(test_drip),           CASE(test_drip_at_the_end),
        CASE(test_slow_line),      CASE(test_restore),
        CASE(test_notify),         CASE(test_signed),
        CASE(test_unsigned_end),   CASE(test_unsigned),
        CASE(test_mute),           CASE(test_clock_not_set),
        CASE(test_wrong_clock),    CASE(test_late_events),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
