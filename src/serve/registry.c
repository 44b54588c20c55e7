/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/registry.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/enc.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/str.h"
#include "serve/json.h"
#include "serve/keepfile.h"

#define SUM_SIZE 17 /* the digits and a blank */
#define VERSION  1

/* Of accidents: nothing secret. */
static const struct wr_hash_key sum_key = {{0x77656972, 0x64657631}};

/* --- writing --- */

struct text {
    char *at;
    size_t size, room;
    bool failed;
};

static void add(struct text *t, const char *bytes, size_t n)
{
    if (t->size + n > t->room && !t->failed) {
        size_t room = (t->size + n) * 2 + 4096;
        char *at = realloc(t->at, room);
        t->failed = at == NULL;
        t->at = at != NULL ? at : t->at;
        t->room = at != NULL ? room : t->room;
    }
    if (!t->failed) {
        memcpy(t->at + t->size, bytes, n);
        t->size += n;
    }
}

static void add_line(struct text *t, const char *line, size_t n)
{
    char sum[SUM_SIZE + 1];
    snprintf(sum, sizeof(sum), "%016llx ", (unsigned long long)wr_hash_sip24(&sum_key, line, n));
    add(t, sum, SUM_SIZE);
    add(t, line, n);
    add(t, "\n", 1);
}

static void put_marks(struct wr_json *j, const struct wr_census_device *d)
{
    wr_json_array(j, "marks");
    for (size_t i = 0; i < WR_CENSUS_MARKS_MAX; i++) {
        const struct wr_mark *m = &d->mark[i];
        char hex[2 * WR_MARK_SIZE + 1];
        struct wr_str s;
        if (m->kind == WR_MARK_NONE) {
            continue;
        }
        wr_str_init(&s, hex, sizeof(hex));
        wr_str_hex(&s, m->octets, m->size);
        wr_json_array(j, NULL);
        wr_json_u64(j, NULL, m->kind);
        wr_json_u64(j, NULL, m->sources);
        wr_json_i64(j, NULL, m->first_s);
        wr_json_i64(j, NULL, m->last_s);
        wr_json_text(j, NULL, hex);
        if (m->doubted) {
            wr_json_bool(j, NULL, true);
        }
        wr_json_end(j);
    }
    wr_json_end(j);
}

/* Those of a link alone come back by themselves, and their interface may have another number then. */
static void put_addresses(struct wr_json *j, const struct wr_census_device *d)
{
    wr_json_array(j, "addresses");
    for (size_t i = 0; i < WR_CENSUS_ADDRESSES_MAX; i++) {
        const struct wr_census_address *a = &d->address[i];
        char text[WR_ADDR_TEXT_SIZE];
        if (a->addr.family == WR_AF_NONE || wr_addr_kind(&a->addr) == WR_ADDR_LINK_LOCAL) {
            continue;
        }
        wr_addr_to_text(&a->addr, text, sizeof(text));
        wr_json_array(j, NULL);
        wr_json_text(j, NULL, text);
        wr_json_i64(j, NULL, a->last_s);
        wr_json_i64(j, NULL, a->lease_s);
        wr_json_end(j);
    }
    wr_json_end(j);
}

static void put_device(struct text *t, const struct wr_census_device *d,
                       const struct wr_labels *labels)
{
    char line[WR_REGISTRY_LINE_MAX];
    struct wr_json j;
    wr_json_init(&j, line, sizeof(line), NULL, NULL);
    wr_json_object(&j, NULL);
    wr_json_u64(&j, "number", d->number);
    wr_json_text(&j, "name", d->name);
    wr_json_text(&j, "kind", d->kind);
    wr_json_i64(&j, "first", d->first_s);
    wr_json_i64(&j, "last", d->last_s);
    wr_json_u64(&j, "trouble", d->trouble);
    wr_json_i64(&j, "trouble_at", d->trouble_s);
    wr_json_bool(&j, "linked", d->linked);
    wr_json_bool(&j, "quarantined", d->quarantined);
    wr_json_text(&j, "reason", d->reason);
    if (d->quarantined) {
        wr_json_i64(&j, "shut_since", d->shut.since_s);
    }
    if (d->quarantined && d->shut.timed) {
        wr_json_u64(&j, "shut_left", d->shut.left_s);
        wr_json_i64(&j, "shut_until", d->shut.until_s);
    }
    wr_json_array(&j, "groups");
    for (size_t i = 0; i < WR_CENSUS_GROUPS; i++) {
        if (d->group[i] != 0) {
            wr_json_text(&j, NULL, wr_labels_text(labels, d->group[i]));
        }
    }
    wr_json_end(&j);
    put_marks(&j, d);
    put_addresses(&j, d);
    wr_json_end(&j);
    if (wr_json_finish(&j) == WR_OK) { /* and ends with a line feed */
        add_line(t, line, strcspn(line, "\n"));
    }
}

