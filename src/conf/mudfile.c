/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/mudfile.h"

#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/check.h"
#include "base/err.h"
#include "base/utf8.h"
#include "conf/feedurl.h"
#include "conf/jsonplace.h"
#include "conf/mudmatch.h"
#include "dns/name.h"

struct wr_mud *wr_mudfile_new(void)
{
    size_t aces = sizeof(struct wr_mud_ace) * WR_MUD_ACES_MAX;
    char *block = malloc(sizeof(struct wr_mud) + aces + WR_MUD_TEXTS_MAX);
    if (block == NULL) {
        return NULL;
    }
    struct wr_mud *mud = (struct wr_mud *)(void *)block;
    wr_mud_init(mud, (struct wr_mud_ace *)(void *)(mud + 1), WR_MUD_ACES_MAX,
                block + sizeof(*mud) + aces, WR_MUD_TEXTS_MAX);
    return mud;
}

void wr_mudfile_free(struct wr_mud *mud)
{
    free(mud);
}

/* --- dates --- */

int wr_mudfile_date(const char *text, int64_t *ret_s)
{
    struct tm tm = {0};
    int seen = 0, off_h = 0, off_m = 0, end = 0;
    char sign = '+';
    if (sscanf(text, "%4d-%2d-%2d%*[Tt ]%2d:%2d:%2d%n", &tm.tm_year, &tm.tm_mon, &tm.tm_mday,
               &tm.tm_hour, &tm.tm_min, &tm.tm_sec, &seen) != 6 ||
        seen == 0 || tm.tm_year < 1970 || tm.tm_mon < 1 || tm.tm_mon > 12 || tm.tm_mday < 1 ||
        tm.tm_mday > 31 || tm.tm_hour > 23 || tm.tm_min > 59 || tm.tm_sec > 60) {
        return WR_E_FORMAT;
    }
    const char *at = text + seen;
    if (*at == '.') {
        at += 1 + strspn(at + 1, "0123456789");
    }
    bool utc = strcmp(at, "Z") == 0 || strcmp(at, "z") == 0;
    if (!utc && (sscanf(at, "%c%2d:%2d%n", &sign, &off_h, &off_m, &end) != 3 || at[end] != 0 ||
                 (sign != '+' && sign != '-') || off_h > 23 || off_m > 59)) {
        return WR_E_FORMAT;
    }
    tm.tm_year -= 1900;
    tm.tm_mon -= 1;
    int64_t off = (off_h * 60 + off_m) * 60;
    *ret_s = (int64_t)timegm(&tm) - (sign == '-' ? -off : off);
    return WR_OK;
}

/* --- what goes wrong --- */

int wr_mudmatch_wrong(struct wr_mudmatch *r, int err, const char *format, ...)
{
    char text[512];
    struct wr_str s;
    va_list args;
    if (r->err != WR_OK) {
        return r->err;
    }
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    wr_str_init(&s, r->mistake->text, sizeof(r->mistake->text));
    wr_utf8_safe(&s, text, strlen(text));
    wr_jsonplace_find(&r->way, r->bytes, r->n, &r->mistake->line, &r->mistake->column);
    r->err = err;
    return err;
}

int wr_mudmatch_text(struct wr_mudmatch *r, const char *text, uint32_t *ret_text)
{
    if (wr_mud_text(r->mud, text, strlen(text), ret_text) != WR_OK) {
        return wr_mudmatch_wrong(r, WR_E_LIMIT, "its texts have more than %zu octets in all",
                                 WR_MUD_TEXTS_MAX);
    }
    return WR_OK;
}

int wr_mudmatch_copy(struct wr_mudmatch *r, const json_t *value, size_t most, uint32_t *ret_text)
{
    const char *text = json_string_value(value);
    if (text == NULL) {
        return wr_mudmatch_wrong(r, WR_E_FORMAT, "this has to be a text");
    }
    if (strlen(text) > most) {
        return wr_mudmatch_wrong(r, WR_E_LIMIT, "this has more than %zu octets", most);
    }
    return wr_mudmatch_text(r, text, ret_text);
}

