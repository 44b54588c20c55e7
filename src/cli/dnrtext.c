/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/dnrtext.h"

#include <jansson.h>
#include <string.h>

#include "base/err.h"
#include "base/str.h"
#include "dns/name.h"
#include "dns/svcb.h"

/* Octets in hexadecimal digits, with room for a mark between them. */
enum { HEX_SIZE = 3 * WR_DNR_SIZE + 1, V4_MAX = 255, WORDS_SIZE = 512 };

static void put_hex(const uint8_t *bytes, size_t n, const char *between, char text[HEX_SIZE])
{
    struct wr_str s;

    wr_str_init(&s, text, HEX_SIZE);
    for (size_t i = 0; i < n; i++) {
        wr_str_text(&s, i ? between : "");
        wr_str_hex(&s, bytes + i, 1);
    }
}

/* One value in hexadecimal digits, and its size; 0: there is none, or it would be too long. */
static size_t v4_hex(const struct wr_dnrtext *t, const char *between, char text[HEX_SIZE])
{
    uint8_t room[WR_DNR_SIZE];
    struct wr_writer w;

    wr_buf_write_init(&w, room, sizeof(room));
    if (wr_dnr_put_v4(t->one, t->count, &w) != WR_OK)
        return 0;
    put_hex(room, w.pos, between, text);
    return w.pos;
}

static size_t v6_hex(const struct wr_dnr *one, const char *between, char text[HEX_SIZE])
{
    uint8_t room[WR_DNR_SIZE];
    struct wr_writer w;

    wr_buf_write_init(&w, room, sizeof(room));
    if (wr_dnr_put_v6(one, &w) != WR_OK)
        return 0;
    put_hex(room, w.pos, between, text);
    return w.pos;
}

static size_t ra_hex(const struct wr_dnrtext *t, const struct wr_dnr *one, char text[HEX_SIZE])
{
    uint8_t room[WR_DNR_SIZE];
    struct wr_writer w;

    wr_buf_write_init(&w, room, sizeof(room));
    if (wr_dnr_put_ra(one, t->lifetime_s, &w) != WR_OK)
        return 0;
    put_hex(room, w.pos, "", text);
    return w.pos;
}

/* " alpn=dot port=8853 ...", without the marks around a path: words of a configuration. */
static void put_params(struct wr_str *s, const struct wr_dnr *one)
{
    uint8_t room[WR_SERVICE_PARAMS_SIZE];
    char text[WORDS_SIZE];
    struct wr_writer w;
    struct wr_str params;

    wr_buf_write_init(&w, room, sizeof(room));
    wr_service_put_params(&one->service, NULL, 0, &w);
    wr_str_init(&params, text, sizeof(text));
    if (w.err || wr_svcb_put_text(&params, room, w.pos) != WR_OK)
        return;
    for (const char *p = text; *p; p++)
        if (*p != '"')
            wr_str_char(s, *p);
}

static void put_addrs(struct wr_str *s, const struct wr_dnr *one)
{
    for (size_t i = 0; i < one->addrs; i++) {
        struct wr_addr bare = one->addr[i];
        char text[WR_ADDR_TEXT_SIZE];

        bare.port = 0;
        bare.scope = 0;
        wr_addr_to_text(&bare, text, sizeof(text));
        wr_str_text(s, i ? "," : "");
        wr_str_text(s, text);
    }
}

static void print_instances(const struct wr_dnrtext *t, FILE *out)
{
    char words[4096];
    struct wr_str s;

    fputs("# Encrypted resolvers that devices may be told of (RFC 9463)\n", out);
    for (size_t i = 0; i < t->count; i++) {
        wr_str_init(&s, words, sizeof(words));
        wr_name_put_text(&s, t->one[i].name);
        wr_str_char(&s, ' ');
        put_addrs(&s, &t->one[i]);
        put_params(&s, &t->one[i]);
        fprintf(out, "#   %u %s\n", t->one[i].priority, words);
    }
}

static void print_octets(const struct wr_dnrtext *t, FILE *out)
{
    const char *title = "\n# DHCPv6 option 144, once for each\n";
    char hex[HEX_SIZE];

    if (v4_hex(t, "", hex))
        fprintf(out, "\n# DHCPv4 option 162\n%s\n", hex);
    for (size_t i = 0; i < t->count; i++) {
        if (v6_hex(&t->one[i], "", hex)) {
            fprintf(out, "%s%s\n", title, hex);
            title = "";
        }
    }
    title = "\n# Router advertisement, option 144 with its type and length, once for each\n";
    for (size_t i = 0; i < t->count; i++) {
        if (ra_hex(t, &t->one[i], hex)) {
            fprintf(out, "%s%s\n", title, hex);
            title = "";
        }
    }
}

