/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/dhcp.h"

static const uint8_t mac[6] = {0x00, 0x11, 0x22, 0x33, 0x44, 0x55};

struct packet {
    uint8_t at[WR_DHCP_PACKET_MAX];
    size_t n, options_at;
};

static void put(struct packet *p, const void *octets, size_t n)
{
    memcpy(p->at + p->n, octets, n);
    p->n += n;
}

static void set16(uint8_t *at, size_t v)
{
    at[0] = (uint8_t)(v >> 8);
    at[1] = (uint8_t)v;
}

/* A DHCPv4 message with these options behind its type; `options` has no octet 0 but as padding. */
static struct packet dhcp4(uint8_t type, const char *options, size_t n)
{
    struct packet p = {.n = 28 + 240};
    const uint8_t first[] = {53, 1, type};
    p.at[0] = 0x45;
    p.at[8] = 64;
    p.at[9] = 17;
    memset(p.at + 16, 255, 4);
    set16(p.at + 20, 68);
    set16(p.at + 22, 67);
    p.at[28] = 1;
    p.at[29] = 1;
    p.at[30] = 6;
    memcpy(p.at + 28 + 28, mac, 6);
    memcpy(p.at + 28 + 236, "\x63\x82\x53\x63", 4);
    p.options_at = p.n;
    put(&p, first, 3);
    put(&p, options, n);
    put(&p, "\xff", 1);
    set16(p.at + 2, p.n);
    set16(p.at + 24, p.n - 20);
    return p;
}

static struct packet dhcp6(uint8_t type, const char *options, size_t n)
{
    struct packet p = {.n = 40 + 8};
    const uint8_t first[] = {type, 1, 2, 3};
    p.at[0] = 0x60;
    p.at[6] = 17;
    p.at[8] = 0xfe;
    p.at[9] = 0x80;
    set16(p.at + 40, 546);
    set16(p.at + 42, 547);
    put(&p, first, 4);
    put(&p, options, n);
    set16(p.at + 4, p.n - 40);
    set16(p.at + 44, p.n - 40);
    return p;
}

/* In a block of its own, so that a step behind its end is seen. */
static bool read_it(const struct packet *p, size_t n, struct wr_dhcp_heard *ret)
{
    uint8_t *exact = malloc(n > 0 ? n : 1);
    memcpy(exact, p->at, n);
    bool good = wr_dhcp_read(exact, n, mac, ret);
    free(exact);
    return good;
}

static bool is_read(const struct packet *p, struct wr_dhcp_heard *ret)
{
    memset(ret, 0, sizeof(*ret));
    return read_it(p, p->n, ret);
}

static void same(const uint8_t *at, size_t n, const char *text)
{
    assert_int_equal(n, strlen(text));
    assert_memory_equal(at, text, n);
}

#define CAMERA                             \
    "\x37\x07\x01\x03\x06\x0c\x0f\x1c\x2a" \
    "\x3c\x0cudhcp 1.22.1"                 \
    "\x0c\x06ipcam7"                       \
    "\x3d\x04\x00id1"

static void test_v4(void **state)
{
    struct wr_dhcp_heard h;
    for (uint8_t type = 0; type < 9; type++) {
        struct packet p = dhcp4(type, CAMERA, sizeof(CAMERA) - 1);
        assert_int_equal(is_read(&p, &h), type == 1 || type == 3);
    }
    struct packet p = dhcp4(1, CAMERA, sizeof(CAMERA) - 1);
    assert_true(is_read(&p, &h));
    assert_false(h.v6);
    assert_memory_equal(h.mac, mac, 6);
    same(h.list, h.list_size, "\x01\x03\x06\x0c\x0f\x1c\x2a");
    same(h.class, h.class_size, "udhcp 1.22.1");
    same(h.host, h.host_size, "ipcam7");
    assert_int_equal(h.id_size, 4);
    p.n += 30; /* a short frame is filled up by the network */
    assert_true(is_read(&p, &h));
}

/* RFC 3396: an option in pieces, and some of them in the two old fields (RFC 2132 section 9.3). */
static void test_pieces(void **state)
{
    struct wr_dhcp_heard h;
    static const char options[] = "\x37\x02\x01\x03\x00\x00\x34\x01\x03\x37\x01\x06";
    struct packet p = dhcp4(3, options, sizeof(options) - 1);
    memcpy(p.at + 28 + 108, "\x37\x01\x0c\xff", 4);
    memcpy(p.at + 28 + 44,
           "\x0c\x03"
           "cam\x37\x01\x0f\xff",
           9);
    assert_true(is_read(&p, &h));
    same(h.list, h.list_size, "\x01\x03\x06\x0c\x0f");
    same(h.host, h.host_size, "cam");
    p.at[p.options_at + 3 + 8] = 2; /* the old fields, without the one */
    assert_true(is_read(&p, &h));
    same(h.list, h.list_size, "\x01\x03\x06\x0f");
    memset(p.at + 28 + 44, 12, 64); /* broken there is broken */
    assert_false(is_read(&p, &h));
}