/* --- the description --- */

static int take_url(struct wr_mudmatch *r, const json_t *value, uint32_t *ret)
{
    struct wr_feedurl url;
    const char *why = "this has to be a text";
    const char *text = json_string_value(value);
    if (text == NULL || wr_feedurl_read(text, &url, &why) != WR_OK) {
        return wr_mudmatch_wrong(r, WR_E_FORMAT, "%s", why);
    }
    return wr_mudmatch_copy(r, value, WR_MUD_URL_SIZE - 1, ret);
}

static int take_extensions(struct wr_mudmatch *r, const json_t *list)
{
    if (!json_is_array(list) || json_array_size(list) > WR_MUD_EXTENSIONS_MAX) {
        return wr_mudmatch_wrong(r, WR_E_LIMIT, "extensions has to be a list of at most %d",
                                 WR_MUD_EXTENSIONS_MAX);
    }
    for (size_t i = 0; i < json_array_size(list) && r->err == WR_OK; i++) {
        wr_mudmatch_copy(r, json_array_get(list, i), 40, &r->mud->extension[i]);
        r->mud->extensions++;
    }
    return r->err;
}

static int take_date(struct wr_mudmatch *r, const json_t *value)
{
    if (wr_mudmatch_copy(r, value, 63, &r->mud->last_update) == WR_OK &&
        wr_mudfile_date(wr_mud_at(r->mud, r->mud->last_update), &r->mud->updated_s) != WR_OK) {
        wr_mudmatch_wrong(r, WR_E_FORMAT, "this is no date as 2019-07-23T19:54:26+00:00");
    }
    return r->err;
}

static int take_validity(struct wr_mudmatch *r, const json_t *value)
{
    json_int_t hours = json_integer_value(value);
    if (!json_is_integer(value) || hours < 1 || hours > WR_MUD_VALIDITY_MAX_H) {
        return wr_mudmatch_wrong(r, WR_E_RANGE, "cache-validity is 1 to %d hours",
                                 WR_MUD_VALIDITY_MAX_H);
    }
    r->mud->validity_h = (uint16_t)hours;
    return WR_OK;
}

static int take_version(struct wr_mudmatch *r, const json_t *value)
{
    if (!json_is_integer(value)) {
        return wr_mudmatch_wrong(r, WR_E_FORMAT, "mud-version is a number");
    }
    return json_integer_value(value) == 1
               ? WR_OK
               : wr_mudmatch_wrong(r, WR_E_VERSION, "mud-version %lld is not known, 1 is",
                                   (long long)json_integer_value(value));
}

static int take_member(struct wr_mudmatch *r, const char *key, const json_t *value)
{
    struct wr_mud *m = r->mud;
    const struct {
        const char *key;
        uint32_t *to;
    } texts[] = {{"systeminfo", &m->systeminfo}, {"mfg-name", &m->manufacturer},
                 {"model-name", &m->model},      {"firmware-rev", &m->firmware},
                 {"software-rev", &m->software}, {"documentation", &m->documentation}};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        if (strcmp(key, texts[i].key) == 0) {
            return wr_mudmatch_copy(r, value, WR_MUD_INFO_SIZE - 1, texts[i].to);
        }
    }
    if (strcmp(key, "mud-url") == 0 || strcmp(key, "mud-signature") == 0) {
        return take_url(r, value, key[4] == 'u' ? &m->url : &m->signature);
    }
    if (strcmp(key, "is-supported") == 0) {
        m->supported = json_is_true(value);
        return json_is_boolean(value)
                   ? WR_OK
                   : wr_mudmatch_wrong(r, WR_E_FORMAT, "is-supported is true or false");
    }
    return strcmp(key, "last-update") == 0      ? take_date(r, value)
           : strcmp(key, "cache-validity") == 0 ? take_validity(r, value)
           : strcmp(key, "mud-version") == 0    ? take_version(r, value)
           : strcmp(key, "extensions") == 0     ? take_extensions(r, value)
                                                : WR_OK;
}

