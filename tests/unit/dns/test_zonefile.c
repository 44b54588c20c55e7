/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"
#include <stdio.h>

#include "base/err.h"
#include "dns/codes.h"
#include "dns/present.h"
#include "dns/word.h"
#include "unit/dns/zonetest.h"

static char told[400000];

/* Each event as a line: "file:line:column record" or "file:line:column! reason". */
static void take(void *data, enum wr_zonefile_what what, const struct wr_zonefile_event *event)
{
    struct wr_str *s = data;

    wr_str_u64(s, event->place.file);
    wr_str_char(s, ':');
    wr_str_u64(s, event->place.line);
    wr_str_char(s, ':');
    wr_str_u64(s, event->place.column);
    if (what == WR_ZONEFILE_RECORD) {
        wr_str_char(s, ' ');
        wr_present_rr(s, event->owner, event->ttl, event->class_, event->type, event->rdata,
                      event->rdata_size);
    } else {
        assert_int_equal(what, WR_ZONEFILE_MISTAKE);
        wr_str_text(s, event->warning ? "? " : "! ");
        wr_str_text(s, event->reason);
    }
    wr_str_char(s, '\n');
}

static const char *read_all(const struct wr_zonefile_options *options, const char *text,
                            const struct zonetest_file *files, size_t piece)
{
    struct wr_str s;

    wr_str_init(&s, told, sizeof(told));
    zonetest_read(options, text, files, piece, take, &s);
    assert_false(s.cut);
    return told;
}

static const uint8_t example[] = "\7example";

