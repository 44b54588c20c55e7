/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/devicerules.h"

#include <stdio.h>
#include <string.h>

#include "base/enc.h"
#include "base/str.h"
#include "conf/feedurl.h"

enum { PATH_SIZE = 128, TEXT_SIZE = 256 };

/* What could not be read is NULL, and was told already. */
static bool is_same(const char *a, const char *b)
{
    return a != NULL && b != NULL && wr_str_same(a, b);
}

struct check {
    const struct wr_conf *conf;
    wr_devicerules_wrong *wrong;
    void *user;
};

int wr_devicerules_mac(const char *text, uint8_t ret_mac[6])
{
    uint8_t mac[6];
    size_t n;
    if (text == NULL || strlen(text) != 17) {
        return WR_E_FORMAT;
    }
    for (size_t i = 0; i < 6; i++) {
        char between = i < 5 ? text[3 * i + 2] : ':';
        if ((between != ':' && between != '-') ||
            wr_enc_from_hex(text + 3 * i, 2, &mac[i], 1, &n) != WR_OK) {
            return WR_E_FORMAT;
        }
    }
    if ((mac[0] & 1) != 0 || memcmp(mac, "\0\0\0\0\0\0", 6) == 0) {
        return WR_E_FORMAT;
    }
    memcpy(ret_mac, mac, 6);
    return WR_OK;
}

static void wrong(const struct check *c, size_t device, const char *leaf, size_t item,
                  const char *text)
{
    char path[PATH_SIZE];
    snprintf(path, sizeof(path), "devices[%zu].%s[%zu]", device, leaf, item);
    c->wrong(c->user, path, false, text);
}

static void check_names(const struct check *c)
{
    char path[PATH_SIZE];
    for (size_t i = 0; i < c->conf->groups.count; i++) {
        for (size_t j = 0; j < i; j++) {
            if (is_same(c->conf->groups.items[i].name, c->conf->groups.items[j].name)) {
                snprintf(path, sizeof(path), "groups[%zu].name", i);
                c->wrong(c->user, path, false, "there is a group of this name already");
                break;
            }
        }
    }
    for (size_t i = 0; i < c->conf->devices.count; i++) {
        for (size_t j = 0; j < i; j++) {
            if (is_same(c->conf->devices.items[i].name, c->conf->devices.items[j].name)) {
                snprintf(path, sizeof(path), "devices[%zu].name", i);
                c->wrong(c->user, path, false, "there is a device of this name already");
                break;
            }
        }
    }
}

/* Is this address another device's? */
static bool is_taken_mac(const struct wr_conf *conf, size_t device, const uint8_t mac[6])
{
    for (size_t i = 0; i < device; i++) {
        const struct wr_conf_device *d = &conf->devices.items[i];
        uint8_t other[6];
        for (size_t k = 0; k < d->mac.count; k++) {
            if (wr_devicerules_mac(d->mac.items[k], other) == WR_OK && memcmp(mac, other, 6) == 0) {
                return true;
            }
        }
    }
    return false;
}

static bool is_taken_address(const struct wr_conf *conf, size_t device, const struct wr_addr *addr)
{
    for (size_t i = 0; i < device; i++) {
        const struct wr_conf_device *d = &conf->devices.items[i];
        for (size_t k = 0; k < d->addresses.count; k++) {
            if (wr_addr_equal(&d->addresses.items[k].addr, addr)) {
                return true;
            }
        }
    }
    return false;
}

static bool is_taken_word(const struct wr_conf *conf, size_t device, bool certificate,
                          const char *word)
{
    for (size_t i = 0; i < device; i++) {
        const struct wr_conf_device *d = &conf->devices.items[i];
        const char *const *items = certificate ? d->certificates.items : d->claims.items;
        size_t count = certificate ? d->certificates.count : d->claims.count;
        for (size_t k = 0; k < count; k++) {
            if (is_same(items[k], word)) {
                return true;
            }
        }
    }
    return false;
}