static void test_fqdn(void **state)
{
    struct wr_dhcp_heard h;
    static const struct {
        const char *options;
        size_t n;
        const char *host;
    } rows[] = {
        {"\x51\x0f\x04\x00\x00\x03tab\x07"
         "example",
         17, "tab"},
        {"\x51\x0e\x00\x00\x00tab.example", 16, "tab"},
        {"\x51\x05\x04\x00\x00\x09x", 7, ""},
        {"\x51\x03\x04\x00\x00", 5, ""},
        {"\x51\x05\x04\x00\x00\x01x\x0c\x03own", 12, "own"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct packet p = dhcp4(1, rows[i].options, rows[i].n);
        assert_true(is_read(&p, &h));
        same(h.host, h.host_size, rows[i].host);
    }
}

/* What is not of this link, or not of this client, or no DHCP. */
static void test_others(void **state)
{
    struct wr_dhcp_heard h;
    static const struct {
        size_t at;
        uint8_t octet;
    } changes[] = {
        {0, 0x55}, {0, 0x44}, {9, 6},       {6, 0x20},     {7, 1},  {21, 67},
        {23, 68},  {25, 7},   {28, 2},      {29, 6},       {30, 5}, {31, 1},
        {52, 10},  {56, 2},   {61, 0x56},   {28 + 236, 0}, {3, 0},  {25, 255},
        {24, 9},   {2, 9},    {28 + 27, 1}, {28 + 239, 0},
    };
    struct packet good = dhcp4(1, CAMERA, sizeof(CAMERA) - 1);
    assert_true(is_read(&good, &h));
    for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
        struct packet p = good;
        assert_int_not_equal(p.at[changes[i].at], changes[i].octet);
        p.at[changes[i].at] = changes[i].octet;
        memset(&h, 0xa5, sizeof(h));
        assert_false(read_it(&p, p.n, &h));
        assert_int_equal(h.list_size, 0xa5); /* untouched */
    }
}

#define TABLET                                                 \
    "\x00\x01\x00\x0a\x00\x03\x00\x01\x00\x11\x22\x33\x44\x55" \
    "\x00\x06\x00\x04\x00\x17\x00\x18"                         \
    "\x00\x10\x00\x0e\x00\x00\x01\x37\x00\x08MSFT 5.0"         \
    "\x00\x27\x00\x05\x00\x03tab"

static void test_v6(void **state)
{
    struct wr_dhcp_heard h;
    for (uint8_t type = 0; type < 14; type++) {
        struct packet p = dhcp6(type, TABLET, sizeof(TABLET) - 1);
        assert_int_equal(is_read(&p, &h), type == 1 || type == 3);
    }
    struct packet p = dhcp6(1, TABLET, sizeof(TABLET) - 1);
    assert_true(is_read(&p, &h));
    assert_true(h.v6);
    assert_int_equal(h.id_size, 10);
    assert_memory_equal(h.list, "\0\x17\0\x18", 4);
    assert_int_equal(h.list_size, 4);
    same(h.class, h.class_size, "311 MSFT 5.0");
    same(h.host, h.host_size, "tab");
    p.at[8] = 0x20; /* not from the link */
    assert_false(is_read(&p, &h));
}

/* Cut anywhere, and every octet changed: read or not, and nothing behind the end. */
static void test_broken(void **state)
{
    struct wr_dhcp_heard h;
    unsigned refused = 0;
    struct packet whole[] = {dhcp4(1, CAMERA, sizeof(CAMERA) - 1),
                             dhcp6(1, TABLET, sizeof(TABLET) - 1)};
    for (size_t w = 0; w < 2; w++) {
        for (size_t n = 0; n < whole[w].n; n++) {
            assert_false(read_it(&whole[w], n, &h));
        }
        for (size_t at = 0; at < whole[w].n; at++) {
            struct packet p = whole[w];
            p.at[at] ^= 0xff;
            refused += !is_read(&p, &h);
        }
    }
    assert_true(refused > 50);
    struct packet pads = dhcp4(1, "", 0);
    pads.n = pads.options_at + 3 + WR_DHCP_OPTIONS_MAX;
    memset(pads.at + pads.options_at + 3, 0, WR_DHCP_OPTIONS_MAX);
    set16(pads.at + 2, pads.n);
    set16(pads.at + 24, pads.n - 20);
    assert_true(is_read(&pads, &h)); /* padding is no more than its octets */
}