static int take_about(struct wr_mudmatch *r, json_t *about)
{
    static const char *const wanted[] = {"mud-version", "mud-url", "last-update", "is-supported"};
    const char *key;
    json_t *value;
    for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
        if (json_object_get(about, wanted[i]) == NULL) {
            return wr_mudmatch_wrong(r, WR_E_FORMAT, "there is no %s in it", wanted[i]);
        }
    }
    json_object_foreach(about, key, value)
    {
        wr_jsonplace_key(&r->way, key);
        take_member(r, key, value);
        wr_jsonplace_up(&r->way);
    }
    return r->err;
}

/* --- lists --- */

/* By the first of two names that is there; *ret_key, which. */
static json_t *either(const json_t *object, const char *one, const char *other,
                      const char **ret_key)
{
    json_t *value = json_object_get(object, one);
    *ret_key = value != NULL ? one : other;
    return value != NULL ? value : json_object_get(object, other);
}

static const char *name_of(const json_t *object, const char *one, const char *other)
{
    const char *key;
    return json_string_value(either(object, one, other, &key));
}

static uint8_t family_of(const json_t *list)
{
    const char *type = name_of(list, "type", "acl-type");
    type = type == NULL ? "" : type;
    const char *colon = strrchr(type, ':');
    type = colon != NULL ? colon + 1 : type;
    return strncmp(type, "ipv4", 4) == 0   ? WR_AF_V4
           : strncmp(type, "ipv6", 4) == 0 ? WR_AF_V6
                                           : WR_AF_NONE;
}

static int take_aces(struct wr_mudmatch *r, const json_t *list, const json_t *aces,
                     uint8_t direction, uint32_t name)
{
    if (!json_is_array(aces)) {
        return wr_mudmatch_wrong(r, WR_E_FORMAT, "an access list has aces, and they a list of ace");
    }
    for (size_t i = 0; i < json_array_size(aces) && r->err == WR_OK; i++) {
        struct wr_mud_ace ace = wr_mud_ace(direction);
        ace.list = name;
        ace.family = family_of(list);
        wr_jsonplace_item(&r->way, i);
        if (wr_mudmatch_ace(r, json_array_get(aces, i), &ace) == WR_OK &&
            wr_mud_add(r->mud, &ace) != WR_OK) {
            wr_mudmatch_wrong(r, WR_E_LIMIT, "there are more than %d ACEs", WR_MUD_ACES_MAX);
        }
        wr_jsonplace_up(&r->way);
    }
    return r->err;
}

/* One that a policy names: r->way is at the list of lists. */
static int take_list(struct wr_mudmatch *r, const json_t *lists, size_t at, uint8_t direction)
{
    const json_t *list = json_array_get(lists, at);
    const char *key, *inner;
    uint32_t name = 0;
    if (wr_mudmatch_text(r, name_of(list, "name", "acl-name"), &name) != WR_OK) {
        return r->err;
    }
    wr_jsonplace_item(&r->way, at);
    json_t *aces = either(list, "aces", "access-list-entries", &key);
    wr_jsonplace_key(&r->way, key);
    json_t *ace = either(aces, "ace", "access-list-entry", &inner);
    wr_jsonplace_key(&r->way, inner);
    if (ace == NULL) {
        wr_jsonplace_up(&r->way);
    }
    take_aces(r, list, ace, direction, name);
    if (ace != NULL) {
        wr_jsonplace_up(&r->way);
    }
    wr_jsonplace_up(&r->way);
    wr_jsonplace_up(&r->way);
    return r->err;
}

