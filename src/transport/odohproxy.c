/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/odohproxy.h"

#include <string.h>

#include "base/err.h"
#include "base/str.h"
#include "transport/odoh.h"

#define HTTPS_PORT 443

enum { STATUS_BAD = 400, STATUS_FORBIDDEN = 403, STATUS_METHOD = 405 };

void wr_odohproxy_init(struct wr_odohproxy *p)
{
    memset(p, 0, sizeof(*p));
}

static bool is_own(const struct wr_odohproxy *p, const char *host)
{
    for (unsigned i = 0; i < p->owns; i++) {
        if (wr_str_same(p->own[i], host)) {
            return true;
        }
    }
    return false;
}

int wr_odohproxy_allow(struct wr_odohproxy *p, const char *host, uint16_t port, const char *path)
{
    if (is_own(p, host)) {
        return WR_E_DENIED;
    }
    if (p->targets == WR_ODOH_TARGETS_MAX) {
        return WR_E_FULL;
    }
    p->target[p->targets++] = (struct wr_odohproxy_target){host, path, port};
    return WR_OK;
}

int wr_odohproxy_refuse(struct wr_odohproxy *p, const char *host)
{
    for (unsigned i = 0; i < p->targets; i++) {
        if (wr_str_same(p->target[i].host, host)) {
            return WR_E_DENIED;
        }
    }
    if (p->owns == WR_ODOH_TARGETS_MAX) {
        return WR_E_FULL;
    }
    p->own[p->owns++] = host;
    return WR_OK;
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Percent-decoded text; false: broken, too long, or with octets that no host and no path has. */
static bool decode(const char *text, size_t n, char *ret, size_t cap)
{
    size_t at = 0;

    for (size_t i = 0; i < n; i++) {
        int c = (unsigned char)text[i];

        if (c == '%') {
            int high = i + 2 < n ? hex_value(text[i + 1]) : -1;
            int low = i + 2 < n ? hex_value(text[i + 2]) : -1;

            if (high < 0 || low < 0) {
                return false;
            }
            c = high * 16 + low;
            i += 2;
        }
        if (c <= ' ' || c > '~' || at + 1 >= cap) {
            return false;
        }
        ret[at++] = (char)c;
    }
    ret[at] = '\0';
    return at > 0;
}

/* The value of the parameter, when it is there exactly once. */
static bool parameter(const char *text, size_t n, const char *name, char *ret, size_t cap)
{
    size_t name_size = strlen(name);
    bool found = false;

    for (size_t at = 0; at < n;) {
        const char *end = memchr(text + at, '&', n - at);
        size_t size = end ? (size_t)(end - text) - at : n - at;

        if (size > name_size && memcmp(text + at, name, name_size) == 0 &&
            text[at + name_size] == '=') {
            if (found || !decode(text + at + name_size + 1, size - name_size - 1, ret, cap)) {
                return false;
            }
            found = true;
        }
        at += size + 1;
    }
    return found;
}

/* "host", "host:port", "[v6]:port": the host without brackets stays in `host`. */
static bool split_port(char *host, uint16_t *ret_port)
{
    char *end = memchr(host, host[0] == '[' ? ']' : ':', strlen(host));
    unsigned port = 0;

    *ret_port = HTTPS_PORT;
    if (host[0] == '[') {
        size_t size = end ? (size_t)(end - host) : 0;

        if (size < 2 || (end[1] && end[1] != ':')) {
            return false;
        }
        memmove(host, host + 1, size - 1);
        host[size - 1] = '\0';
        end = end[1] ? end + 1 : NULL;
    } else if (end && memchr(end + 1, ':', strlen(end + 1))) {
        return false; /* v6 without its brackets */
    }
    if (!end) {
        return true;
    }
    *end++ = '\0';
    for (size_t i = 0; end[i] && i < 6; i++) {
        if (end[i] < '0' || end[i] > '9') {
            return false;
        }
        port = port * 10 + (unsigned)(end[i] - '0');
    }
    *ret_port = (uint16_t)port;
    return host[0] && port > 0 && port <= UINT16_MAX;
}

uint16_t wr_odohproxy_judge(const struct wr_odohproxy *p, const char *parameters, size_t n,
                            bool post, unsigned *ret_index, const char **ret_path)
{
    char host[WR_ODOH_HOST_MAX], path[WR_ODOH_PATH_MAX];
    bool host_listed = false;
    uint16_t port;

    if (n > WR_ODOH_PARAMETERS_MAX || !parameter(parameters, n, "targethost", host, sizeof(host)) ||
        !parameter(parameters, n, "targetpath", path, sizeof(path)) || path[0] != '/' ||
        !split_port(host, &port)) {
        return STATUS_BAD;
    }
    if (is_own(p, host)) {
        return STATUS_FORBIDDEN;
    }
    for (unsigned i = 0; i < p->targets; i++) {
        const struct wr_odohproxy_target *t = &p->target[i];
        bool configs = strcmp(path, WR_ODOH_CONFIGS_PATH) == 0;

        if (!wr_str_same(t->host, host) || t->port != port) {
            continue;
        }
        host_listed = true;
        if (post ? strcmp(t->path, path) == 0 : configs) {
            *ret_index = i;
            *ret_path = post ? t->path : WR_ODOH_CONFIGS_PATH;
            return 0;
        }
    }
    return host_listed && !post ? STATUS_METHOD : STATUS_FORBIDDEN;
}

/* RFC 6570 section 3.2.1: what is not unreserved is encoded. */
static void put_encoded(struct wr_str *s, const char *text)
{
    static const char digits[] = "0123456789ABCDEF";

    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;

        if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
            c == '-' || c == '.' || c == '_' || c == '~') {
            wr_str_char(s, (char)c);
        } else {
            wr_str_char(s, '%');
            wr_str_char(s, digits[c >> 4]);
            wr_str_char(s, digits[c & 15]);
        }
    }
}

bool wr_odohproxy_write(const char *host, const char *path, char *ret, size_t cap)
{
    struct wr_str s;

    wr_str_init(&s, ret, cap);
    wr_str_text(&s, "targethost=");
    put_encoded(&s, host);
    wr_str_text(&s, "&targetpath=");
    put_encoded(&s, path);
    return !s.cut;
}
