/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What check_dnspython.py talks to: one question a line on standard input, one answer a line.
 *   text FORM HEX     the rdata as zone text; a form is a type, or what dns/rdata.h says
 *   wire FORM TEXT    the text's rdata in base16, or "error N at COLUMN"
 *   build HEX         the message parsed, walked, expanded and built again, in base16
 *   query HEX         "same", "different" or "other": wr_msg_parse_query beside wr_msg_parse
 *   edns HEX          what the OPT record said
 *   zone HEX          a zone file with the origin "test.": "owner ttl type rdata" of each record and "mistake line:column" of
 *                     each mistake, with bars between
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/enc.h"
#include "base/err.h"
#include "dns/build.h"
#include "dns/codes.h"
#include "dns/msg.h"
#include "dns/present.h"
#include "dns/rdata.h"
#include "dns/zonefile.h"

static uint8_t octets[70000], stored[70000], room[65535];
static char text[400000];

static size_t read_hex(const char *from)
{
    size_t n = 0;

    if (wr_enc_from_hex(from, strlen(from), octets, sizeof(octets), &n)) {
        fprintf(stderr, "wiretext: not base16: %s\n", from);
        exit(2);
    }
    return n;
}

static void print_hex(const uint8_t *p, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        printf("%02x", p[i]);
    }
    printf("\n");
}

static void to_text(uint32_t type, const char *hex)
{
    size_t n = read_hex(hex);
    struct wr_reader r;
    struct wr_writer w;
    struct wr_str s;
    int err;

    wr_buf_read_init(&r, octets, n);
    wr_buf_write_init(&w, stored, sizeof(stored));
    err = wr_rdata_expand(&r, type, (uint16_t)n, &w);
    if (err) {
        printf("error %d\n", err);
        return;
    }
    wr_str_init(&s, text, sizeof(text));
    wr_present_rdata(&s, type, stored, w.pos);
    printf("%s\n", text);
}

static void to_wire(uint32_t type, const char *from)
{
    struct wr_writer w;
    size_t column = 0;
    int err;

    wr_buf_write_init(&w, stored, sizeof(stored));
    err = wr_present_read_rdata(from, strlen(from), type, NULL, &w, &column);
    if (err) {
        printf("error %d at %zu\n", err, column);
    } else {
        print_hex(stored, w.pos);
    }
}

static int build_rr(const struct wr_msg *m, struct wr_build *b, unsigned section,
                    const struct wr_msg_rr *rr)
{
    struct wr_reader r = wr_msg_reader(m, rr->rdata);
    struct wr_writer w;
    int err;

    wr_buf_write_init(&w, stored, sizeof(stored));
    err = wr_rdata_expand(&r, rr->type, rr->rdlength, &w);
    if (err) {
        return err;
    }
    return wr_build_rr(b, section, rr->owner.wire, rr->type, rr->class_, rr->ttl, stored, w.pos);
}

static void build_again(const char *hex)
{
    size_t n = read_hex(hex);
    struct wr_msg m;
    struct wr_build b;
    int err = wr_msg_parse(&m, octets, n);

    if (err) {
        printf("error %d\n", err);
        return;
    }
    wr_build_start(&b, room, sizeof(room), m.id, m.flags);
    if (m.qdcount) {
        wr_build_question(&b, m.qname.wire, m.qtype, m.qclass);
    }
    for (unsigned section = 0; section < 3 && !err; section++) {
        struct wr_msg_walk walk = wr_msg_walk(&m, section);
        struct wr_msg_rr rr;

        while (!err && wr_msg_next(&walk, &rr)) {
            err = build_rr(&m, &b, section, &rr);
        }
    }
    if (err) {
        printf("error %d\n", err);
    } else {
        print_hex(room, wr_build_finish(&b, m.flags & 15));
    }
}

static void both_parsers(const char *hex)
{
    size_t n = read_hex(hex);
    struct wr_msg a, b;
    int slow = wr_msg_parse(&a, octets, n), quick = wr_msg_parse_query(&b, octets, n);

    if (quick == WR_E_UNSUPPORTED) {
        printf("other %d\n", slow);
        return;
    }
    printf("%s %d\n",
           slow == quick && a.qtype == b.qtype && a.qname.size == b.qname.size &&
                   !memcmp(a.qname.wire, b.qname.wire, a.qname.size)
               ? "same"
               : "different",
           slow);
}

static void tell_edns(const char *hex)
{
    size_t n = read_hex(hex);
    struct wr_msg m;
    int err = wr_msg_parse(&m, octets, n);

    if (err) {
        printf("error %d\n", err);
        return;
    }
    printf("present=%d version=%u size=%u do=%d rcode=%u nsid=%d ecs=%d padding=%d keepalive=%d "
           "cookie=",
           m.edns.present, m.edns.version, m.edns.udp_size, m.edns.dnssec_ok, wr_msg_rcode(&m),
           m.edns.nsid, m.edns.ecs, m.edns.padding, m.edns.keepalive);
    for (unsigned i = 0; i < m.edns.cookie_size; i++) {
        printf("%02x", m.edns.cookie[i]);
    }
    printf(" ede=%d text=%.*s\n", m.edns.ede, (int)m.edns.ede_text_size,
           m.edns.ede_text ? (const char *)m.edns.ede_text : "");
}

static void read_zone(const char *hex)
{
    static const uint8_t origin[] = "\4test";
    static struct wr_zonefile z;
    const struct wr_zonefile_options options = {
        .origin = origin, .class_ = WR_CLASS_IN, .generate = true};
    size_t n = read_hex(hex);
    struct wr_zonefile_event event;
    enum wr_zonefile_what what;

    wr_zonefile_start(&z, &options);
    while ((what = wr_zonefile_next(&z, &event)) != WR_ZONEFILE_END) {
        if (what == WR_ZONEFILE_MORE) {
            wr_zonefile_feed(&z, octets, n);
            n = 0;
        } else if (what == WR_ZONEFILE_RECORD) {
            wr_name_to_text(event.owner, text, sizeof(text));
            printf("%s %u %u ", text, event.ttl, event.type);
            for (unsigned i = 0; i < event.rdata_size; i++) {
                printf("%02x", event.rdata[i]);
            }
            printf("|");
        } else if (what == WR_ZONEFILE_MISTAKE && !event.warning) {
            printf("mistake %u:%u|", event.place.line, event.place.column);
        }
    }
    printf("\n");
}

int main(void)
{
    static char line[400000];

    while (fgets(line, sizeof(line), stdin)) {
        char *rest = strchr(line, ' ');

        line[strcspn(line, "\n")] = 0;
        if (!rest) {
            return 2;
        }
        *rest++ = 0;
        if (!strcmp(line, "text")) {
            unsigned long type = strtoul(rest, &rest, 10);

            to_text((uint32_t)type, rest + 1);
        } else if (!strcmp(line, "wire")) {
            unsigned long type = strtoul(rest, &rest, 10);

            to_wire((uint32_t)type, rest + 1);
        } else if (!strcmp(line, "build")) {
            build_again(rest);
        } else if (!strcmp(line, "query")) {
            both_parsers(rest);
        } else if (!strcmp(line, "zone")) {
            read_zone(rest);
        } else {
            tell_edns(rest);
        }
        fflush(stdout);
    }
    return 0;
}