int wr_registry_text(const struct wr_census *m, const struct wr_labels *labels, char **ret_text,
                     size_t *ret_size)
{
    struct text t = {.at = NULL};
    const struct wr_census_device *d;
    uint32_t cursor = 0;
    char head[64];
    int n = snprintf(head, sizeof(head), "{\"weir_devices\":%d,\"next\":%lu}", VERSION,
                     (unsigned long)wr_census_next(m));
    add_line(&t, head, (size_t)n);
    while ((d = wr_census_walk(m, &cursor)) != NULL) {
        if (!wr_census_is_guest(d)) {
            put_device(&t, d, labels);
        }
    }
    if (t.failed) {
        free(t.at);
        return WR_E_NOMEM;
    }
    *ret_text = t.at;
    *ret_size = t.size;
    return WR_OK;
}

/* --- reading --- */

static bool get_int(const json_t *in, int64_t most, int64_t *ret_v)
{
    if (!json_is_integer(in) || json_integer_value(in) < 0 || json_integer_value(in) > most) {
        return false;
    }
    *ret_v = json_integer_value(in);
    return true;
}

/* A moment: one that weir may have seen. */
static bool get_time(const json_t *in, int64_t *ret_s)
{
    return get_int(in, INT64_C(253402300799), ret_s);
}

static bool get_text(const json_t *in, char *ret_text, size_t cap)
{
    if (!json_is_string(in) || json_string_length(in) >= cap ||
        strlen(json_string_value(in)) != json_string_length(in)) {
        return false;
    }
    memcpy(ret_text, json_string_value(in), json_string_length(in) + 1);
    return true;
}

static bool get_marks(const json_t *in, struct wr_census_device *d)
{
    size_t i, size = 0;
    const json_t *one;
    json_array_foreach(in, i, one)
    {
        struct wr_mark *m = &d->mark[i < WR_CENSUS_MARKS_MAX ? i : 0];
        int64_t kind, sources;
        const json_t *hex = json_array_get(one, 4);
        if (i >= WR_CENSUS_MARKS_MAX ||
            !get_int(json_array_get(one, 0), WR_MARK_KINDS - 1, &kind) || kind == WR_MARK_NONE ||
            !get_int(json_array_get(one, 1), WR_FROM_ALL, &sources) ||
            !get_time(json_array_get(one, 2), &m->first_s) ||
            !get_time(json_array_get(one, 3), &m->last_s) || !json_is_string(hex) ||
            wr_enc_from_hex(json_string_value(hex), json_string_length(hex), m->octets,
                            sizeof(m->octets), &size) != WR_OK ||
            size == 0 || (kind == WR_MARK_MAC && size != 6)) {
            return false;
        }
        m->kind = (uint8_t)kind;
        m->sources = (uint8_t)sources;
        m->size = (uint8_t)size;
        m->doubted = json_is_true(json_array_get(one, 5));
    }
    return json_is_array(in);
}

static bool get_addresses(const json_t *in, struct wr_census_device *d)
{
    size_t i;
    const json_t *one;
    json_array_foreach(in, i, one)
    {
        struct wr_census_address *a = &d->address[i < WR_CENSUS_ADDRESSES_MAX ? i : 0];
        const char *text = json_string_value(json_array_get(one, 0));
        if (i >= WR_CENSUS_ADDRESSES_MAX || text == NULL ||
            wr_addr_from_text(text, &a->addr) != WR_OK || a->addr.port != 0 || a->addr.scope != 0 ||
            !get_time(json_array_get(one, 1), &a->last_s) ||
            !get_int(json_array_get(one, 2), INT64_MAX, &a->lease_s)) {
            return false;
        }
    }
    return json_is_array(in);
}

static bool get_groups(const json_t *in, struct wr_labels *labels, struct wr_census_device *d)
{
    size_t i;
    const json_t *one;
    json_array_foreach(in, i, one)
    {
        if (i >= WR_CENSUS_GROUPS || !json_is_string(one)) {
            return false;
        }
        d->group[i] = wr_labels_number(labels, json_string_value(one));
    }
    return json_is_array(in);
}

/* Each may be missing: there is no end, or the registry is an older one. */
static bool get_shut(const json_t *in, struct wr_census_shut *shut)
{
    const json_t *since = json_object_get(in, "shut_since"),
                 *left = json_object_get(in, "shut_left");
    int64_t left_s = 0;
    if ((since != NULL && !get_time(since, &shut->since_s)) ||
        (left != NULL && (!get_int(left, UINT32_MAX, &left_s) ||
                          !get_time(json_object_get(in, "shut_until"), &shut->until_s)))) {
        return false;
    }
    shut->timed = shut->kept = left != NULL;
    shut->left_s = (uint32_t)left_s;
    return true;
}

