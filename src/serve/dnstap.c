/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/dnstap.h"

#include <string.h>

#include "base/buf.h"
#include "base/limits.h"
#include "dns/msg.h"

/* Of protocol buffers: how a field's value is written. */
enum { VARINT = 0, OCTETS = 2, FOUR = 5 };
/* dnstap.proto */
enum { D_IDENTITY = 1, D_VERSION = 2, D_MESSAGE = 14, D_TYPE = 15 };
enum {
    M_TYPE = 1,
    M_FAMILY = 2,
    M_PROTOCOL = 3,
    M_QUERY_ADDRESS = 4,
    M_RESPONSE_ADDRESS = 5,
    M_QUERY_PORT = 6,
    M_RESPONSE_PORT = 7,
    M_QUERY_S = 8,
    M_RESPONSE_S = 12,
    M_RESPONSE_MESSAGE = 14,
    M_POLICY = 15,
};
enum { P_TYPE = 1, P_RULE = 2, P_ACTION = 3, P_MATCH = 4 };
enum { CLIENT_RESPONSE = 6 };
#define MESSAGE_SIZE 640
#define POLICY_SIZE  256

static void put_varint(struct wr_writer *w, uint64_t v)
{
    for (; v >= 0x80; v >>= 7) {
        wr_buf_put_u8(w, (uint8_t)(v | 0x80));
    }
    wr_buf_put_u8(w, (uint8_t)v);
}

static void put_number(struct wr_writer *w, unsigned field, uint64_t v)
{
    put_varint(w, field << 3 | VARINT);
    put_varint(w, v);
}

static void put_octets(struct wr_writer *w, unsigned field, const void *bytes, size_t n)
{
    put_varint(w, field << 3 | OCTETS);
    put_varint(w, n);
    wr_buf_put_bytes(w, bytes, n);
}

static unsigned protocol_of(uint8_t transport)
{
    switch (transport) {
    case WR_CLIENT_TCP: return 2;
    case WR_CLIENT_DOT: return 3;
    case WR_CLIENT_DOH: return 4;
    case WR_CLIENT_DOQ: return 7;
    default: return 1;
    }
}

/* Header and question of what was answered. */
static size_t make_response(const struct wr_ledger_event *e, uint8_t *room, size_t cap)
{
    struct wr_writer w;
    wr_buf_write_init(&w, room, cap);
    wr_buf_put_u16(&w, 0);
    wr_buf_put_u16(&w, (uint16_t)(WR_FLAG_QR | WR_FLAG_RD | WR_FLAG_RA | (e->record.rcode & 15)));
    wr_buf_put_u16(&w, e->name.size > 0);
    wr_buf_put_u16(&w, 0);
    wr_buf_put_u16(&w, 0);
    wr_buf_put_u16(&w, 0);
    if (e->name.size > 0) {
        wr_buf_put_bytes(&w, e->name.wire, e->name.size);
        wr_buf_put_u16(&w, e->record.qtype);
        wr_buf_put_u16(&w, 1);
    }
    return w.pos;
}

static unsigned action_of(uint8_t action)
{
    switch (action) {
    case WR_VERDICT_NXDOMAIN: return 1;
    case WR_VERDICT_NODATA: return 2;
    case WR_VERDICT_ALLOW: return 3;
    case WR_VERDICT_DROP: return 4;
    case WR_VERDICT_TRUNCATE: return 5;
    case WR_VERDICT_DATA: return 6;
    default: return 0; /* the format has no word for it */
    }
}

static unsigned match_of(uint8_t trigger)
{
    switch (trigger) {
    case WR_TRIGGER_NAME:
    case WR_TRIGGER_ALIAS: return 1;
    case WR_TRIGGER_CLIENT: return 2;
    case WR_TRIGGER_ADDRESS: return 3;
    case WR_TRIGGER_NSDNAME: return 4;
    case WR_TRIGGER_NSIP: return 5;
    default: return 0;
    }
}

static void put_policy(struct wr_writer *w, const struct wr_ledger_event *e)
{
    const struct wr_verdict *v = &e->record.verdict;
    uint8_t room[POLICY_SIZE];
    struct wr_writer p;
    if (v->action == WR_VERDICT_NONE) {
        return;
    }
    wr_buf_write_init(&p, room, sizeof(room));
    const char *by = wr_verdict_by_name(v->by);
    put_octets(&p, P_TYPE, by, strlen(by));
    if (e->rule[0] != 0) {
        put_octets(&p, P_RULE, e->rule, strlen(e->rule));
    }
    if (action_of(v->action) != 0) {
        put_number(&p, P_ACTION, action_of(v->action));
    }
    if (match_of(v->trigger) != 0) {
        put_number(&p, P_MATCH, match_of(v->trigger));
    }
    put_octets(w, M_POLICY, room, p.pos);
}

