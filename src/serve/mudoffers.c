/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/mudoffers.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/str.h"
#include "conf/conf.h"
#include "conf/devicerules.h"
#include "conf/feedurl.h"

#define LINE_SIZE (WR_MUD_URL_SIZE + 64)

bool wr_mudoffers_url(const uint8_t *octets, size_t n, char *ret_url, size_t cap)
{
    struct wr_feedurl url;
    const char *why;
    size_t size = 0;
    while (size < n && octets[size] > ' ' && octets[size] <= '~') {
        size++;
    }
    if (size >= cap || (size < n && octets[size] != ' ')) {
        return false;
    }
    char text[WR_MUD_URL_SIZE];
    if (size >= sizeof(text)) {
        return false;
    }
    memcpy(text, octets, size);
    text[size] = 0;
    if (wr_feedurl_read(text, &url, &why) != WR_OK) {
        return false;
    }
    memcpy(ret_url, text, size + 1);
    return true;
}

void wr_mudoffers_note(struct wr_mudoffers *o, const uint8_t mac[6], const uint8_t *octets,
                       size_t n, int64_t now_s)
{
    char url[WR_DHCP_FIELD_MAX + 1];
    struct wr_mudoffers_heard *at = &o->heard[0];
    if (!wr_mudoffers_url(octets, n, url, sizeof(url))) {
        return;
    }
    for (size_t i = 0; i < WR_MUD_OFFERS_MAX; i++) {
        struct wr_mudoffers_heard *one = &o->heard[i];
        if (one->heard_s != 0 && memcmp(one->mac, mac, 6) == 0) {
            at = one;
            break;
        }
        at = one->heard_s < at->heard_s ? one : at;
    }
    memcpy(at->mac, mac, 6);
    memcpy(at->url, url, sizeof(url));
    at->heard_s = now_s > 0 ? now_s : 1;
}

static bool of_conf(const struct wr_conf *conf, const struct wr_census_device *d, char *ret_url)
{
    for (size_t i = 0; i < conf->devices.count; i++) {
        const struct wr_conf_device *c = &conf->devices.items[i];
        if (d->name[0] != 0 && c->mud[0] != 0 && wr_str_same(c->name, d->name)) {
            snprintf(ret_url, WR_MUD_URL_SIZE, "%s", c->mud);
            return true;
        }
    }
    return false;
}

void wr_mudoffers_free(struct wr_mudoffers *o)
{
    free(o->line);
    o->line = NULL;
    o->lines = 0;
}

static bool read_line(const char *line, struct wr_mudoffers_line *ret)
{
    char text[32];
    struct wr_str_part rest = {line, strcspn(line, "\r\n")};
    struct wr_str_part mac = wr_str_word(&rest), url = wr_str_word(&rest);
    if (mac.n == 0 || mac.n >= sizeof(text)) {
        return false;
    }
    memcpy(text, mac.at, mac.n);
    text[mac.n] = 0;
    return wr_devicerules_mac(text, ret->mac) == WR_OK &&
           wr_mudoffers_url((const uint8_t *)url.at, url.n, ret->url, sizeof(ret->url));
}

/* Is the line whole? What is behind a part of one is not read as another line: a device chooses what stands there. */
static bool skip_rest(const char *line, FILE *file)
{
    bool whole = strchr(line, '\n') != NULL;
    int c = whole ? EOF : getc(file);
    bool last = !whole && c == EOF;
    while (c != EOF && c != '\n') {
        c = getc(file);
    }
    return whole || last;
}

/* Nobody is waited for: what is a pipe would hold up the whole program. NULL and *ret_why NULL: there is none. */
static FILE *open_file(const char *path, const char **ret_why)
{
    struct stat st;
    int fd = path[0] != 0 ? open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC) : -1;
    bool is_missing = fd < 0 && (path[0] == 0 || errno == ENOENT);
    bool is_regular = fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
    FILE *file = is_regular ? fdopen(fd, "r") : NULL;
    if (file == NULL && fd >= 0) {
        close(fd);
    }
    *ret_why = file != NULL || is_missing ? NULL
               : fd >= 0 && !is_regular
                   ? "mud.offers is no regular file: a helper writes its lines behind what is there"
                   : "mud.offers cannot be read";
    return file;
}

const char *wr_mudoffers_read(struct wr_mudoffers *o, const char *path)
{
    char line[LINE_SIZE];
    struct wr_mudoffers_line one;
    const char *why;
    FILE *file = open_file(path, &why);
    wr_mudoffers_free(o);
    o->line = file != NULL ? calloc(WR_MUD_OFFER_LINES_MAX, sizeof(*o->line)) : NULL;
    for (unsigned n = 0;
         o->line != NULL && n < WR_MUD_OFFER_LINES_MAX && fgets(line, sizeof(line), file) != NULL;
         n++) {
        if (skip_rest(line, file) && read_line(line, &one)) {
            o->line[o->lines++] = one;
        }
    }
    if (file != NULL) {
        fclose(file);
    }
    return why;
}

/* The last line that is about it counts, for a helper writes behind what is there. */
static bool of_file(const struct wr_mudoffers *o, const struct wr_census_device *d, char *ret_url)
{
    for (size_t i = o->lines; i > 0; i--) {
        if (wr_census_has_mac(d, o->line[i - 1].mac)) {
            snprintf(ret_url, WR_MUD_URL_SIZE, "%s", o->line[i - 1].url);
            return true;
        }
    }
    return false;
}

static bool of_dhcp(const struct wr_mudoffers *o, const struct wr_census_device *d, char *ret_url)
{
    const struct wr_mudoffers_heard *last = NULL;
    for (size_t i = 0; i < WR_MUD_OFFERS_MAX; i++) {
        const struct wr_mudoffers_heard *one = &o->heard[i];
        if (one->heard_s != 0 && wr_census_has_mac(d, one->mac) &&
            (last == NULL || one->heard_s > last->heard_s)) {
            last = one;
        }
    }
    if (last != NULL) {
        snprintf(ret_url, WR_MUD_URL_SIZE, "%s", last->url);
    }
    return last != NULL;
}

bool wr_mudoffers_find(const struct wr_mudoffers *o, const struct wr_conf *conf,
                       const struct wr_census_device *d, char ret_url[WR_MUD_URL_SIZE],
                       const char **ret_from)
{
    *ret_from = of_conf(conf, d, ret_url) ? "configuration"
                : of_file(o, d, ret_url)  ? "file"
                : of_dhcp(o, d, ret_url)  ? "dhcp"
                                          : NULL;
    return *ret_from != NULL;
}
