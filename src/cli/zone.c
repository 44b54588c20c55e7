/* SPDX-License-Identifier: Apache-2.0 */
/* weir zone: every mistake of a zone file, each with its place. */
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>

#include "base/err.h"
#include "base/utf8.h"
#include "cli/opts.h"
#include "cli/verb.h"
#include "conf/names.h"
#include "conf/zoneload.h"
#include "dns/codes.h"
#include "dns/zonecheck.h"

enum {
    ENTRIES_LEAST = 1 << 14,
    ENTRY_OCTETS = 32 /* of a file for each name and each RRset, roughly */
};

struct zone {
    bool json, generate;
    bool has_digest; /* a ZONEMD record stands somewhere */
    bool digest_good;
    const char *origin, *file;
    struct wr_zonefile_options options;
    struct wr_name apex;
    struct wr_zonecheck check;
    struct wr_hash_key key;
    void *block;
    unsigned long records, errors, warnings;
};

/* What is told of one mistake, beside its words. */
struct about {
    const char *file;
    const struct wr_zonefile_place *place; /* line 0: the whole file */
    const uint8_t *owner;                  /* or NULL */
    uint16_t type;                         /* or 0 */
    bool warning;
};

static const char *safe(const char *text, char *room, size_t cap)
{
    struct wr_str s;

    wr_str_init(&s, room, cap);
    wr_utf8_safe(&s, text, strlen(text));
    return room;
}

static void tell_text(const struct about *a, const char *reason)
{
    char file[WR_ZONEFILE_LINE_SIZE], name[WR_NAME_TEXT_SIZE], type[WR_CODE_TEXT_SIZE];

    fprintf(stderr, "%s:", safe(a->file, file, sizeof(file)));
    if (a->place->line)
        fprintf(stderr, "%u:%u:", a->place->line, a->place->column);
    fprintf(stderr, " %s", a->warning ? "warning: " : "");
    if (a->owner) {
        wr_name_to_text(a->owner, name, sizeof(name));
        fprintf(stderr, "%s ", name);
    }
    if (a->type) {
        wr_codes_type_text(a->type, type, sizeof(type));
        fprintf(stderr, "%s: ", type);
    }
    fprintf(stderr, "%s\n", reason);
}

static void tell_json(const struct zone *z, const struct about *a, const char *reason)
{
    char file[WR_ZONEFILE_LINE_SIZE], name[WR_NAME_TEXT_SIZE], type[WR_CODE_TEXT_SIZE];
    json_t *one = json_pack("{s:s, s:i, s:i, s:s, s:s}", "file", safe(a->file, file, sizeof(file)),
                            "line", (int)a->place->line, "column", (int)a->place->column,
                            "severity", a->warning ? "warning" : "error", "message", reason);

    if (a->owner) {
        wr_name_to_text(a->owner, name, sizeof(name));
        json_object_set_new(one, "owner", json_string(name));
    }
    if (a->type) {
        wr_codes_type_text(a->type, type, sizeof(type));
        json_object_set_new(one, "type", json_string(type));
    }
    fputs(z->errors + z->warnings > 1 ? ",\n    " : "\n    ", stdout);
    if (one)
        json_dumpf(one, stdout, JSON_COMPACT);
    json_decref(one);
}

/* There may be millions: each is written when it is found. */
static void tell(struct zone *z, const struct about *a, const char *reason)
{
    if (a->warning)
        z->warnings++;
    else
        z->errors++;
    if (z->json)
        tell_json(z, a, reason);
    else
        tell_text(a, reason);
}

static int learn(void *data, const struct wr_zonefile_event *rr, const char *file)
{
    struct zone *z = data;

    (void)file;
    z->has_digest = z->has_digest || rr->type == WR_TYPE_ZONEMD;
    return wr_zonecheck_learn(&z->check, rr);
}

