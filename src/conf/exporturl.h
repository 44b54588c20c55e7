/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Export URL: where an export of the log goes.
 *
 *     file:///var/log/weir.json       appended to
 *     unix:///run/collector.sock      a stream socket
 *     udp://192.0.2.9:514   tcp://192.0.2.9:601
 *     tls://192.0.2.9:6514#name=siem.example    with the facts of transport/uri: who it has to be, and what proves it
 *
 * Hosts are addresses, or a name with `addr=`: the log of what is looked up does not depend on looking something up.
 */
#ifndef WR_CONF_EXPORTURL_H
#define WR_CONF_EXPORTURL_H

#include "conf/conf.h"
#include "transport/uri.h"

enum wr_export_way {
    WR_EXPORT_FILE = 1,
    WR_EXPORT_UNIX,
    WR_EXPORT_UDP,
    WR_EXPORT_TCP,
    WR_EXPORT_TLS
};

/* In the order of the words of `export[].format`. */
enum wr_export_format { WR_EXPORT_JSON = 0, WR_EXPORT_SYSLOG, WR_EXPORT_CEF, WR_EXPORT_DNSTAP };

struct wr_exporturl {
    uint8_t way;       /* enum wr_export_way */
    const char *path;  /* FILE, UNIX: in the text that was read */
    struct wr_uri uri; /* the others; the port is the written one, or the usual of the format */
};

/* WR_E_FORMAT, and in few words why (static). */
int wr_exporturl_read(const char *text, uint32_t format, struct wr_exporturl *ret_url,
                      const char **ret_why);

/* Part of conf/rules: what is wrong with the exports, each with the key it is at. */
typedef void wr_exporturl_wrong(void *user, const char *path, const char *text);
void wr_exporturl_check(const struct wr_conf *conf, wr_exporturl_wrong *wrong, void *user);

#endif