static const struct {
    const char *text, *events;
} good[] = {
    {"", ""},
    {"; nothing\n\n   \n\t; at all", ""},
    {"\xef\xbb\xbf@ 1 A 1.2.3.4\n", "0:1:5 example. 1 IN A 1.2.3.4\n"},
    /* RFC 1035 section 5.3, with its TTL */
    {"$TTL 1d\n"
     "@   IN  SOA     VENERA      Action\\.domains (\n"
     "                                 20     ; SERIAL\n"
     "                                 7200   ; REFRESH\n"
     "                                 600    ; RETRY\n"
     "                                 3600000; EXPIRE\n"
     "                                 60)    ; MINIMUM\n"
     "\n"
     "        NS      A.ISI.EDU.\n"
     "        NS      VENERA\n"
     "        MX      10      VENERA\n"
     "\n"
     "A       A       26.3.0.103\n"
     "\n"
     "VENERA  A       10.1.0.52\n"
     "        A       128.9.0.32\n",
     "0:2:9 example. 86400 IN SOA VENERA.example. Action\\.domains.example. 20 7200 600 3600000 "
     "60\n"
     "0:9:9 example. 86400 IN NS A.ISI.EDU.\n"
     "0:10:9 example. 86400 IN NS VENERA.example.\n"
     "0:11:9 example. 86400 IN MX 10 VENERA.example.\n"
     "0:13:9 A.example. 86400 IN A 26.3.0.103\n"
     "0:15:9 VENERA.example. 86400 IN A 10.1.0.52\n"
     "0:16:9 VENERA.example. 86400 IN A 128.9.0.32\n"},
    /* TTL and class in any order, each perhaps left out */
    {"a 1 IN A 1.2.3.4\nb IN 2 A 1.2.3.4\nc 3 A 1.2.3.4\nd IN A 1.2.3.4\ne A 1.2.3.4\n",
     "0:1:8 a.example. 1 IN A 1.2.3.4\n0:2:8 b.example. 2 IN A 1.2.3.4\n"
     "0:3:5 c.example. 3 IN A 1.2.3.4\n0:4:6 d.example. 3 IN A 1.2.3.4\n"
     "0:5:3 e.example. 3 IN A 1.2.3.4\n"},
    /* RFC 2308 section 4: $TTL is for those that come after, and stronger than the record before */
    {"a 1 A 1.2.3.4\n$TTL 1h30m\nb A 1.2.3.4\nc 2 A 1.2.3.4\nd A 1.2.3.4\n$ttl 5\ne A 1.2.3.4\n",
     "0:1:5 a.example. 1 IN A 1.2.3.4\n0:3:3 b.example. 5400 IN A 1.2.3.4\n"
     "0:4:5 c.example. 2 IN A 1.2.3.4\n0:5:3 d.example. 5400 IN A 1.2.3.4\n"
     "0:7:3 e.example. 5 IN A 1.2.3.4\n"},
    {"@ SOA . . 1 2 3 4 60\n  NS .\n", "0:1:3 example. 60 IN SOA . . 1 2 3 4 60\n"
                                       "0:1:3? no TTL: the last field of the SOA record is taken\n"
                                       "0:2:3 example. 60 IN NS .\n"},
    {"@ SOA . . 1 2 3 4 4294967295\n",
     "0:1:3 example. 2147483647 IN SOA . . 1 2 3 4 4294967295\n"
     "0:1:3? no TTL: the last field of the SOA record is taken\n"},
    /* origins */
    {"$ORIGIN sub\n@ 0 NS ns\n$ORIGIN other.\na NS @\n$ORIGIN b\nc NS d.\n",
     "0:2:5 sub.example. 0 IN NS ns.sub.example.\n0:4:3 a.other. 0 IN NS other.\n"
     "0:6:3 c.b.other. 0 IN NS d.\n"},
    /* parentheses anywhere, quotes, escapes, CRLF */
    {"a ( 1 IN\n A\n1.2.3.4 )\r\n( b\nA 1.2.3.4 )\n", "0:2:2 a.example. 1 IN A 1.2.3.4\n"
                                                      "0:5:1 b.example. 1 IN A 1.2.3.4\n"},
    {"t 1 TXT \"a ; ( b\" c\\\"d \"\\\\\" ; end\r\n",
     "0:1:5 t.example. 1 IN TXT \"a ; ( b\" \"c\\\"d\" \"\\\\\"\n"},
    {"\\$TTL 1 A 1.2.3.4\n\\@ A 1.2.3.4\na\\.b A 1.2.3.4\n",
     "0:1:9 \\$TTL.example. 1 IN A 1.2.3.4\n0:2:4 \\@.example. 1 IN A 1.2.3.4\n"
     "0:3:6 a\\.b.example. 1 IN A 1.2.3.4\n"},
    /* unknown types and the generic form (RFC 3597 section 5) */
    {"a 1 TYPE65280 \\# 2 ab cd\n CLASS1 TYPE1 \\# 4 01020304\n TYPE65280 \\# 0\n APL \\# 0\n "
     "APL\n",
     "0:1:5 a.example. 1 IN TYPE65280 \\# 2 abcd\n0:2:9 a.example. 1 IN A 1.2.3.4\n"
     "0:3:2 a.example. 1 IN TYPE65280 \\# 0\n0:4:2 a.example. 1 IN APL \\# 0\n"
     "0:5:2 a.example. 1 IN APL \\# 0\n"},
    {"in 1 a 1.2.3.4\nA A 1.2.3.4\n1 2 A 1.2.3.4\n",
     "0:1:6 in.example. 1 IN A 1.2.3.4\n0:2:3 A.example. 1 IN A 1.2.3.4\n"
     "0:3:5 1.example. 2 IN A 1.2.3.4\n"},
};

