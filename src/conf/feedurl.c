/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/feedurl.h"

#include <string.h>

#include "base/err.h"
#include "base/str.h"
#include "conf/hostsfile.h"

#define SCHEME   "https://"
#define PORT     443
#define PORT_MAX 65535

static bool is_visible(const char *text)
{
    for (; *text != 0; text++) {
        if (*text <= ' ' || *text > '~' || *text == '#' || *text == '\\' || *text == '"') {
            return false;
        }
    }
    return true;
}

/* "host", "host:port", "[v6]", "[v6]:port" */
static int read_authority(const char *at, size_t n, struct wr_feedurl *url)
{
    size_t host = n;
    uint64_t port = PORT;
    const char *from = at;
    if (n > 0 && at[0] == '[') {
        const char *end = memchr(at, ']', n);
        if (end == NULL) {
            return WR_E_FORMAT;
        }
        from = at + 1;
        host = (size_t)(end - from);
        at = end + 1;
        n -= host + 2;
    } else {
        const char *colon = memchr(at, ':', n);
        host = colon != NULL ? (size_t)(colon - at) : n;
        at += host;
        n -= host;
    }
    if (host == 0 || host >= sizeof(url->host) ||
        (n > 0 && (at[0] != ':' || n == 1 ||
                   wr_str_to_u64(at + 1, n - 1, PORT_MAX, &port) != WR_OK || port == 0))) {
        return WR_E_FORMAT;
    }
    for (size_t i = 0; i < host; i++) {
        url->host[i] = (char)wr_name_fold((uint8_t)from[i]);
    }
    url->host[host] = 0;
    url->port = (uint16_t)port;
    return WR_OK;
}

/* "127.1", "0x7f000001": what ends in a number is an address to those who go there (URL standard), and a name to those who look whither. */
static bool is_number(const char *host)
{
    size_t n = strlen(host);
    n -= n > 0 && host[n - 1] == '.';
    size_t at = n;
    while (at > 0 && host[at - 1] != '.') {
        at--;
    }
    const char *last = host + at;
    n -= at;
    return strspn(last, "0123456789") >= n || (n >= 2 && last[0] == '0' && last[1] == 'x' &&
                                               strspn(last + 2, "0123456789abcdef") >= n - 2);
}

bool wr_feedurl_has_scheme(const char *text)
{
    return wr_str_same_n(text, strnlen(text, strlen(SCHEME)), SCHEME);
}

int wr_feedurl_read(const char *text, struct wr_feedurl *ret_url, const char **ret_why)
{
    struct wr_feedurl url = {.port = PORT};
    struct wr_name name;
    if (!wr_feedurl_has_scheme(text)) {
        *ret_why = "this is no https:// URL";
        return WR_E_FORMAT;
    }
    *ret_why = "this is no URL: no blanks, no #, visible ASCII, at most 959 octets";
    if (strlen(text) >= WR_FEED_URL_SIZE || !is_visible(text)) {
        return WR_E_FORMAT;
    }
    text += strlen(SCHEME);
    size_t n = strcspn(text, "/?");
    *ret_why = "host and port cannot be read; a user has no place in it";
    if (memchr(text, '@', n) != NULL || read_authority(text, n, &url) != WR_OK) {
        return WR_E_FORMAT;
    }
    bool literal = wr_addr_from_text(url.host, &url.addr) == WR_OK && url.addr.port == 0;
    if (!literal) {
        memset(&url.addr, 0, sizeof(url.addr));
        if (is_number(url.host) || wr_hostsfile_name(url.host, strlen(url.host), &name) != WR_OK) {
            return WR_E_FORMAT;
        }
    }
    *ret_url = url;
    return WR_OK;
}