/* --- captures of real devices --- */

static void say(char *ret, size_t cap, const struct wr_dhcp_heard *h)
{
    size_t n = (size_t)snprintf(ret, cap, "\t");
    for (size_t i = 0; i < h->list_size && n < cap; i++) {
        n += (size_t)snprintf(ret + n, cap - n, "%s%u", i > 0 ? "," : "", h->list[i]);
    }
    if (n < cap) {
        snprintf(ret + n, cap - n, "\t%.*s\t", (int)h->class_size, (const char *)h->class);
    }
}

/* The messages of one capture (pcap, Ethernet); how many are in the list of fingerprints. */
static unsigned look_at(FILE *capture, const char *device, const char *list)
{
    uint8_t head[24], record[16], frame[65536];
    unsigned known = 0;
    assert_int_equal(fread(head, 1, sizeof(head), capture), sizeof(head));
    assert_int_equal(head[0], 0xd4); /* written in little endian */
    while (fread(record, 1, sizeof(record), capture) == sizeof(record)) {
        size_t n = record[8] | (size_t)record[9] << 8 | (size_t)record[10] << 16;
        struct wr_dhcp_heard h;
        char said[800], line[1000];
        assert_true(n <= sizeof(frame) && fread(frame, 1, n, capture) == n);
        if (n < 15 || !wr_dhcp_read(frame + 14, n - 14, frame + 6, &h) || h.v6) {
            continue;
        }
        say(said, sizeof(said), &h);
        const char *at = strstr(list, device);
        for (; at != NULL; at = strstr(at + 1, device)) {
            snprintf(line, sizeof(line), "%.*s", (int)strcspn(at, "\n"), at);
            if (strstr(line, said) != NULL) {
                known++;
                break;
            }
        }
        assert_non_null(at);
    }
    return known;
}

static void test_captures(void **state)
{
    static const char *const devices[] = {"Aria", "D-LinkHomeHub", "HueBridge", "TP-LinkPlugHS100",
                                          "WeMoInsightSwitch"};
    static char list[65536], path[1024];
    const char *shared = getenv("WEIR_SHARED");
    unsigned known = 0;
    snprintf(path, sizeof(path), "%s/data/train/iot/dhcp_fingerprints.tsv",
             shared != NULL ? shared : "");
    FILE *file = shared != NULL ? fopen(path, "rb") : NULL;
    if (file == NULL) {
        print_message(
            "no captures of devices: WEIR_SHARED does not say where the shared data lies\n");
        skip();
    }
    list[fread(list, 1, sizeof(list) - 1, file)] = 0;
    fclose(file);
    for (size_t i = 0; i < sizeof(devices) / sizeof(devices[0]); i++) {
        char name[64];
        snprintf(path, sizeof(path), "%s/data/train/wire/iot_%s_setupA1.pcap", shared, devices[i]);
        snprintf(name, sizeof(name), "\t%s\t", devices[i]);
        file = fopen(path, "rb");
        assert_non_null(file);
        unsigned of_one = look_at(file, name, list);
        fclose(file);
        assert_true(of_one > 0);
        known += of_one;
    }
    print_message("%u messages of %u devices say what the list of fingerprints has\n", known, 5u);
}

/* Where it says that its profile is (RFC 8520 section 10). What does not fit is not cut: half of a URL is another one. */
static void test_mud(void **state)
{
    static const char url[] = "\xa1\x1bhttps://things.example/lamp";
    static const char url6[] = "\x00\x70\x00\x1bhttps://things.example/lamp";
    struct wr_dhcp_heard h;
    struct packet p = dhcp4(1, url, sizeof(url) - 1);
    assert_true(is_read(&p, &h));
    same(h.mud, h.mud_size, "https://things.example/lamp");
    p = dhcp6(1, url6, sizeof(url6) - 1);
    assert_true(is_read(&p, &h));
    same(h.mud, h.mud_size, "https://things.example/lamp");
    char twice[2 + 255 + 2 + 4]; /* RFC 3396: one option in two */
    memset(twice, 'a', sizeof(twice));
    twice[0] = twice[257] = (char)161;
    twice[1] = (char)255;
    twice[258] = 4;
    p = dhcp4(3, twice, sizeof(twice));
    assert_true(is_read(&p, &h));
    assert_int_equal(h.mud_size, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_v4),   cmocka_unit_test(test_pieces),
        cmocka_unit_test(test_fqdn), cmocka_unit_test(test_others),
        cmocka_unit_test(test_v6),   cmocka_unit_test(test_broken),
        cmocka_unit_test(test_mud),  cmocka_unit_test(test_captures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