static const struct {
    const char *text, *events;
} bad[] = {
    {"a A 1.2.3.4\n", "0:1:3! no TTL: there is no $TTL and no record before that has one\n"},
    {" 1 A 1.2.3.4\n", "0:1:2! no owner, and none before to go on with\n"},
    {"a..b 1 A 1.2.3.4\n A 1.2.3.4\nc 1 A 1.2.3.4\n",
     "0:1:1! this is no domain name\n0:2:2! no owner, and the one before is broken\n"
     "0:3:5 c.example. 1 IN A 1.2.3.4\n"},
    {"\"a\" 1 A 1.2.3.4\n", "0:1:1! this is no domain name\n"},
    {"a 1 IN\n", "0:1:7! the type is missing\n"},
    {"a 1 IN 1 A\n", "0:1:8! no such type\n"},
    {"a 1 IN NOTYPE x\na 1 \"A\" 1.2.3.4\n", "0:1:8! no such type\n0:2:5! no such type\n"},
    {"a 1 CH A x 1\n", "0:1:5! the zone is of another class\n"},
    {"a 1 ANY x\na 1 OPT \\# 0\na 1 TSIG x\na 1 TYPE0 \\# 0\na AXFR x\n",
     "0:1:5! this type is none of a zone's records\n0:2:5! this type is none of a zone's records\n"
     "0:3:5! this type is none of a zone's records\n0:4:5! this type is none of a zone's records\n"
     "0:5:3! this type is none of a zone's records\n"},
    {"a 2147483648 A 1.2.3.4\na 1x A 1.2.3.4\na 2147483647 A 1.2.3.4\n",
     "0:1:3! a TTL is at most 2147483647 seconds\n0:2:3! this is no TTL\n"
     "0:3:14 a.example. 2147483647 IN A 1.2.3.4\n"},
    {"a 1 A 1.2.3\n A\n A 1.2.3.4 5\n MX (\n 65536 b )\n A \\# 0\n AAAA 1.2.3.4 ; six\n",
     "0:1:7! this is not what the type wants here\n0:2:3! the record ends too early\n"
     "0:3:12! this is not what the type wants here\n0:5:2! out of range\n0:6:7! the record ends "
     "too early\n"
     "0:7:7! this is not what the type wants here\n"},
    {"a 1 TYPE65280 abc\n SVCB 1 . port=1 port=2\n",
     "0:1:15! this can only be written in the generic form, \\# LENGTH HEX\n"
     "0:2:18! the same parameter twice\n"},
    {"a ) 1 A 1.2.3.4\n) 1 A 1.2.3.4\nb 1 A ) 1.2.3.4\nc 1 A 1.2.3.4 )\nd 1 A 1.2.3.4\n",
     "0:1:3! a parenthesis or a quote without its other half\n"
     "0:2:1! a parenthesis or a quote without its other half\n"
     "0:3:7! this is not what the type wants here\n0:4:15! this is not what the type wants here\n"
     "0:5:5 d.example. 1 IN A 1.2.3.4\n"},
    {"a 1 TXT \"b\nc 1 A 1.2.3.4\nd TXT ( b\ne A 1.2.3.4\n",
     "0:1:9! this quote is not closed\n0:2:5 c.example. 1 IN A 1.2.3.4\n"
     "0:3:7! this parenthesis is never closed\n0:4:3 e.example. 1 IN A 1.2.3.4\n"},
    {"$TTL\n$TTL x\n$TTL 2147483648\n$TTL 1 2\n$ORIGIN\n$ORIGIN a..b\n$ORIGIN a b\n$NOTHING\n$\n"
     "a 1 A 1.2.3.4\n",
     "0:1:5! $TTL wants seconds\n0:2:6! this is no TTL\n"
     "0:3:6! a TTL is at most 2147483647 seconds\n0:4:8! nothing may stand here\n"
     "0:5:8! $ORIGIN wants a name\n0:6:9! this is no domain name\n0:7:11! nothing may stand here\n"
     "0:8:1! no such directive\n0:9:1! no such directive\n0:10:5 a.example. 1 IN A 1.2.3.4\n"},
    {"$GENERATE 1-2 a$ A 1.2.3.$\n", "0:1:1! $GENERATE is not allowed here\n"},
    {"$INCLUDE\n$INCLUDE \"\"\n$INCLUDE a\\000b\n$INCLUDE no\n$INCLUDE silent\n$INCLUDE a b..c\n"
     "$INCLUDE a b c\n",
     "0:1:9! $INCLUDE wants a file\n0:2:10! this is no file name\n0:3:10! this is no file name\n"
     "0:4:10! no such file\n0:5:10! the file was not included\n0:6:12! this is no domain name\n"
     "0:7:14! nothing may stand here\n"},
};