static void print_dnsmasq(const struct wr_dnrtext *t, FILE *out)
{
    char hex[HEX_SIZE];
    size_t n = v4_hex(t, ":", hex);

    fputs("\n# dnsmasq\n", out);
    if (n > V4_MAX)
        fprintf(out, "# (it has no DHCPv4 option of more than %d octets; this one has %zu)\n",
                V4_MAX, n);
    else if (n)
        fprintf(out, "dhcp-option=%d,%s\n", WR_DNR_V4_CODE, hex);
    if (v6_hex(&t->one[0], ":", hex))
        fprintf(out, "dhcp-option=option6:%d,%s\n", WR_DNR_V6_CODE, hex);
    if (t->count > 1)
        fputs("# (of DHCPv6 it sends one option of a number: the best)\n", out);
    fputs("# (its router advertisements cannot say it)\n", out);
}

static void print_kea(const struct wr_dnrtext *t, FILE *out)
{
    char hex[HEX_SIZE];

    fputs("\n# Kea, among \"option-data\" of Dhcp4 and of Dhcp6\n", out);
    if (v4_hex(t, "", hex))
        fprintf(out,
                "{ \"code\": %d, \"space\": \"dhcp4\", \"csv-format\": false, \"data\": \"%s\" }\n",
                WR_DNR_V4_CODE, hex);
    for (size_t i = 0; i < t->count; i++)
        if (v6_hex(&t->one[i], "", hex))
            fprintf(
                out,
                "{ \"code\": %d, \"space\": \"dhcp6\", \"csv-format\": false, \"data\": \"%s\" }\n",
                WR_DNR_V6_CODE, hex);
}

static void print_odhcpd(const struct wr_dnrtext *t, FILE *out)
{
    char name[WR_NAME_TEXT_SIZE], words[4096];
    struct wr_str s;

    fputs("\n# odhcpd (OpenWrt), in a section `config dhcp` of /etc/config/dhcp: all three\n", out);
    for (size_t i = 0; i < t->count; i++) {
        size_t n = wr_name_to_text(t->one[i].name, name, sizeof(name));

        name[n > 1 ? n - 1 : n] = 0; /* it wants no last dot */
        wr_str_init(&s, words, sizeof(words));
        put_addrs(&s, &t->one[i]);
        put_params(&s, &t->one[i]);
        fprintf(out, "list dnr '%u %s %s'\n", t->one[i].priority, name, words);
    }
    fputs("\n# radvd and systemd-networkd send no such option yet\n", out);
}

void wr_dnrtext_print(const struct wr_dnrtext *t, FILE *out)
{
    print_instances(t, out);
    print_octets(t, out);
    print_dnsmasq(t, out);
    print_kea(t, out);
    print_odhcpd(t, out);
}

static json_t *instance_json(const struct wr_dnr *one)
{
    char name[WR_NAME_TEXT_SIZE], words[WORDS_SIZE];
    json_t *addrs = json_array();
    struct wr_str s;

    for (size_t i = 0; i < one->addrs; i++) {
        struct wr_addr bare = one->addr[i];
        char text[WR_ADDR_TEXT_SIZE];

        bare.port = 0;
        bare.scope = 0;
        wr_addr_to_text(&bare, text, sizeof(text));
        json_array_append_new(addrs, json_string(text));
    }
    wr_name_to_text(one->name, name, sizeof(name));
    wr_str_init(&s, words, sizeof(words));
    put_params(&s, one);
    return json_pack("{s:i, s:s, s:o, s:s}", "priority", (int)one->priority, "name", name,
                     "addresses", addrs, "parameters", words[0] ? words + 1 : "");
}

int wr_dnrtext_json(const struct wr_dnrtext *t, FILE *out)
{
    json_t *list = json_array(), *v6 = json_array(), *ra = json_array(), *all;
    char hex[HEX_SIZE];
    int failed;

    for (size_t i = 0; i < t->count; i++) {
        json_array_append_new(list, instance_json(&t->one[i]));
        if (v6_hex(&t->one[i], "", hex))
            json_array_append_new(v6, json_string(hex));
        if (ra_hex(t, &t->one[i], hex))
            json_array_append_new(ra, json_string(hex));
    }
    all = json_pack("{s:o, s:o, s:o, s:o}", "instances", list, "dhcpv4",
                    v4_hex(t, "", hex) ? json_string(hex) : json_null(), "dhcpv6", v6, "ra", ra);
    failed = !all || json_dumpf(all, out, JSON_INDENT(2)) != 0;
    fputc('\n', out);
    json_decref(all);
    return failed ? WR_E_NOMEM : WR_OK;
}