/* The number of the list of this name; json_array_size: none. */
static size_t find_list(const json_t *lists, const char *name)
{
    size_t i = 0;
    for (; i < json_array_size(lists); i++) {
        const char *one = name_of(json_array_get(lists, i), "name", "acl-name");
        if (one != NULL && strcmp(one, name) == 0) {
            break;
        }
    }
    return i;
}

/* One of a policy's names of lists. */
static int take_named(struct wr_mudmatch *r, const struct wr_jsonplace *at_lists, json_t *lists,
                      const json_t *names, size_t i, uint8_t direction)
{
    const char *name = name_of(json_array_get(names, i), "name", "acl-name");
    if (name == NULL) {
        return wr_mudmatch_wrong(r, WR_E_FORMAT, "an access list is named by name");
    }
    size_t list = find_list(lists, name);
    if (list == json_array_size(lists)) {
        return wr_mudmatch_wrong(r, WR_E_FORMAT, "there is no access list named %.63s", name);
    }
    if (r->used >> list & 1) {
        return wr_mudmatch_wrong(r, WR_E_FORMAT, "the access list %.63s is named twice", name);
    }
    r->used |= UINT64_C(1) << list;
    struct wr_jsonplace here = r->way;
    r->way = *at_lists;
    int err = take_list(r, lists, list, direction);
    r->way = here;
    return err;
}

/* A policy without a list permits nothing. */
static int take_policy(struct wr_mudmatch *r, const struct wr_jsonplace *at_lists, json_t *lists,
                       json_t *about, uint8_t direction)
{
    const char *steps[] = {direction == WR_MUD_FROM ? "from-device-policy" : "to-device-policy",
                           "access-lists", "access-list"};
    const json_t *at = about;
    unsigned down = 0;
    while (down < 3 && json_object_get(at, steps[down]) != NULL) {
        at = json_object_get(at, steps[down]);
        wr_jsonplace_key(&r->way, steps[down++]);
    }
    if (down == 3 && (!json_is_array(at) || json_array_size(at) > WR_MUD_LISTS_MAX)) {
        wr_mudmatch_wrong(r, WR_E_LIMIT, "this has to be a list of at most %d", WR_MUD_LISTS_MAX);
    }
    for (size_t i = 0; down == 3 && i < json_array_size(at) && r->err == WR_OK; i++) {
        wr_jsonplace_item(&r->way, i);
        take_named(r, at_lists, lists, at, i, direction);
        wr_jsonplace_up(&r->way);
    }
    while (down-- > 0) {
        wr_jsonplace_up(&r->way);
    }
    return r->err;
}

static int check_lists(struct wr_mudmatch *r, const json_t *lists)
{
    if (!json_is_array(lists) || json_array_size(lists) > WR_MUD_LISTS_MAX) {
        return wr_mudmatch_wrong(r, WR_E_LIMIT, "acl has to be a list of at most %d",
                                 WR_MUD_LISTS_MAX);
    }
    for (size_t i = 0; i < json_array_size(lists) && r->err == WR_OK; i++) {
        const char *name = name_of(json_array_get(lists, i), "name", "acl-name");
        wr_jsonplace_item(&r->way, i);
        if (name == NULL || strlen(name) >= WR_MUD_INFO_SIZE) {
            wr_mudmatch_wrong(r, WR_E_FORMAT, "an access list has a name of at most %d octets",
                              WR_MUD_INFO_SIZE - 1);
        } else if (find_list(lists, name) != i) {
            wr_mudmatch_wrong(r, WR_E_FORMAT, "two access lists are named %.63s", name);
        }
        wr_jsonplace_up(&r->way);
    }
    return r->err;
}