static void check(const struct wr_zonefile_options *options, const char *text, const char *events)
{
    static const size_t pieces[] = {1, 2, 7, 4096};

    for (unsigned i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
        const char *got = read_all(options, text, NULL, pieces[i]);

        if (strcmp(got, events)) {
            fail_msg("%s\n--- became\n%s--- not\n%s", text, got, events);
        }
    }
}

static void good_files(void **state)
{
    const struct wr_zonefile_options options = {.origin = example, .class_ = WR_CLASS_IN};

    for (unsigned i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        check(&options, good[i].text, good[i].events);
    }
}

static void broken_files(void **state)
{
    const struct wr_zonefile_options options = {.origin = example, .class_ = WR_CLASS_IN};

    for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        check(&options, bad[i].text, bad[i].events);
    }
}

static void without_an_origin(void **state)
{
    const struct wr_zonefile_options options = {.class_ = WR_CLASS_IN};

    check(&options,
          "a 1 A 1.2.3.4\n@ 1 A 1.2.3.4\na. 1 NS b\na. 1 NS @\n$ORIGIN x\n$ORIGIN y.\na 1 NS b\n",
          "0:1:1! a relative name, and no origin is known: $ORIGIN, or --origin of `weir zone "
          "check`, says it\n"
          "0:2:1! a relative name, and no origin is known: $ORIGIN, or --origin of `weir zone "
          "check`, says it\n"
          "0:3:9! a relative name, and no origin is known: $ORIGIN, or --origin of `weir zone "
          "check`, says it\n"
          "0:4:9! a relative name, and no origin is known: $ORIGIN, or --origin of `weir zone "
          "check`, says it\n"
          "0:5:9! a relative name, and no origin is known: $ORIGIN, or --origin of `weir zone "
          "check`, says it\n"
          "0:7:5 a.y. 1 IN NS b.y.\n");
}

static void a_ttl_for_those_that_have_none(void **state)
{
    const struct wr_zonefile_options options = {
        .origin = example, .class_ = WR_CLASS_IN, .has_ttl = true, .ttl = 42};

    check(&options,
          "a A 1.2.3.4\n@ SOA . . 1 2 3 4 5\nb 1 A 1.2.3.4\nc A 1.2.3.4\n$TTL 2\nd A 1.2.3.4\n",
          "0:1:3 a.example. 42 IN A 1.2.3.4\n0:2:3 example. 42 IN SOA . . 1 2 3 4 5\n"
          "0:3:5 b.example. 1 IN A 1.2.3.4\n0:4:3 c.example. 1 IN A 1.2.3.4\n"
          "0:6:3 d.example. 2 IN A 1.2.3.4\n");
}

static void another_class(void **state)
{
    const struct wr_zonefile_options options = {.origin = example, .class_ = WR_CLASS_CH};

    check(&options, "a 1 CH A net 17\n1 A net. 0\n 1 IN A 1.2.3.4\n",
          "0:1:8 a.example. 1 CH A net.example. 17\n0:2:3 1.example. 1 CH A net. 0\n"
          "0:3:4! the zone is of another class\n");
}

#define CUT_AT \
    ":4:14? the file ends within this line; it counts as it stands: is it half written?\n"
#define CUT "1" CUT_AT

