/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/exporturl.h"

#include <stdio.h>
#include <string.h>

#include "base/err.h"

/* Octets of a path of a socket (sun_path), with the NUL. */
enum { SOCKET_PATH_SIZE = 108, PATH_SIZE = 80 };

static bool begins(const char *text, const char *with, const char **ret_rest)
{
    size_t n = strlen(with);

    *ret_rest = text + n;
    return !strncmp(text, with, n);
}

/* The ports of RFC 5426, RFC 6587 and RFC 5425; others have none. */
static uint16_t usual_port(uint32_t format, uint8_t way)
{
    if (format != WR_EXPORT_SYSLOG && format != WR_EXPORT_CEF)
        return 0;
    return way == WR_EXPORT_TLS ? 6514 : way == WR_EXPORT_TCP ? 601 : 514;
}

/* Is a port written? Between the host and the facts, behind the last bracket. */
static bool has_port(const char *rest)
{
    size_t n = strcspn(rest, "#/");
    const char *bracket = memchr(rest, ']', n);
    const char *from = bracket ? bracket : rest;

    return memchr(from, ':', n - (size_t)(from - rest)) != NULL;
}

static int read_host(const char *text, const char *rest, uint32_t format, struct wr_exporturl *url,
                     const char **ret_why)
{
    struct wr_uri_error error;
    int err = wr_uri_from_text(text, strlen(text), &url->uri, &error);

    if (err) {
        *ret_why = error.why;
        return WR_E_FORMAT;
    }
    url->way = url->uri.scheme == WR_URI_UDP   ? WR_EXPORT_UDP
               : url->uri.scheme == WR_URI_TCP ? WR_EXPORT_TCP
                                               : WR_EXPORT_TLS;
    if (!has_port(rest))
        url->uri.addr.port = usual_port(format, url->way);
    if (url->uri.addrs == 0)
        *ret_why = "the address is missing: write one, or addr= behind a #";
    else if (url->uri.addr.port == 0)
        *ret_why = "the port is missing";
    else if (url->uri.proof & WR_URI_DANE)
        *ret_why = "TLSA records are not looked up for exports: use pin= or pkix";
    else if (format == WR_EXPORT_DNSTAP && url->way == WR_EXPORT_UDP)
        *ret_why = "dnstap needs a stream: tcp, tls, unix or file";
    return *ret_why ? WR_E_FORMAT : WR_OK;
}

int wr_exporturl_read(const char *text, uint32_t format, struct wr_exporturl *ret_url,
                      const char **ret_why)
{
    struct wr_exporturl url = {.way = 0};
    const char *rest;
    int err = WR_OK;

    *ret_why = NULL;
    if (begins(text, "file://", &rest) || begins(text, "unix://", &rest)) {
        url.way = text[0] == 'f' ? WR_EXPORT_FILE : WR_EXPORT_UNIX;
        url.path = rest;
        if (rest[0] != '/')
            *ret_why = "a whole path follows, as file:///var/log/weir.json";
        else if (url.way == WR_EXPORT_UNIX && strlen(rest) >= SOCKET_PATH_SIZE)
            *ret_why = "the path of a socket has at most 107 octets";
        err = *ret_why ? WR_E_FORMAT : WR_OK;
    } else if (begins(text, "udp://", &rest) || begins(text, "tcp://", &rest) ||
               begins(text, "tls://", &rest)) {
        err = read_host(text, rest, format, &url, ret_why);
    } else {
        *ret_why = "file://, unix://, udp://, tcp:// or tls:// begin it";
        err = WR_E_FORMAT;
    }
    if (!err)
        *ret_url = url;
    return err;
}

void wr_exporturl_check(const struct wr_conf *conf, wr_exporturl_wrong *wrong, void *user)
{
    struct wr_exporturl url;
    char path[PATH_SIZE];

    for (size_t i = 0; i < conf->export.count; i++) {
        const struct wr_conf_export *e = &conf->export.items[i];
        const char *why = NULL;

        snprintf(path, sizeof(path), "export[%zu].to", i);
        if (e->to && wr_exporturl_read(e->to, e->format, &url, &why) != WR_OK)
            wrong(user, path, why);
        for (size_t k = 0; k < i; k++) {
            const struct wr_conf_export *other = &conf->export.items[k];

            snprintf(path, sizeof(path), "export[%zu].name", i);
            if (e->name && other->name && !strcmp(e->name, other->name))
                wrong(user, path, "an earlier export has this name");
            snprintf(path, sizeof(path), "export[%zu].to", i);
            if (e->to && other->to && !strncmp(e->to, "file:", 5) && !strcmp(e->to, other->to))
                wrong(user, path, "an earlier export writes to this file");
        }
    }
}