static void check_addresses(const struct check *c, size_t i)
{
    const struct wr_conf_device *d = &c->conf->devices.items[i];
    uint8_t mac[6];
    for (size_t k = 0; k < d->mac.count; k++) {
        if (d->mac.items[k] == NULL) {
            continue;
        }
        if (wr_devicerules_mac(d->mac.items[k], mac) != WR_OK) {
            wrong(c, i, "mac", k,
                  "no MAC address of one machine: six octets, as in \"00:11:22:33:44:55\"");
        } else if (is_taken_mac(c->conf, i, mac)) {
            wrong(c, i, "mac", k, "another device has this MAC address");
        }
    }
    for (size_t k = 0; k < d->addresses.count; k++) {
        const struct wr_prefix *p = &d->addresses.items[k];
        enum wr_addr_kind kind = wr_addr_kind(&p->addr);
        if (p->addr.family == WR_AF_NONE) {
            continue;
        }
        if (p->len != (p->addr.family == WR_AF_V4 ? 32 : 128)) {
            wrong(c, i, "addresses", k, "one address is wanted, not a network");
        } else if (kind != WR_ADDR_MACHINE && kind != WR_ADDR_PRIVATE) {
            wrong(c, i, "addresses", k, "this is no address of one machine of a network");
        } else if (is_taken_address(c->conf, i, &p->addr)) {
            wrong(c, i, "addresses", k, "another device has this address");
        }
    }
}

static void check_url(const struct check *c, size_t i)
{
    const char *text = c->conf->devices.items[i].mud, *why;
    struct wr_feedurl url;
    char path[64];
    if (text == NULL || text[0] == 0 || wr_feedurl_read(text, &url, &why) == WR_OK) {
        return;
    }
    if (!wr_feedurl_has_scheme(text)) {
        why = "a profile is at an https:// URL; `weir mud import DEVICE FILE` takes a file";
    }
    snprintf(path, sizeof(path), "devices[%zu].mud", i);
    c->wrong(c->user, path, false, why);
}

static void check_words(const struct check *c, size_t i)
{
    const struct wr_conf_device *d = &c->conf->devices.items[i];
    for (size_t k = 0; k < d->certificates.count; k++) {
        if (is_taken_word(c->conf, i, true, d->certificates.items[k])) {
            wrong(c, i, "certificates", k, "another device proves itself by this name");
        }
    }
    for (size_t k = 0; k < d->claims.count; k++) {
        if (is_taken_word(c->conf, i, false, d->claims.items[k])) {
            wrong(c, i, "claims", k, "another device has this name");
        }
    }
    for (size_t k = 0; k < d->groups.count; k++) {
        size_t g = 0;
        while (g < c->conf->groups.count &&
               !is_same(c->conf->groups.items[g].name, d->groups.items[k])) {
            g++;
        }
        if (g == c->conf->groups.count && d->groups.items[k] != NULL) {
            wrong(c, i, "groups", k, "there is no group of this name in `groups`");
        }
    }
}

static void check_controllers(const struct check *c)
{
    char path[PATH_SIZE];
    for (size_t i = 0; i < c->conf->mud.controllers.count; i++) {
        if (c->conf->mud.controllers.items[i].addresses.count == 0) {
            snprintf(path, sizeof(path), "mud.controllers[%zu].addresses", i);
            c->wrong(c->user, path, true, "without an address nothing is opened to this class");
        }
    }
}

void wr_devicerules_check(const struct wr_conf *conf, wr_devicerules_wrong *wrong_one, void *user)
{
    const struct check c = {conf, wrong_one, user};
    check_names(&c);
    check_controllers(&c);
    for (size_t i = 0; i < conf->devices.count; i++) {
        check_addresses(&c, i);
        check_url(&c, i);
        check_words(&c, i);
    }
}