static void includes(void **state)
{
    const struct wr_zonefile_options options = {.origin = example, .class_ = WR_CLASS_IN};
    static const struct zonetest_file files[] = {
        {"one", "@ NS ns\n$TTL 7\n$ORIGIN moved\na 5 A 1.2.3.4"},
        {"two", " 1 A 1.2.3.4\nb 1 A 1.2.3.4\n$INCLUDE one deeper\n  A 5.6.7.8\n"},
        {"broken", "c 1 TXT (\n \"open"},
        {"a b", ""},
        {NULL, NULL},
    };

    assert_string_equal(
        read_all(
            &options,
            "x 1 A 1.2.3.4\n$INCLUDE one\n  A 1.2.3.5\n$INCLUDE \"one\" sub ; c\ny A 1.2.3.4\n",
            files, 5),
        "0:1:5 x.example. 1 IN A 1.2.3.4\n1:1:3 example. 1 IN NS ns.example.\n"
        "1:4:5 a.moved.example. 5 IN A 1.2.3.4\n" CUT "0:3:3 x.example. 7 IN A 1.2.3.5\n"
        "1:1:3 sub.example. 7 IN NS ns.sub.example.\n1:4:5 a.moved.sub.example. 5 IN A "
        "1.2.3.4\n" CUT "0:5:3 y.example. 7 IN A 1.2.3.4\n");
    assert_string_equal(
        read_all(&options, "$INCLUDE two z.\n$INCLUDE broken\n$INCLUDE a\\ b\nd 1 A 1.2.3.4", files,
                 4096),
        "1:1:2! no owner, and none before to go on with\n1:2:5 b.z. 1 IN A 1.2.3.4\n"
        "2:1:3 deeper.z. 1 IN NS ns.deeper.z.\n2:4:5 a.moved.deeper.z. 5 IN A 1.2.3.4\n2" CUT_AT
        "1:4:3 b.z. 7 IN A 5.6.7.8\n1:2:2! this quote is not closed\n"
        "0:4:5 d.example. 1 IN A 1.2.3.4\n"
        "0:4:14? the file ends within this line; it counts as it stands: is it half written?\n");
}

/* A loop ends at the depth, a fan at the number of files. */
static void includes_are_bounded(void **state)
{
    const struct wr_zonefile_options options = {.origin = example, .class_ = WR_CLASS_IN};
    static const struct zonetest_file files[] = {
        {"loop", "a 1 A 1.2.3.4\n$INCLUDE loop\n"},
        {"fan",
         "$INCLUDE fan\n$INCLUDE fan\n$INCLUDE fan\n$INCLUDE fan\n$INCLUDE fan\n$INCLUDE fan\n"},
        {NULL, NULL},
    };
    unsigned records = 0, mistakes = 0, many = 0;
    const char *got = read_all(&options, "$INCLUDE loop\nb 1 A 1.2.3.4\n", files, 4096);

    for (const char *p = got; (p = strstr(p, "1.2.3.4")); p++) {
        records++;
    }
    assert_int_equal(records, WR_ZONEFILE_DEPTH_MAX);
    assert_non_null(strstr(got, "7:2:10! files include each other too deeply: a loop?\n"));
    got = read_all(&options, "$INCLUDE fan\n", files, 4096);
    for (const char *p = got; (p = strchr(p, '!')); p++) {
        mistakes++;
        many += strstr(p, "too many files") == p + 2;
    }
    assert_true(many > 0);
    assert_in_range(mistakes, WR_ZONEFILE_INCLUDES_MAX, 8 * WR_ZONEFILE_INCLUDES_MAX);
}

static void generated(void **state)
{
    const struct wr_zonefile_options options = {
        .origin = example, .class_ = WR_CLASS_IN, .generate = true};

    check(&options,
          "$GENERATE 1-3 h$ 1 IN A 1.2.3.$\n$GENERATE 0-4/2 ${10,3} CNAME x$.y\nz A 1.2.3.4\n",
          "0:1:1 h1.example. 1 IN A 1.2.3.1\n0:1:1 h2.example. 1 IN A 1.2.3.2\n"
          "0:1:1 h3.example. 1 IN A 1.2.3.3\n0:2:1 010.example. 1 IN CNAME x0.y.example.\n"
          "0:2:1 012.example. 1 IN CNAME x2.y.example.\n"
          "0:2:1 014.example. 1 IN CNAME x4.y.example.\n0:3:3 z.example. 1 IN A 1.2.3.4\n");
    check(
        &options,
        "$GENERATE\n$GENERATE 1\n$GENERATE 1-99999 a$ A 1.2.3.4\n$GENERATE 254-259 a$ 1 A 1.2.3.$\n"
        "$GENERATE 1-2\n$GENERATE 1-2 ${ A 1.2.3.4\n$GENERATE ( 1-2 a$ 1 A 1.2.3.4 )\n"
        "$GENERATE 1-2 $$TTL $\n$GENERATE 1-2 $$GENERATE 1-9 b A 1.2.3.4\n",
        "0:1:10! $GENERATE wants a range\n0:2:11! this is no range of numbers\n"
        "0:3:11! $GENERATE stands for too many records\n0:4:1 a254.example. 1 IN A 1.2.3.254\n"
        "0:4:1 a255.example. 1 IN A 1.2.3.255\n0:4:1! this is not what the type wants here\n"
        "0:5:1! what $GENERATE is to repeat is not understood, or too long\n"
        "0:6:1! what $GENERATE is to repeat is not understood, or too long\n"
        "0:7:13! $GENERATE is one line without parentheses\n0:8:1! the type is missing\n"
        "0:9:1! this is no TTL\n");
}