static int judge(void *data, const struct wr_zonefile_event *rr, const char *file)
{
    struct zone *z = data;
    struct wr_zonecheck_finding found[WR_ZONECHECK_FINDINGS];
    unsigned n = wr_zonecheck_judge(&z->check, rr, found);

    z->records++;
    for (unsigned i = 0; i < n; i++) {
        struct about a = {file, &rr->place, rr->owner, rr->type, found[i].warning};

        tell(z, &a, found[i].reason);
    }
    return WR_OK;
}

static void take_mistake(void *data, const struct wr_zonefile_event *mistake, const char *file)
{
    struct about a = {file, &mistake->place, NULL, mistake->type, mistake->warning};

    tell(data, &a, mistake->reason);
}

/* A guess from the size of the file; what it includes is not looked at. */
static uint32_t entries_first(const char *path)
{
    uint32_t entries = ENTRIES_LEAST;
    struct stat st;

    if (stat(path, &st))
        return entries;
    while (entries < WR_ZONECHECK_ENTRIES_MAX && entries < st.st_size / ENTRY_OCTETS)
        entries *= 2;
    return entries;
}

/* Reads the file as often as the memory for what is learned has to grow. */
static int learn_all(struct zone *z)
{
    const struct wr_zoneload_sink sink = {.data = z, .record = learn};
    int err = WR_E_FULL;

    for (uint32_t entries = entries_first(z->file); err == WR_E_FULL; entries *= 2) {
        if (entries > WR_ZONECHECK_ENTRIES_MAX)
            return WR_E_LIMIT;
        free(z->block);
        z->block = malloc(wr_zonecheck_size(entries));
        if (!z->block)
            return WR_E_NOMEM;
        wr_zonecheck_start(&z->check, z->options.origin, &z->key, z->block, entries);
        err = wr_zoneload(z->file, &z->options, &sink);
    }
    return err;
}

static int check_all(struct zone *z)
{
    const struct wr_zoneload_sink sink = {.data = z, .record = judge, .mistake = take_mistake};
    struct wr_zonecheck_finding found[WR_ZONECHECK_FINDINGS];
    struct wr_zonefile_place nowhere = {0};
    int err = wr_zoneload(z->file, &z->options, &sink);
    unsigned n = err ? 0 : wr_zonecheck_finish(&z->check, found);

    for (unsigned i = 0; i < n; i++) {
        struct about a = {z->file, &nowhere, NULL, 0, found[i].warning};

        tell(z, &a, found[i].reason);
    }
    return err;
}

static int keep(void *data, const struct wr_zonefile_event *rr, const char *file)
{
    (void)file;
    return wr_names_add(data, rr->owner, rr->type, rr->ttl, rr->rdata, rr->rdata_size, 0)
               ? WR_OK
               : WR_E_FULL;
}

/* The zone against the digest in it: only for that all of it is kept. */
static int check_digest(struct zone *z)
{
    struct wr_zonemd_result got = {.verdict = WR_ZONEMD_NONE};
    struct wr_zonefile_place nowhere = {0};
    struct about a = {z->file, &nowhere, NULL, WR_TYPE_ZONEMD, false};
    struct wr_names names;
    const struct wr_zoneload_sink sink = {.data = &names, .record = keep};
    int err;

    if (!z->has_digest || !z->check.has_apex)
        return WR_OK;
    a.owner = z->check.apex.wire;
    wr_names_init(&names, z->file);
    err = wr_zoneload(z->file, &z->options, &sink);
    if (!err)
        err = wr_names_digest(&names, z->check.apex.wire, &got);
    wr_names_free(&names);
    a.warning = err == WR_E_FULL || got.verdict == WR_ZONEMD_UNKNOWN;
    z->digest_good = !err && got.verdict == WR_ZONEMD_GOOD;
    if (err == WR_E_FULL)
        tell(z, &a, "the zone has more records than a digest is made of here");
    else if (!err && got.reason)
        tell(z, &a, got.reason);
    return err == WR_E_FULL ? WR_OK : err;
}

