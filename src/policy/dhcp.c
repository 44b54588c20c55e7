/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/dhcp.h"

#include <string.h>

#include "base/str.h"

enum {
    UDP = 17,
    UDP_SIZE = 8,
    V4_SERVER = 67,
    V4_CLIENT = 68,
    V6_SERVER = 547,
    IP4_SIZE = 20,
    IP6_SIZE = 40,
    /* RFC 2131 section 2: the fixed fields, the two that options may go on in, and the cookie. */
    SNAME_AT = 44,
    SNAME_SIZE = 64,
    FILE_AT = 108,
    FILE_SIZE = 128,
    COOKIE_AT = 236,
    OPTIONS_AT = 240,
    IN_FILE = 1,
    IN_SNAME = 2,
    V6_OPTIONS_AT = 4,
};

/* Of DHCPv4: RFC 2132, RFC 4702, RFC 8520. */
enum {
    PAD = 0,
    HOST = 12,
    OVERLOAD = 52,
    TYPE = 53,
    WISHES = 55,
    CLASS = 60,
    ID = 61,
    FQDN = 81,
    MUD = 161,
    END = 255
};
enum { DISCOVER = 1, REQUEST = 3 };
/* Of DHCPv6: RFC 8415 sections 7.3 and 21, RFC 4704, RFC 8520. */
enum {
    V6_ID = 1,
    V6_WISHES = 6,
    V6_CLASS = 16,
    V6_FQDN = 39,
    V6_MUD = 112,
    V6_SOLICIT = 1,
    V6_REQUEST = 3
};

struct span {
    const uint8_t *at;
    size_t n;
};

static unsigned u16(const uint8_t *at)
{
    return (unsigned)at[0] << 8 | at[1];
}

/* What is too long keeps its beginning: it is compared, not obeyed. */
static void append(uint8_t *field, uint8_t *size, const uint8_t *at, size_t n)
{
    size_t room = WR_DHCP_FIELD_MAX - (size_t)*size;
    n = n < room ? n : room;
    memcpy(field + *size, at, n);
    *size = (uint8_t)(*size + n);
}

/* RFC 8520 section 10. What does not fit is no URL: half of one is another one. */
static void take_mud(struct wr_dhcp_heard *h, const uint8_t *at, size_t n)
{
    if (n > sizeof(h->mud) - h->mud_size) {
        h->mud_size = 0;
        return;
    }
    append(h->mud, &h->mud_size, at, n);
}

/* The first label of a name in wire format. */
static void take_label(struct wr_dhcp_heard *h, const uint8_t *at, size_t n)
{
    if (h->host_size == 0 && n > 1 && at[0] > 0 && at[0] <= WR_LABEL_MAX && at[0] < n) {
        append(h->host, &h->host_size, at + 1, at[0]);
    }
}

/* --- DHCPv4 --- */

struct reading4 {
    struct wr_dhcp_heard *h;
    struct span fqdn;
    uint8_t type, overload;
    unsigned options;
};

/* RFC 3396: an option that stands more than once is one. */
static void take4(struct reading4 *r, uint8_t code, const uint8_t *at, size_t n)
{
    switch (code) {
    case HOST: append(r->h->host, &r->h->host_size, at, n); break;
    case WISHES: append(r->h->list, &r->h->list_size, at, n); break;
    case CLASS: append(r->h->class, &r->h->class_size, at, n); break;
    case ID: append(r->h->id, &r->h->id_size, at, n); break;
    case MUD: take_mud(r->h, at, n); break;
    case FQDN: r->fqdn = (struct span){at, n}; break;
    case TYPE: r->type = n == 1 ? at[0] : 0; break;
    case OVERLOAD: r->overload = n == 1 ? at[0] : 0; break;
    default: break;
    }
}

/* The end option need not be there where the octets end. */
static bool walk4(struct reading4 *r, const uint8_t *at, size_t n)
{
    for (size_t i = 0; i < n && at[i] != END; r->options++) {
        if (at[i] == PAD) {
            i++;
            continue;
        }
        if (i + 2 > n || at[i + 1] > n - i - 2 || r->options >= WR_DHCP_OPTIONS_MAX) {
            return false;
        }
        take4(r, at[i], at + i + 2, at[i + 1]);
        i += 2 + (size_t)at[i + 1];
    }
    return true;
}

/* RFC 4702 section 2: flags and two octets that mean nothing any more, then the name: in wire format or, of old clients, as text. */
static void take_fqdn4(struct wr_dhcp_heard *h, struct span fqdn)
{
    if (fqdn.n <= 3 || h->host_size > 0) {
        return;
    }
    if (fqdn.at[0] & 4) {
        take_label(h, fqdn.at + 3, fqdn.n - 3);
        return;
    }
    size_t n = 0;
    while (n < fqdn.n - 3 && n < WR_LABEL_MAX && fqdn.at[3 + n] != '.') {
        n++;
    }
    append(h->host, &h->host_size, fqdn.at + 3, n);
}