/* For one zone, all told. */
static void generated_lines_are_bounded(void **state)
{
    const struct wr_zonefile_options options = {
        .origin = example, .class_ = WR_CLASS_IN, .generate = true};
    struct wr_zonefile *z = malloc(sizeof(*z));
    static const char text[] = "$GENERATE 1-65000 a 1 A 1.2.3.4\n$GENERATE 1-536 a A 1.2.3.4\n"
                               "$GENERATE 1-1 a A 1.2.3.4\n";
    struct wr_zonefile_event event;
    unsigned records = 0, mistakes = 0;
    enum wr_zonefile_what what;

    wr_zonefile_start(z, &options);
    assert_int_equal(wr_zonefile_next(z, &event), WR_ZONEFILE_MORE);
    wr_zonefile_feed(z, text, strlen(text));
    while ((what = wr_zonefile_next(z, &event)) != WR_ZONEFILE_MORE) {
        records += what == WR_ZONEFILE_RECORD;
        mistakes += what == WR_ZONEFILE_MISTAKE;
    }
    assert_int_equal(records, WR_ZONEFILE_GENERATE_MAX);
    assert_int_equal(mistakes, 1);
    free(z);
}

/* A record as large as one can be, written as long as it can be, is read; one octet more is not. */
static void the_largest_record(void **state)
{
    const struct wr_zonefile_options options = {.origin = example, .class_ = WR_CLASS_IN};
    char *text = malloc(2 * WR_ZONEFILE_ENTRY_MAX);
    size_t at = (size_t)sprintf(text, "a 1 TXT (");

    for (unsigned string = 0; string < 255; string++) {
        at += (size_t)sprintf(text + at, "\n\"");
        for (unsigned i = 0; i < 255; i++) {
            at += (size_t)sprintf(text + at, "\\%03u", i);
        }
        text[at++] = '"';
    }
    sprintf(text + at, ")\nb 1 A 1.2.3.4\n");
    (void)read_all(&options, text, NULL, 4096);
    assert_memory_equal(told, "0:1:5 a.example. 1 IN TXT \"\\000\\001", 30);
    sprintf(text + at, " \"%0255u\" x)\nb 1 A 1.2.3.4\n", 7);
    assert_string_equal(
        read_all(&options, text, NULL, 4096),
        "0:256:1024! longer than a record can be\n0:257:5 b.example. 1 IN A 1.2.3.4\n");
    memset(text, 'a', 2 * WR_ZONEFILE_ENTRY_MAX);
    sprintf(text + 2 * WR_ZONEFILE_ENTRY_MAX - 20, "\nb 1 A 1.2.3.4\n");
    assert_string_equal(
        read_all(&options, text, NULL, 4096),
        "0:1:1! longer than the longest entry that is read\n0:2:5 b.example. 1 IN A 1.2.3.4\n");
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_files),
        cmocka_unit_test(broken_files),
        cmocka_unit_test(without_an_origin),
        cmocka_unit_test(a_ttl_for_those_that_have_none),
        cmocka_unit_test(another_class),
        cmocka_unit_test(includes),
        cmocka_unit_test(includes_are_bounded),
        cmocka_unit_test(generated),
        cmocka_unit_test(generated_lines_are_bounded),
        cmocka_unit_test(the_largest_record),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
