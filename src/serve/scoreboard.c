/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/scoreboard.h"

#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "net/routers.h"
#include "net/sock.h"
#include "policy/bypass.h"
#include "serve/devices.h"
#include "serve/firewall.h"
#include "serve/put.h"
#include "serve/serve.h"
#include "transport/routeradv.h"

/* Lines at one look, and of advertisements in one second. */
#define TOLD_MAX  8
#define WHO_SIZE  (WR_DEVICES_CALLED_SIZE + 48)
#define TEXT_SIZE 400
/* Addresses of the gateway itself. */
#define OWN_MAX 256

struct wr_scoreboard {
    struct wr_serve *serve;
    int fd; /* until it is heard on; -1 */
    struct wr_routers *routers;
    struct wr_sock_error problem;
    uint64_t heard, refused;
    int64_t second;
    unsigned told; /* in this second */
    struct wr_bypass bypass;
};

/* --- who --- */

static uint32_t device_of(const struct wr_serve *s, const struct wr_bypass_try *t)
{
    const struct wr_census_device *d = wr_census_of_mac(wr_devices_machine(s->devices), t->mac);
    return d != NULL ? d->number : 0;
}

static void interface_text(uint32_t ifindex, char ret_text[IF_NAMESIZE])
{
    if (if_indextoname(ifindex, ret_text) == NULL) {
        snprintf(ret_text, IF_NAMESIZE, "?");
    }
}

/* Where the log does not tell who asks, it does not tell a MAC address either. */
static void who_text(const struct wr_serve *s, const struct wr_bypass_try *t,
                     char ret_text[WHO_SIZE])
{
    char called[WR_DEVICES_CALLED_SIZE], mac[WR_CENSUS_MAC_SIZE], interface[IF_NAMESIZE];
    uint32_t number = device_of(s, t);
    if (number != 0) {
        wr_devices_called(s, number, called);
        snprintf(ret_text, WHO_SIZE, "device %s", called);
        return;
    }
    wr_census_mac_text(t->mac, mac);
    interface_text(t->ifindex, interface);
    snprintf(ret_text, WHO_SIZE, "somebody who is not known, on %s%s%s%s", interface,
             wr_devices_hides(s) ? "" : " (", wr_devices_hides(s) ? "" : mac,
             wr_devices_hides(s) ? "" : ")");
}

/* --- what is new --- */

static const char *const deeds[WR_BYPASS_KINDS] = {
    "asks another resolver", "asks another resolver, encrypted",
    "goes to a known address of DNS over HTTPS", "goes where it was not told to be",
    "tells its link of another resolver"};

static const char *protocol_of(uint8_t protocol)
{
    return protocol == IPPROTO_TCP ? "tcp" : protocol == IPPROTO_UDP ? "udp" : NULL;
}

static void tell(struct wr_serve *s, const struct wr_bypass_try *t)
{
    char who[WHO_SIZE], to[WR_ADDR_TEXT_SIZE], text[TEXT_SIZE], port[24] = "";
    who_text(s, t, who);
    wr_addr_to_text(&t->to, to, sizeof(to));
    if (t->protocol != 0) {
        snprintf(port, sizeof(port), " port %u/%s", t->port, protocol_of(t->protocol));
    }
    snprintf(text, sizeof(text), "%s %s: %s%s%s", who, deeds[t->what], to, port,
             t->what == WR_BYPASS_UNLEASED
                 ? "; if it is to, name it in segments[].reaches or give the device a profile"
                 : "");
    wr_devices_note(s, WR_LOG_WARN, text);
}

void wr_scoreboard_take(struct wr_serve *s, const struct wr_fireboard *seen)
{
    struct wr_scoreboard *b = s->scoreboard;
    int64_t now_s = wr_devices_now_s(s);
    unsigned news = 0;
    wr_bypass_round(&b->bypass);
    for (uint32_t i = 0; i < seen->count; i++) {
        const struct wr_bypass_try *t = &seen->item[i].tried;
        if (wr_bypass_take(&b->bypass, t, seen->item[i].packets, device_of(s, t) != 0, now_s) ==
                WR_BYPASS_NEW &&
            ++news <= TOLD_MAX) {
            tell(s, t);
        }
    }
    if (news > TOLD_MAX) {
        char text[96];
        snprintf(text, sizeof(text),
                 "past weir there were %u tries more that are new: `weir firewall bypass`",
                 news - TOLD_MAX);
        wr_devices_note(s, WR_LOG_WARN, text);
    }
}