/* The file is not to be had, or not whole: a mistake as any other. */
static void tell_failure(struct zone *z, int err)
{
    static const struct wr_zonefile_place nowhere;
    const struct about a = {.file = z->file, .place = &nowhere};
    const char *why = strerror(errno);

    if (err == WR_E_DENIED)
        why = "not a plain file";
    else if (err == WR_E_LIMIT)
        why = "more names than can be checked";
    else if (err == WR_E_NOMEM)
        why = "not enough memory";
    tell(z, &a, why);
}

static void print_end(const struct zone *z)
{
    char file[WR_ZONEFILE_LINE_SIZE], name[WR_NAME_TEXT_SIZE] = "";

    if (z->check.has_apex)
        wr_name_to_text(z->check.apex.wire, name, sizeof(name));
    if (z->json) {
        json_t *zone = json_string(name);

        printf("%s],\n  \"zone\": ", z->errors + z->warnings ? "\n  " : "");
        json_dumpf(zone, stdout, JSON_ENCODE_ANY);
        json_decref(zone);
        printf(
            ",\n  \"records\": %lu,\n  \"errors\": %lu,\n  \"warnings\": %lu,\n  \"digest\": %s,\n"
            "  \"ok\": %s\n}\n",
            z->records, z->errors, z->warnings, z->digest_good ? "true" : "false",
            z->errors ? "false" : "true");
    } else if (z->errors) {
        printf("%s: %lu records, %lu errors, %lu warnings\n", safe(z->file, file, sizeof(file)),
               z->records, z->errors, z->warnings);
    } else {
        printf("%s: good: %s, %lu records, %lu warnings%s\n", safe(z->file, file, sizeof(file)),
               name, z->records, z->warnings,
               z->digest_good ? ", the digest in it (ZONEMD) is right" : "");
    }
}

static int check(struct zone *z)
{
    int err;

    z->options.class_ = WR_CLASS_IN;
    z->options.generate = z->generate;
    if (z->json)
        fputs("{\n  \"mistakes\": [", stdout);
    err = getrandom(&z->key, sizeof(z->key), 0) == (ssize_t)sizeof(z->key) ? WR_OK : WR_E_IO;
    if (!err)
        err = learn_all(z);
    if (!err)
        err = check_all(z);
    if (!err)
        err = check_digest(z);
    if (err)
        tell_failure(z, err);
    print_end(z);
    return z->errors ? WR_EXIT_FAILED : WR_EXIT_OK;
}

int wr_cli_zone(int argc, char **argv)
{
    struct zone z = {0};
    const struct wr_opt table[] = {
        {"origin", 'o', .value = &z.origin, .meta = "NAME",
         .help = "the zone's name; else that of its SOA record"},
        {"generate", 'g', .flag = &z.generate, .help = "take $GENERATE"},
        {"json", 'j', .flag = &z.json, .help = "print the mistakes as JSON"},
    };
    struct wr_opts opts = {
        "zone",
        "check FILE",
        "Finds every mistake in a zone file and in what it includes from its own "
        "folder,\nand holds the zone against the digest in it (ZONEMD, RFC 8976).\nExit status 1 "
        "when there is a mistake; warnings alone are good.",
        table,
        sizeof(table) / sizeof(table[0]),
        NULL,
        0};
    char word[WR_OPTS_WORD_SIZE];
    int status = wr_opts_read_word(&opts, argc, argv, word);

    if (status != WR_OPTS_GO)
        return status;
    z.file = opts.operand[1];
    if (z.origin) {
        if (wr_name_from_text(z.origin, strlen(z.origin), &z.apex))
            return wr_opts_misused(&opts, "--origin wants a domain name");
        z.options.origin = z.apex.wire;
    }
    status = check(&z);
    free(z.block);
    return status;
}
