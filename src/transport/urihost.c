/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/urihost.h"

#include <string.h>

#include "base/err.h"
#include "base/str.h"

enum { LABEL_MAX = 63, HOST_MAX = 253 };

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_alnum(char c)
{
    return is_digit(c) || is_letter(c);
}

int wr_urihost_port(struct wr_uri_scan *s, uint16_t *ret_port)
{
    uint64_t port = 0;

    if (s->at == s->end)
        return WR_OK;
    if (s->text[s->at] != ':')
        return wr_uri_fail(s, s->at, WR_E_FORMAT, "something behind the address that is no :port");
    s->at++;
    if (wr_str_to_u64(s->text + s->at, s->end - s->at, UINT16_MAX, &port) != WR_OK || port == 0)
        return wr_uri_fail(s, s->at, WR_E_RANGE, "the port is no number from 1 to 65535");
    *ret_port = (uint16_t)port;
    s->at = s->end;
    return WR_OK;
}

static bool is_link_local(const struct wr_addr *addr)
{
    return addr->family == WR_AF_V6 && addr->ip[0] == 0xfe && (addr->ip[1] & 0xc0) == 0x80;
}

/* Takes "%zone" off the piece [at, end) and keeps it. "%25" is how RFC 6874 writes the "%". */
static int take_zone(struct wr_uri_scan *s, size_t *end, char *ret_zone)
{
    size_t percent = wr_uri_find(s, '%'), at, n;

    if (percent >= *end)
        return WR_OK;
    if (!ret_zone)
        return wr_uri_fail(s, percent, WR_E_FORMAT,
                           "only the host of udp://, tcp:// and the like has an interface");
    at = percent + 1;
    if (*end - at > 2 && s->text[at] == '2' && s->text[at + 1] == '5')
        at += 2;
    n = *end - at;
    if (n == 0 || n >= WR_URI_ZONE_SIZE)
        return wr_uri_fail(s, percent, WR_E_FORMAT,
                           "no interface name (1 to 15 characters) behind the %");
    for (size_t i = 0; i < n; i++) {
        char c = s->text[at + i];

        if (!is_alnum(c) && c != '-' && c != '_' && c != '.' && c != '@')
            return wr_uri_fail(s, at + i, WR_E_FORMAT, "a character that no interface name has");
    }
    memcpy(ret_zone, s->text + at, n);
    ret_zone[n] = '\0';
    *end = percent;
    return WR_OK;
}

/* A name where an address must be gets its own words: it is the commonest mistake. */
static int not_an_address(struct wr_uri_scan *s, size_t end)
{
    for (size_t i = s->at; i < end; i++) {
        char c = s->text[i] | 0x20;

        if ((c >= 'g' && c <= 'z') || s->text[i] == '-')
            return wr_uri_fail(s, s->at, WR_E_FORMAT,
                               "a name; this is given by its address, or nobody could look it up");
    }
    return wr_uri_fail(s, s->at, WR_E_FORMAT, "no IPv4 or IPv6 address");
}

static int read_address(struct wr_uri_scan *s, size_t end, uint8_t family, struct wr_addr *ret_addr,
                        char *ret_zone)
{
    char text[WR_ADDR_TEXT_SIZE];
    struct wr_addr addr;
    size_t from = s->at, stop = end;
    int err = take_zone(s, &stop, ret_zone);

    if (err)
        return err;
    if (stop == from || stop - from >= sizeof(text))
        return not_an_address(s, stop);
    memcpy(text, s->text + from, stop - from);
    text[stop - from] = '\0';
    if (wr_addr_from_text(text, &addr) != WR_OK || addr.port != 0 || addr.scope != 0)
        return not_an_address(s, stop);
    if (addr.family != family)
        return wr_uri_fail(s, from, WR_E_FORMAT,
                           family == WR_AF_V4 ? "an IPv6 address stands in brackets: [2001:db8::1]"
                                              : "only an IPv6 address stands in brackets");
    if (wr_addr_is_any(&addr) || (family == WR_AF_V4 ? addr.ip[0] >= 224 : addr.ip[0] == 0xff))
        return wr_uri_fail(s, from, WR_E_FORMAT,
                           "this address is nobody's: unspecified, multicast or reserved");
    if (ret_zone && ret_zone[0] && !is_link_local(&addr))
        return wr_uri_fail(s, from, WR_E_FORMAT,
                           "only a link-local address (fe80::) has an interface");
    if (!(ret_zone && ret_zone[0]) && is_link_local(&addr))
        return wr_uri_fail(s, from, WR_E_FORMAT,
                           ret_zone ? "a link-local address needs its interface: [fe80::1%br-wan]"
                                    : "a link-local address can only be the host, as "
                                      "tls://[fe80::1%br-wan]");
    *ret_addr = addr;
    s->at = end;
    return WR_OK;
}

