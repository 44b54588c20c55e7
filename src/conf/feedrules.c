/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/feedrules.h"

#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/str.h"
#include "conf/feedurl.h"
#include "crypto/minisig.h"
#include "crypto/pin.h"

static const char no_source[] = "a list is a file (/etc/weir/list.txt) or an https:// URL";

/* Their files lie beside each other in one folder, on file systems that may not mind case. */
static bool is_used_before(const struct wr_conf *conf, size_t i)
{
    for (size_t j = 0; j < i; j++) {
        if (conf->feeds.items[j].name &&
            wr_str_same(conf->feeds.items[i].name, conf->feeds.items[j].name)) {
            return true;
        }
    }
    return false;
}

/* A file or a URL, and what only a URL has. */
static void check_source(const struct wr_conf_feed *feed, size_t i, wr_feedrules_put *put,
                         void *user)
{
    char path[64];
    struct wr_feedurl url;
    struct wr_pin pin;
    const char *why;
    bool is_file = feed->from && feed->from[0] == '/';
    snprintf(path, sizeof(path), "feeds[%zu].from", i);
    if (feed->from && !is_file && wr_feedurl_read(feed->from, &url, &why) != WR_OK) {
        put(user, path, false, wr_feedurl_has_scheme(feed->from) ? why : no_source);
    }
    for (size_t k = 0; k < feed->pins.count; k++) {
        const char *text = feed->pins.items[k];
        snprintf(path, sizeof(path), "feeds[%zu].pins[%zu]", i, k);
        if (text && wr_pin_from_text(text, strlen(text), &pin) != WR_OK) {
            put(user, path, false, "a pin is sha256/ and 32 octets in base64 (44 characters)");
        } else if (text && is_file) {
            put(user, path, false, "a pin is of the server of a URL; this is a file");
        }
    }
}

/* Who has to have signed it, and where that stands. */
static void check_signature(const struct wr_conf_feed *feed, size_t i, wr_feedrules_put *put,
                            void *user)
{
    char path[64];
    struct wr_feedurl url;
    struct wr_minisig_key key;
    const char *why;
    for (size_t k = 0; k < feed->keys.count; k++) {
        const char *text = feed->keys.items[k];
        snprintf(path, sizeof(path), "feeds[%zu].keys[%zu]", i, k);
        if (text && wr_minisig_key(text, strlen(text), &key) != WR_OK) {
            put(user, path, false,
                "a key is the line of minisign's or signify's .pub file that begins with RW");
        }
    }
    snprintf(path, sizeof(path), "feeds[%zu].signature", i);
    if (!feed->signature || feed->signature[0] == 0 || !feed->from) {
        return;
    }
    if (feed->keys.count == 0) {
        put(user, path, false, "without `keys` nothing is held against it");
    } else if ((feed->from[0] == '/') != (feed->signature[0] == '/')) {
        put(user, path, false, "a file's signature is a file, a URL's is at a URL");
    } else if (feed->signature[0] != '/' && wr_feedurl_read(feed->signature, &url, &why) != WR_OK) {
        put(user, path, false, why);
    }
}

static bool is_in_a_rule(const struct wr_conf *conf, const char *name)
{
    for (size_t i = 0; i < conf->firewall.doh_feeds.count; i++) {
        if (conf->firewall.doh_feeds.items[i] &&
            strcmp(conf->firewall.doh_feeds.items[i], name) == 0) {
            return true;
        }
    }
    for (size_t i = 0; i < conf->policy.rules.count; i++) {
        const struct wr_conf_rule *r = &conf->policy.rules.items[i];
        for (size_t k = 0; k < r->feeds.count; k++) {
            if (r->feeds.items[k] && strcmp(r->feeds.items[k], name) == 0) {
                return true;
            }
        }
    }
    return false;
}

void wr_feedrules_check(const struct wr_conf *conf, wr_feedrules_put *put, void *user)
{
    char path[64];
    for (size_t i = 0; i < conf->feeds.count; i++) {
        const struct wr_conf_feed *feed = &conf->feeds.items[i];
        snprintf(path, sizeof(path), "feeds[%zu].name", i);
        if (feed->name && feed->name[0] == '.') {
            put(user, path, false, "the name of a feed does not begin with a dot");
        } else if (feed->name && is_used_before(conf, i)) {
            put(user, path, false, "another feed has this name");
        } else if (feed->name && feed->verdict == 0 && !is_in_a_rule(conf, feed->name)) {
            put(user, path, true,
                "nothing is done with this list: it has no verdict, and no rule names it");
        }
        check_source(feed, i, put, user);
        check_signature(feed, i, put, user);
    }
}