/* Where the lists are, in the new form or the old one; r->way is at them. NULL: there are none. */
static json_t *find_lists(struct wr_mudmatch *r, const json_t *root)
{
    static const char *const keys[] = {"ietf-access-control-list:acls", "acls",
                                       "ietf-access-control-list:access-lists", "access-lists"};
    json_t *found = NULL;
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        json_t *one = json_object_get(root, keys[i]);
        if (one != NULL && found != NULL) {
            wr_mudmatch_wrong(r, WR_E_FORMAT, "it has access lists in two forms");
            return NULL;
        }
        if (one != NULL) {
            found = json_object_get(one, "acl");
            r->mud->old_form = i > 1;
            wr_jsonplace_key(&r->way, keys[i]);
            if (found == NULL) {
                wr_mudmatch_wrong(r, WR_E_FORMAT, "there is no acl in it");
                return NULL;
            }
            wr_jsonplace_key(&r->way, "acl");
        }
    }
    if (found == NULL) {
        wr_mudmatch_wrong(r, WR_E_FORMAT, "there are no access lists in it");
    }
    return found;
}

static int take_all(struct wr_mudmatch *r, json_t *root)
{
    json_t *about = json_object_get(root, "ietf-mud:mud");
    if (!json_is_object(about)) {
        return wr_mudmatch_wrong(r, WR_E_FORMAT,
                                 "this is no MUD file: there is no ietf-mud:mud in it");
    }
    json_t *lists = find_lists(r, root);
    if (lists == NULL || check_lists(r, lists) != WR_OK) {
        return r->err;
    }
    struct wr_jsonplace at_lists = r->way;
    r->way.steps = 0;
    wr_jsonplace_key(&r->way, "ietf-mud:mud");
    if (take_about(r, about) == WR_OK &&
        take_policy(r, &at_lists, lists, about, WR_MUD_FROM) == WR_OK) {
        take_policy(r, &at_lists, lists, about, WR_MUD_TO);
    }
    return r->err;
}

/* The same in a block that is no larger than it. NULL: no memory. */
static struct wr_mud *trim(const struct wr_mud *m)
{
    size_t aces = sizeof(struct wr_mud_ace) * m->aces;
    char *block = malloc(sizeof(*m) + aces + m->texts_used);
    if (block == NULL) {
        return NULL;
    }
    struct wr_mud *mud = (struct wr_mud *)(void *)block;
    *mud = *m;
    mud->ace = (struct wr_mud_ace *)(void *)(mud + 1);
    mud->texts = block + sizeof(*m) + aces;
    mud->aces_max = m->aces;
    mud->texts_max = m->texts_used;
    memcpy(mud->ace, m->ace, aces);
    memcpy(mud->texts, m->texts, m->texts_used);
    return mud;
}

int wr_mudfile_read(const char *bytes, size_t n, struct wr_mud **ret_mud,
                    struct wr_mudfile_mistake *ret_mistake)
{
    struct wr_mudmatch r = {.bytes = bytes, .n = n, .mistake = ret_mistake};
    json_error_t error;
    memset(ret_mistake, 0, sizeof(*ret_mistake));
    if (n > WR_MUD_FILE_MAX) {
        snprintf(ret_mistake->text, sizeof(ret_mistake->text), "it has more than %zu octets",
                 WR_MUD_FILE_MAX);
        return WR_E_LIMIT;
    }
    json_t *root = json_loadb(bytes, n, JSON_REJECT_DUPLICATES, &error);
    if (root == NULL) {
        struct wr_str s;
        wr_str_init(&s, ret_mistake->text, sizeof(ret_mistake->text));
        wr_utf8_safe(&s, error.text, strlen(error.text));
        ret_mistake->line = error.line > 0 ? (unsigned)error.line : 1;
        ret_mistake->column = error.column > 0 ? (unsigned)error.column : 1;
        return WR_E_FORMAT;
    }
    r.mud = wr_mudfile_new();
    int err = r.mud == NULL ? WR_E_NOMEM : take_all(&r, root);
    json_decref(root);
    struct wr_mud *mud = err == WR_OK ? trim(r.mud) : NULL;
    wr_mudfile_free(r.mud);
    if (mud == NULL) {
        return err != WR_OK ? err : WR_E_NOMEM;
    }
    *ret_mud = mud;
    return WR_OK;
}