/* --- routers --- */

/* A segment that has this interface; NULL: none. */
static const struct wr_conf_segment *segment_on(const struct wr_conf *conf, uint32_t ifindex)
{
    char name[IF_NAMESIZE];
    if (if_indextoname(ifindex, name) == NULL) {
        return NULL;
    }
    for (size_t i = 0; i < conf->segments.count; i++) {
        const struct wr_conf_segment *one = &conf->segments.items[i];
        for (size_t k = 0; k < one->interfaces.count; k++) {
            if (strcmp(one->interfaces.items[k], name) == 0) {
                return one;
            }
        }
    }
    return NULL;
}

static bool may_be_asked(const struct wr_conf_segment *segment, const struct wr_addr *own,
                         size_t owns, const struct wr_addr *addr)
{
    for (size_t i = 0; i < owns; i++) {
        if (wr_addr_same_ip(&own[i], addr)) {
            return true;
        }
    }
    for (size_t i = 0; i < segment->resolvers.count; i++) {
        if (wr_addr_in_prefix(addr, &segment->resolvers.items[i])) {
            return true;
        }
    }
    return false;
}

static void on_message(void *user, const struct wr_addr *router, const uint8_t *message,
                       size_t size)
{
    struct wr_scoreboard *b = user;
    struct wr_serve *s = b->serve;
    const struct wr_conf_segment *segment = segment_on(s->conf, router->scope);
    struct wr_routeradv adv;
    struct wr_addr own[OWN_MAX];
    size_t owns = 0;
    int64_t now_s = wr_devices_now_s(s);
    if (segment == NULL) {
        return;
    }
    if (wr_routeradv_read(message, size, &adv) != WR_OK) {
        b->refused++;
        return;
    }
    b->heard++;
    if (adv.resolvers == 0 || wr_sock_own_addrs(own, OWN_MAX, &owns) == WR_E_IO) {
        return;
    }
    b->told = b->second == now_s ? b->told : 0;
    b->second = now_s;
    for (uint32_t i = 0; i < adv.resolvers; i++) {
        struct wr_bypass_try t = {
            .what = WR_BYPASS_ROUTER, .ifindex = router->scope, .to = adv.resolver[i].addr};
        memcpy(t.mac, adv.mac, sizeof(t.mac));
        if (adv.resolver[i].lifetime_s > 0 && !may_be_asked(segment, own, owns, &t.to) &&
            wr_bypass_add(&b->bypass, &t, device_of(s, &t) != 0, now_s) == WR_BYPASS_NEW &&
            b->told++ < TOLD_MAX) {
            tell(s, &t);
        }
    }
}

/* --- its life --- */

int wr_scoreboard_open(struct wr_serve *s, struct wr_scoreboard **ret_board)
{
    struct wr_scoreboard *b = calloc(1, sizeof(*b));
    if (b == NULL) {
        return WR_E_NOMEM;
    }
    b->serve = s;
    if (wr_routers_open(&b->fd, &b->problem) != WR_OK) {
        b->fd = -1;
    }
    *ret_board = b;
    return WR_OK;
}

int wr_scoreboard_run(struct wr_serve *s)
{
    struct wr_scoreboard *b = s->scoreboard;
    int fd = b == NULL ? -1 : b->fd;
    if (fd < 0) {
        return WR_OK;
    }
    b->fd = -1;
    return wr_routers_hear(&s->loop, fd, on_message, b, &b->routers);
}

void wr_scoreboard_close(struct wr_scoreboard *b)
{
    if (b != NULL) {
        wr_routers_close(b->routers);
        b->routers = NULL;
    }
}

void wr_scoreboard_free(struct wr_scoreboard *b)
{
    if (b != NULL && b->fd >= 0) {
        close(b->fd);
    }
    free(b);
}

uint64_t wr_scoreboard_total(const struct wr_serve *s, unsigned what)
{
    return s->scoreboard == NULL || what >= WR_BYPASS_KINDS ? 0 : s->scoreboard->bypass.total[what];
}

/* --- the report --- */

