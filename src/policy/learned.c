/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/learned.h"

#include <string.h>

#include "base/err.h"
#include "base/str.h"
#include "policy/mudtell.h"

#define UDP             17
#define SYSTEMINFO_SIZE 61 /* RFC 8520: at most 60 octets */

static int put(struct wr_mud *mud, struct wr_str *s, uint32_t *ret_text)
{
    return wr_mud_text(mud, s->base, s->len, ret_text);
}

/* Others become "-". */
static void put_label(struct wr_str *s, const char *text)
{
    for (size_t i = 0; text[i] != 0 && i < WR_LABEL_MAX; i++) {
        char c = text[i];
        bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        wr_str_char(s, plain ? c : '-');
    }
}

static int put_about(struct wr_mud *mud, const struct wr_learned_about *about)
{
    char room[WR_MUD_URL_SIZE], info[SYSTEMINFO_SIZE];
    struct wr_str s;
    wr_str_init(&s, room, sizeof(room));
    wr_str_text(&s, "https://learned.invalid/"); /* nowhere: it was not fetched (RFC 2606) */
    put_label(&s, about->device);
    wr_str_text(&s, ".json");
    int err = put(mud, &s, &mud->url);
    wr_str_init(&s, info, sizeof(info));
    wr_str_text(&s, "learned from ");
    wr_str_u64(&s, about->hours < 48 ? about->hours : about->hours / 24);
    wr_str_text(&s, about->hours == 1 ? " hour" : about->hours < 48 ? " hours" : " days");
    wr_str_text(&s, " of queries by ");
    put_label(&s, about->device);
    err = err != WR_OK ? err : put(mud, &s, &mud->systeminfo);
    return err != WR_OK ? err
                        : wr_mud_text(mud, about->last_update, strlen(about->last_update),
                                      &mud->last_update);
}

static int add(struct wr_mud *mud, struct wr_mud_ace *ace, const char *name, uint32_t number)
{
    char room[32];
    struct wr_str s;
    wr_str_init(&s, room, sizeof(room));
    wr_str_text(&s, name);
    wr_str_u64(&s, number);
    wr_str_text(&s, ace->family == WR_AF_V6 ? "-ipv6" : "-ipv4");
    int err = put(mud, &s, &ace->name);
    return err != WR_OK ? err : wr_mud_add(mud, ace);
}

static int add_dns(struct wr_mud *mud)
{
    struct wr_mud_ace ace = wr_mud_ace(WR_MUD_FROM);
    ace.classes = WR_MUD_CONTROLLER;
    ace.protocol = UDP;
    ace.dst_port = (struct wr_mud_ports){.low = 53, .high = 53, .op = WR_MUD_PORT_IN};
    int err = wr_mud_text(mud, WR_MUD_DNS, strlen(WR_MUD_DNS), &ace.controller);
    for (unsigned i = 0; i < 2 && err == WR_OK; i++) {
        ace.family = i == 0 ? WR_AF_V4 : WR_AF_V6;
        err = add(mud, &ace, "dns-", 0);
    }
    return err;
}

int wr_learned_profile(const struct wr_learned_about *about, const struct wr_learn_row *row,
                       uint32_t rows, struct wr_mud *mud, uint32_t *ret_odd)
{
    int err = put_about(mud, about);
    *ret_odd = 0;
    err = err != WR_OK ? err : add_dns(mud);
    for (uint32_t i = 0; i < rows && err == WR_OK; i++) {
        struct wr_mud_ace ace = wr_mud_ace(WR_MUD_FROM);
        char text[2 + WR_NAME_TEXT_SIZE] = "*.";
        size_t n = 2 + wr_name_to_text(row[i].name, text + 2, sizeof(text) - 2) - 1; /* no dot */
        const char *from = row[i].below ? text : text + 2;
        if (memchr(text, '\\', n) != NULL) {
            ++*ret_odd;
            continue;
        }
        err = wr_mud_text(mud, from, n - (size_t)(from - text), &ace.dst_name);
        for (unsigned k = 0; k < 2 && err == WR_OK; k++) {
            ace.family = k == 0 ? WR_AF_V4 : WR_AF_V6;
            err = add(mud, &ace, "name-", i + 1);
        }
    }
    return err;
}