static bool read4(struct span m, const uint8_t from[6], struct wr_dhcp_heard *h)
{
    static const uint8_t cookie[4] = {0x63, 0x82, 0x53, 0x63}, nobody[4] = {0};
    struct reading4 r = {.h = h};
    if (m.n < OPTIONS_AT || m.at[0] != 1 || m.at[1] != 1 || m.at[2] != 6 || m.at[3] != 0 ||
        memcmp(m.at + 24, nobody, 4) != 0 || memcmp(m.at + 28, from, 6) != 0 ||
        memcmp(m.at + COOKIE_AT, cookie, 4) != 0) {
        return false; /* no request of an Ethernet client, or a relay's, or another's */
    }
    if (!walk4(&r, m.at + OPTIONS_AT, m.n - OPTIONS_AT) ||
        ((r.overload & IN_FILE) && !walk4(&r, m.at + FILE_AT, FILE_SIZE)) ||
        ((r.overload & IN_SNAME) && !walk4(&r, m.at + SNAME_AT, SNAME_SIZE))) {
        return false;
    }
    take_fqdn4(h, r.fqdn);
    return r.type == DISCOVER || r.type == REQUEST;
}

/* --- DHCPv6 --- */

/* RFC 8415 section 21.16: whose classes they are, then each with its length; the first is taken. */
static void take_class6(struct wr_dhcp_heard *h, const uint8_t *at, size_t n)
{
    char maker[12];
    struct wr_str s;
    if (n < 6 || h->class_size > 0 || u16(at + 4) > n - 6) {
        return;
    }
    wr_str_init(&s, maker, sizeof(maker));
    wr_str_u64(&s, (uint64_t)u16(at) << 16 | u16(at + 2));
    wr_str_char(&s, ' ');
    append(h->class, &h->class_size, (const uint8_t *)maker, strlen(maker));
    append(h->class, &h->class_size, at + 6, u16(at + 4));
}

static bool read6(struct span m, struct wr_dhcp_heard *h)
{
    unsigned options = 0;
    h->v6 = true;
    if (m.n < V6_OPTIONS_AT || (m.at[0] != V6_SOLICIT && m.at[0] != V6_REQUEST)) {
        return false;
    }
    for (size_t i = V6_OPTIONS_AT; i < m.n; options++) {
        const uint8_t *at = m.at + i + 4;
        if (i + 4 > m.n || u16(m.at + i + 2) > m.n - i - 4 || options >= WR_DHCP_OPTIONS_MAX) {
            return false;
        }
        size_t n = u16(m.at + i + 2);
        switch (u16(m.at + i)) {
        case V6_ID: append(h->id, &h->id_size, at, n); break;
        case V6_WISHES: append(h->list, &h->list_size, at, n & ~(size_t)1); break;
        case V6_MUD: take_mud(h, at, n); break;
        case V6_CLASS: take_class6(h, at, n); break;
        case V6_FQDN: take_label(h, n > 0 ? at + 1 : at, n > 0 ? n - 1 : 0); break;
        default: break;
        }
        i += 4 + n;
    }
    return true;
}

/* --- the packet --- */

/* What is in a UDP datagram to that port; n 0: it is another one, or cut. */
static struct span datagram(const uint8_t *at, size_t n, unsigned from_port, unsigned to_port)
{
    if (n < UDP_SIZE || u16(at + 2) != to_port || (from_port != 0 && u16(at) != from_port) ||
        u16(at + 4) < UDP_SIZE || u16(at + 4) > n) {
        return (struct span){at, 0};
    }
    return (struct span){at + UDP_SIZE, u16(at + 4) - (size_t)UDP_SIZE};
}

static bool read_packet4(const uint8_t *p, size_t n, const uint8_t from[6], struct wr_dhcp_heard *h)
{
    size_t head = (size_t)(p[0] & 15) * 4;
    size_t size = n < IP4_SIZE ? 0 : u16(p + 2);
    if (n < IP4_SIZE || head < IP4_SIZE || size < head || size > n || p[9] != UDP ||
        (u16(p + 6) & 0x3fff) != 0) { /* a fragment */
        return false;
    }
    return read4(datagram(p + head, size - head, V4_CLIENT, V4_SERVER), from, h);
}

/* A client asks from its link-local address (RFC 8415 section 18.2), and puts nothing between the headers. */
static bool read_packet6(const uint8_t *p, size_t n, struct wr_dhcp_heard *h)
{
    size_t size = n < IP6_SIZE ? 0 : u16(p + 4);
    if (n < IP6_SIZE || size > n - IP6_SIZE || p[6] != UDP || p[8] != 0xfe ||
        (p[9] & 0xc0) != 0x80) {
        return false;
    }
    return read6(datagram(p + IP6_SIZE, size, 0, V6_SERVER), h);
}

bool wr_dhcp_read(const uint8_t *packet, size_t n, const uint8_t from[6],
                  struct wr_dhcp_heard *ret_heard)
{
    struct wr_dhcp_heard h;
    memset(&h, 0, sizeof(h));
    memcpy(h.mac, from, sizeof(h.mac));
    if (n == 0 || n > WR_DHCP_PACKET_MAX) {
        return false;
    }
    bool good = packet[0] >> 4 == 4   ? read_packet4(packet, n, from, &h)
                : packet[0] >> 4 == 6 ? read_packet6(packet, n, &h)
                                      : false;
    if (good) {
        *ret_heard = h;
    }
    return good;
}