static size_t make_message(const struct wr_ledger_event *e, uint8_t *room, size_t cap)
{
    const struct wr_record *r = &e->record;
    uint8_t response[12 + WR_NAME_MAX + 4];
    struct wr_writer w;
    wr_buf_write_init(&w, room, cap);
    put_number(&w, M_TYPE, CLIENT_RESPONSE);
    if (r->client.family != WR_AF_NONE) {
        put_number(&w, M_FAMILY, r->client.family == WR_AF_V4 ? 1 : 2);
        put_octets(&w, M_QUERY_ADDRESS, r->client.ip, wr_addr_ip_size(&r->client));
        put_number(&w, M_QUERY_PORT, r->client.port);
    }
    if (e->asked.family != WR_AF_NONE) {
        put_octets(&w, M_RESPONSE_ADDRESS, e->asked.ip, wr_addr_ip_size(&e->asked));
        put_number(&w, M_RESPONSE_PORT, e->asked.port);
    }
    put_number(&w, M_PROTOCOL, protocol_of(r->transport));
    if (r->wall_s > 0) {
        put_number(&w, M_QUERY_S, (uint64_t)r->wall_s - r->took_us / 1000000);
        put_number(&w, M_RESPONSE_S, (uint64_t)r->wall_s);
    }
    put_octets(&w, M_RESPONSE_MESSAGE, response, make_response(e, response, sizeof(response)));
    put_policy(&w, e);
    return w.err == WR_OK ? w.pos : 0;
}

size_t wr_dnstap_frame(const char *identity, const struct wr_ledger_event *event, uint8_t *room)
{
    uint8_t message[MESSAGE_SIZE];
    struct wr_writer w, length;
    if (event->kind != WR_LEDGER_QUERY) {
        return 0;
    }
    size_t n = make_message(event, message, sizeof(message));
    wr_buf_write_init(&w, room + 4, WR_DNSTAP_FRAME_SIZE - 4);
    put_octets(&w, D_IDENTITY, identity, strlen(identity));
    put_octets(&w, D_VERSION, "weir " WEIR_VERSION, sizeof("weir " WEIR_VERSION) - 1);
    put_octets(&w, D_MESSAGE, message, n);
    put_number(&w, D_TYPE, 1);
    wr_buf_write_init(&length, room, 4);
    wr_buf_put_u32(&length, (uint32_t)w.pos);
    return n == 0 || w.err != WR_OK ? 0 : 4 + w.pos;
}

size_t wr_dnstap_control(enum wr_dnstap_control what, uint8_t *room)
{
    const size_t content = sizeof(WR_DNSTAP_CONTENT) - 1;
    bool named = what == WR_DNSTAP_ACCEPT || what == WR_DNSTAP_START || what == WR_DNSTAP_READY;
    struct wr_writer w;
    wr_buf_write_init(&w, room, WR_DNSTAP_FRAME_SIZE);
    wr_buf_put_u32(&w, 0);
    wr_buf_put_u32(&w, named ? (uint32_t)(12 + content) : 4);
    wr_buf_put_u32(&w, what);
    if (named) {
        wr_buf_put_u32(&w, 1);
        wr_buf_put_u32(&w, (uint32_t)content);
        wr_buf_put_bytes(&w, WR_DNSTAP_CONTENT, content);
    }
    return w.pos;
}

/* ACCEPT may name several contents; ours must be one of them. None at all: any. */
static int read_contents(struct wr_reader *r)
{
    int err = wr_buf_left(r) == 0 ? WR_OK : WR_E_FORMAT;
    while (wr_buf_left(r) > 0 && r->err == WR_OK) {
        uint32_t type = wr_buf_get_u32(r), n = wr_buf_get_u32(r);
        const uint8_t *bytes = wr_buf_get_bytes(r, n);
        if (bytes != NULL && type == 1 && n == sizeof(WR_DNSTAP_CONTENT) - 1 &&
            memcmp(bytes, WR_DNSTAP_CONTENT, n) == 0) {
            err = WR_OK;
        }
    }
    return r->err == WR_OK ? err : WR_E_FORMAT;
}

int wr_dnstap_read(const uint8_t *bytes, size_t n, size_t *ret_used,
                   enum wr_dnstap_control *ret_what)
{
    struct wr_reader r, body;
    wr_buf_read_init(&r, bytes, n);
    uint32_t escape = wr_buf_get_u32(&r), size = wr_buf_get_u32(&r);
    if (r.err == WR_OK && (escape != 0 || size < 4 || size > WR_DNSTAP_CONTROL_MAX)) {
        return WR_E_FORMAT;
    }
    const uint8_t *inside = wr_buf_get_bytes(&r, size);
    if (inside == NULL) {
        return WR_E_SHORT;
    }
    wr_buf_read_init(&body, inside, size);
    uint32_t what = wr_buf_get_u32(&body);
    if (what < WR_DNSTAP_ACCEPT || what > WR_DNSTAP_FINISH ||
        (what == WR_DNSTAP_ACCEPT && read_contents(&body) != WR_OK)) {
        return WR_E_FORMAT;
    }
    *ret_used = r.pos;
    *ret_what = (enum wr_dnstap_control)what;
    return WR_OK;
}
