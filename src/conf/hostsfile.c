/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/hostsfile.h"

#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/limits.h"
#include "base/str.h"
#include "conf/mistakes.h"

static bool is_host_octet(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.';
}

int wr_hostsfile_name(const char *text, size_t n, struct wr_name *ret_name)
{
    if (n == 0 || n > WR_NAME_MAX) {
        return n == 0 ? WR_E_FORMAT : WR_E_RANGE;
    }
    for (size_t i = 0; i < n; i++) {
        if (!is_host_octet(text[i])) {
            return WR_E_FORMAT;
        }
    }
    struct wr_name name;
    int err = wr_name_from_text(text, n, &name);
    if (err || name.size == 1) {
        return err == WR_E_RANGE ? WR_E_RANGE : WR_E_FORMAT;
    }
    *ret_name = name;
    return WR_OK;
}

static int read_addr(struct wr_str_part w, struct wr_addr *ret_addr)
{
    char text[WR_ADDR_TEXT_SIZE];
    if (w.n >= sizeof(text)) {
        return WR_E_FORMAT;
    }
    memcpy(text, w.at, w.n);
    text[w.n] = 0;
    if (memchr(text, 0, w.n) || wr_addr_from_text(text, ret_addr) != WR_OK || ret_addr->port != 0) {
        return WR_E_FORMAT;
    }
    return WR_OK;
}

static void tell(const struct wr_hostsfile_hooks *hooks, uint32_t number, struct wr_str_part w,
                 const char *what)
{
    char quoted[WR_MISTAKE_QUOTE_SIZE], text[WR_MISTAKE_QUOTE_SIZE + 128];
    snprintf(text, sizeof(text), "%s %s", wr_mistakes_quote(w.at, w.n, quoted), what);
    hooks->wrong(hooks->user, number, text);
}

static size_t read_line(struct wr_str_part line, uint32_t number,
                        const struct wr_hostsfile_hooks *hooks)
{
    struct wr_addr addr;
    const char *comment = memchr(line.at, '#', line.n);
    if (comment) {
        line.n = (size_t)(comment - line.at);
    }
    struct wr_str_part w = wr_str_word(&line);
    if (w.n == 0) {
        return 0;
    }
    if (read_addr(w, &addr) != WR_OK) {
        tell(hooks, number, w, "is no address; a line is an address and its names");
        return 0;
    }
    if (addr.scope != 0) {
        tell(hooks, number, w, "belongs to one link of this machine; it is left out");
        return 0;
    }
    size_t given = 0;
    for (unsigned i = 0; i < WR_HOSTS_NAMES_MAX; i++) {
        struct wr_name name;
        w = wr_str_word(&line);
        if (w.n == 0) {
            return given;
        }
        int err = wr_hostsfile_name(w.at, w.n, &name);
        if (err) {
            tell(hooks, number, w,
                 err == WR_E_RANGE ? "is longer than a name may be" : "is no host name");
            continue;
        }
        hooks->each(hooks->user, number, &addr, &name, given > 0);
        given++;
    }
    hooks->wrong(hooks->user, number, "too many names in one line; the rest is left out");
    return given;
}

size_t wr_hostsfile_read(const char *text, size_t n, const struct wr_hostsfile_hooks *hooks)
{
    size_t given = 0;
    uint32_t number = 0;
    while (n > 0) {
        const char *end = memchr(text, '\n', n);
        struct wr_str_part line = {text, end ? (size_t)(end - text) : n};
        size_t whole = line.n + (end != NULL);
        number++;
        if (line.n > WR_LEASE_LINE_MAX) {
            hooks->wrong(hooks->user, number, "the line is too long");
        } else {
            given += read_line(line, number, hooks);
        }
        text += whole;
        n -= whole;
    }
    return given;
}