static void put_who(const struct wr_serve *s, struct wr_json *j, const struct wr_bypass_try *t,
                    uint32_t number)
{
    char text[WR_CENSUS_NAME_SIZE], id[16], interface[IF_NAMESIZE];
    wr_devices_call(s->devices, number, text);
    snprintf(id, sizeof(id), "d%lu", (unsigned long)number);
    wr_json_text(j, "device", number != 0 ? text : NULL);
    wr_json_text(j, "id", number != 0 ? id : NULL);
    wr_census_mac_text(t->mac, text);
    wr_json_text(j, "mac", text);
    interface_text(t->ifindex, interface);
    wr_json_text(j, "interface", interface);
}

static bool is_same_who(const struct wr_bypass_try *a, uint32_t a_number,
                        const struct wr_bypass_try *b, uint32_t b_number)
{
    return a_number == b_number &&
           (a_number != 0 || (a->ifindex == b->ifindex && memcmp(a->mac, b->mac, 6) == 0));
}

/* One line for each device: what it has tried, how often. */
static void put_scores(const struct wr_serve *s, struct wr_json *j, const uint32_t *number,
                       uint32_t only)
{
    const struct wr_bypass *b = &s->scoreboard->bypass;
    wr_json_array(j, "devices");
    for (size_t i = 0; i < b->rows; i++) {
        const struct wr_bypass_row *first = &b->row[i];
        uint64_t sum[WR_BYPASS_KINDS] = {0};
        int64_t last_s = 0;
        bool begun = only != 0 && number[i] != only;
        for (size_t k = 0; k < b->rows && !begun; k++) {
            const struct wr_bypass_row *r = &b->row[k];
            if (is_same_who(&first->tried, number[i], &r->tried, number[k])) {
                begun = k < i;
                sum[r->tried.what] += r->count;
                last_s = r->last_s > last_s ? r->last_s : last_s;
            }
        }
        if (begun) {
            continue;
        }
        wr_json_object(j, NULL);
        put_who(s, j, &first->tried, number[i]);
        for (unsigned what = 0; what < WR_BYPASS_KINDS; what++) {
            wr_json_u64(j, wr_bypass_what_name(what), sum[what]);
        }
        wr_json_i64(j, "last_seen", last_s);
        wr_json_end(j);
    }
    wr_json_end(j);
}

static void put_tries(const struct wr_serve *s, struct wr_json *j, const uint32_t *number,
                      uint32_t only)
{
    const struct wr_bypass *b = &s->scoreboard->bypass;
    wr_json_array(j, "tries");
    for (size_t i = 0; i < b->rows; i++) {
        const struct wr_bypass_row *r = &b->row[i];
        if (only != 0 && number[i] != only) {
            continue;
        }
        wr_json_object(j, NULL);
        put_who(s, j, &r->tried, number[i]);
        wr_json_text(j, "what", wr_bypass_what_name(r->tried.what));
        put_addr(j, "to", &r->tried.to);
        wr_json_text(j, "protocol", protocol_of(r->tried.protocol));
        if (r->tried.protocol != 0) {
            wr_json_u64(j, "port", r->tried.port);
        } else {
            wr_json_null(j, "port");
        }
        wr_json_u64(j, "count", r->count);
        wr_json_i64(j, "first_seen", r->first_s);
        wr_json_i64(j, "last_seen", r->last_s);
        wr_json_end(j);
    }
    wr_json_end(j);
}

const char *wr_scoreboard_show(struct wr_serve *s, const char *device, struct wr_json *j,
                               const char *key, char *why, size_t cap)
{
    const struct wr_scoreboard *b = s->scoreboard;
    uint32_t number[WR_BYPASS_ROWS_MAX];
    const struct wr_census_device *only = NULL;
    if (b == NULL) {
        snprintf(why, cap, WR_FIREWALL_OFF_WHY);
        return "off";
    }
    if (device != NULL) {
        only = wr_devices_find(s->devices, device, why, cap);
        if (only == NULL) {
            return "device";
        }
    }
    for (size_t i = 0; i < b->bypass.rows; i++) {
        number[i] = device_of(s, &b->bypass.row[i].tried);
    }
    wr_json_object(j, key);
    wr_json_text(j, "routers", b->routers != NULL ? "heard" : "not heard");
    wr_json_text(j, "problem", b->problem.text[0] != 0 ? b->problem.text : NULL);
    wr_json_u64(j, "without_a_row", b->bypass.left);
    put_scores(s, j, number, only != NULL ? only->number : 0);
    put_tries(s, j, number, only != NULL ? only->number : 0);
    wr_json_end(j);
    return NULL;
}