static bool get_device(const json_t *in, struct wr_labels *labels, struct wr_census_device *d)
{
    int64_t number, trouble;
    if (!get_int(json_object_get(in, "number"), UINT32_MAX - 1, &number) || number == 0 ||
        !get_text(json_object_get(in, "name"), d->name, sizeof(d->name)) ||
        !get_text(json_object_get(in, "kind"), d->kind, sizeof(d->kind)) ||
        !get_time(json_object_get(in, "first"), &d->first_s) ||
        !get_time(json_object_get(in, "last"), &d->last_s) ||
        !get_int(json_object_get(in, "trouble"), WR_TROUBLE_WISHES, &trouble) ||
        !get_time(json_object_get(in, "trouble_at"), &d->trouble_s)) {
        return false;
    }
    d->number = (uint32_t)number;
    d->trouble = (uint8_t)trouble;
    d->linked = json_is_true(json_object_get(in, "linked"));
    d->quarantined = json_is_true(json_object_get(in, "quarantined"));
    const json_t *reason = json_object_get(in, "reason"); /* of an older registry: there is none */
    if (reason != NULL && !get_text(reason, d->reason, sizeof(d->reason))) {
        return false;
    }
    return get_shut(in, &d->shut) && get_marks(json_object_get(in, "marks"), d) &&
           get_addresses(json_object_get(in, "addresses"), d) &&
           get_groups(json_object_get(in, "groups"), labels, d);
}

int wr_registry_line(const char *line, size_t size, struct wr_labels *labels,
                     struct wr_census_device *ret_device, uint32_t *ret_next)
{
    char sum[SUM_SIZE + 1];
    struct wr_census_device d = {.number = 0};
    int64_t version, next = 0;
    if (size < SUM_SIZE || size > WR_REGISTRY_LINE_MAX + SUM_SIZE) {
        return WR_E_FORMAT;
    }
    snprintf(sum, sizeof(sum), "%016llx ",
             (unsigned long long)wr_hash_sip24(&sum_key, line + SUM_SIZE, size - SUM_SIZE));
    if (memcmp(sum, line, SUM_SIZE) != 0) {
        return WR_E_CHECKSUM;
    }
    json_t *in = json_loadb(line + SUM_SIZE, size - SUM_SIZE, JSON_REJECT_DUPLICATES, NULL);
    bool head = get_int(json_object_get(in, "weir_devices"), VERSION, &version);
    bool good = head ? get_int(json_object_get(in, "next"), UINT32_MAX - 1, &next) && next > 0
                     : get_device(in, labels, &d);
    json_decref(in);
    if (!good) {
        return WR_E_FORMAT;
    }
    *ret_device = d;
    *ret_next = (uint32_t)next;
    return WR_OK;
}

int wr_registry_read(struct wr_census *m, const char *text, size_t size, struct wr_labels *labels,
                     struct wr_registry_read *ret_read)
{
    struct wr_registry_read read = {0, 0};
    bool begun = false;
    for (size_t at = 0; at < size;) {
        struct wr_census_device d;
        uint32_t next = 0;
        const char *end = memchr(text + at, '\n', size - at);
        size_t n = end != NULL ? (size_t)(end - text) - at : size - at;
        int err = wr_registry_line(text + at, n, labels, &d, &next);
        if (!begun && (err != WR_OK || next == 0)) {
            return WR_E_FORMAT;
        }
        if (err == WR_OK && next > 0) {
            wr_census_set_next(m, next);
        } else if (err == WR_OK && wr_census_restore(m, &d) == WR_OK) {
            read.devices++;
        } else {
            read.bad++;
        }
        begun = true;
        at += n + 1;
    }
    *ret_read = read;
    return begun ? WR_OK : WR_E_FORMAT;
}

/* --- the file --- */

int wr_registry_load(struct wr_census *m, const char *path, struct wr_labels *labels,
                     struct wr_registry_read *ret_read)
{
    uint8_t *bytes = NULL;
    size_t size = 0;
    int fd, err = wr_keepfile_open(path, false, &fd);
    if (err != WR_OK) {
        return err;
    }
    err = wr_keepfile_read(fd, WR_REGISTRY_FILE_MAX, &bytes, &size);
    close(fd);
    if (err == WR_OK) {
        err = wr_registry_read(m, (const char *)bytes, size, labels, ret_read);
    }
    free(bytes);
    if (err == WR_E_FORMAT || err == WR_E_LIMIT) {
        (void)wr_keepfile_aside(path);
    }
    return err;
}

int wr_registry_save(const char *path, const char *text, size_t size)
{
    char fresh[WR_KEEPFILE_PATH_MAX + 8];
    int fd;
    snprintf(fresh, sizeof(fresh), "%s.new", path);
    int err = wr_keepfile_open(fresh, true, &fd);
    if (err != WR_OK) {
        return err;
    }
    err = ftruncate(fd, 0) == 0 ? wr_keepfile_append(fd, 0, text, size, NULL) : WR_E_IO;
    close(fd);
    return err == WR_OK ? wr_keepfile_replace(fresh, path) : err;
}