/* One label [at, end); `ret_number`: it is all digits. */
static int check_label(struct wr_uri_scan *s, size_t at, size_t end, bool *ret_number)
{
    *ret_number = true;
    if (at == end || end - at > LABEL_MAX)
        return wr_uri_fail(s, at, WR_E_FORMAT,
                           "a host name has 1 to 63 characters between two dots");
    for (size_t i = at; i < end; i++) {
        char c = s->text[i];

        if (!is_alnum(c) && c != '-')
            return wr_uri_fail(s, i, WR_E_FORMAT,
                               "a character that no host name has (of other alphabets it is "
                               "written as xn--...)");
        *ret_number = *ret_number && is_digit(c);
    }
    if (s->text[at] == '-' || s->text[end - 1] == '-')
        return wr_uri_fail(s, at, WR_E_FORMAT, "no label of a host name begins or ends with -");
    return WR_OK;
}

static int read_name(struct wr_uri_scan *s, size_t end, char *ret_name)
{
    size_t from = s->at, stop = end, at = from;
    bool number = true;

    if (stop > from + 1 && s->text[stop - 1] == '.')
        stop--;
    if (stop == from || stop - from > HOST_MAX)
        return wr_uri_fail(s, from, WR_E_FORMAT, "no host name (1 to 253 characters)");
    while (at < stop) {
        size_t dot = at;
        int err;

        while (dot < stop && s->text[dot] != '.')
            dot++;
        err = check_label(s, at, dot, &number);
        if (err)
            return err;
        at = dot + 1;
    }
    if (at == stop) /* a dot at the end of what had one cut off already */
        return wr_uri_fail(s, stop, WR_E_FORMAT,
                           "a host name has 1 to 63 characters between two dots");
    if (number)
        return wr_uri_fail(s, from, WR_E_FORMAT, "no IPv4 or IPv6 address, and no name either");
    for (size_t i = from; i < stop; i++)
        ret_name[i - from] = (char)(is_letter(s->text[i]) ? s->text[i] | 0x20 : s->text[i]);
    ret_name[stop - from] = '\0';
    s->at = end;
    return WR_OK;
}

int wr_urihost_name(struct wr_uri_scan *s, char *ret_name)
{
    return read_name(s, s->end, ret_name);
}

static bool has_two_colons(const struct wr_uri_scan *s)
{
    size_t colons = 0;

    for (size_t i = s->at; i < s->end; i++)
        colons += s->text[i] == ':';
    return colons > 1;
}

/* Digits and dots alone, or nothing. */
static bool looks_like_v4(const struct wr_uri_scan *s, size_t end)
{
    for (size_t i = s->at; i < end; i++)
        if (!is_digit(s->text[i]) && s->text[i] != '.')
            return false;
    return true;
}

int wr_urihost_read(struct wr_uri_scan *s, struct wr_addr *ret_addr, char *ret_zone, char *ret_name)
{
    size_t end;
    int err;

    if (s->at < s->end && s->text[s->at] == '[') {
        end = wr_uri_find(s, ']');
        if (end == s->end)
            return wr_uri_fail(s, s->at, WR_E_FORMAT, "no closing bracket");
        s->at++;
        err = read_address(s, end, WR_AF_V6, ret_addr, ret_zone);
        s->at = end + 1;
        return err;
    }
    if (has_two_colons(s))
        return wr_uri_fail(s, s->at, WR_E_FORMAT,
                           "an IPv6 address stands in brackets: [2001:db8::1]");
    end = wr_uri_find(s, ':');
    if (ret_name && !looks_like_v4(s, end)) {
        ret_addr->family = WR_AF_NONE;
        return read_name(s, end, ret_name);
    }
    return read_address(s, end, WR_AF_V4, ret_addr, ret_zone);
}

int wr_urihost_path(struct wr_uri_scan *s, char *ret_path)
{
    static const char template[] = "{?dns}", others[] = "/-._~!$'()*+,;=:@%";
    const size_t extra = sizeof(template) - 1;
    size_t from = s->at, stop = s->end;

    if (stop - from > extra && !memcmp(s->text + stop - extra, template, extra))
        stop -= extra;
    if (stop - from >= WR_URI_PATH_SIZE)
        return wr_uri_fail(s, from, WR_E_FORMAT, "a path has at most 127 characters");
    for (size_t i = from; i < stop; i++) {
        char c = s->text[i];

        if (c == '?')
            return wr_uri_fail(s, i, WR_E_FORMAT, "no query (?...) has a meaning here");
        if (!is_alnum(c) && !memchr(others, c, sizeof(others) - 1))
            return wr_uri_fail(s, i, WR_E_FORMAT, "a character that no path has");
    }
    memcpy(ret_path, s->text + from, stop - from);
    ret_path[stop - from] = '\0';
    s->at = s->end;
    return WR_OK;
}
