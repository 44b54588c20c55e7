/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/certshow.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/err.h"
#include "cli/readfile.h"
#include "cli/table.h"
#include "cli/verb.h"
#include "crypto/pin.h"
#include "crypto/wipe.h"
#include "transport/certlook.h"
#include "transport/certmake.h"

#define FILE_MAX ((size_t)256 * 1024)
#define DAY_S    86400

static int fail(const char *path, const char *why)
{
    fprintf(stderr, "weir cert: %s: %s\n", path, why);
    return WR_EXIT_FAILED;
}

static json_t *pin_json(const struct wr_pin *pin)
{
    char text[WR_PIN_TEXT_SIZE];
    struct wr_str s;

    wr_str_init(&s, text, sizeof(text));
    wr_pin_text(pin, &s);
    return json_sprintf("sha256/%s", text);
}

static json_t *day_json(int64_t when_s)
{
    char text[40];
    time_t when = (time_t)when_s;
    struct tm tm;

    if (!gmtime_r(&when, &tm) || !strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm))
        return json_null();
    return json_string(text);
}

static json_t *names_json(const struct wr_creds_facts *facts)
{
    json_t *names = json_array();
    char text[WR_ADDR_TEXT_SIZE];

    for (const char *name = facts->names; *name; name += strlen(name) + 1)
        json_array_append_new(names, json_string(name));
    for (unsigned i = 0; i < facts->addrs; i++) {
        wr_addr_to_text(&facts->addr[i], text, sizeof(text));
        json_array_append_new(names, json_string(text));
    }
    return names;
}

/* What a client would mind; the first one is what is wrong now. */
static json_t *minded(const struct wr_certlook *look, int64_t now_s)
{
    const struct wr_creds_facts *f = &look->facts;
    json_t *wrong = json_array();

    if (now_s > f->not_after_s)
        json_array_append_new(wrong, json_string("expired"));
    if (now_s < f->not_before_s)
        json_array_append_new(wrong, json_string("not good yet"));
    if (f->key == WR_CREDS_RSA)
        json_array_append_new(wrong, json_string("RSA: a signature costs ten times ECDSA's"));
    if (!look->authority && !f->addrs && !f->names[0])
        json_array_append_new(wrong, json_string("no names: clients that check names refuse it"));
    return wrong;
}

static json_t *cert_json(const struct wr_certlook *look, int64_t now_s)
{
    static const char *const kinds[] = {"other", "RSA", "ECDSA", "EdDSA"};
    const struct wr_creds_facts *f = &look->facts;
    char digest[2 * sizeof(look->digest) + 1];
    struct wr_pin pin;
    struct wr_str s;

    wr_str_init(&s, digest, sizeof(digest));
    wr_str_hex(&s, look->digest, sizeof(look->digest));
    memcpy(pin.digest, f->pin, sizeof(pin.digest));
    return json_pack("{s:s, s:s, s:o, s:b, s:b, s:o, s:o, s:I, s:o, s:o, s:s, s:o}", "subject",
                     look->subject, "issuer", look->issuer, "names", names_json(f), "authority",
                     (int)look->authority, "self_signed", (int)look->self_signed, "from",
                     day_json(f->not_before_s), "until", day_json(f->not_after_s), "days_left",
                     (json_int_t)((f->not_after_s - now_s) / DAY_S), "key",
                     json_sprintf("%s %u", kinds[f->key], f->key_bits), "pin", pin_json(&pin),
                     "sha256", digest, "minded", minded(look, now_s));
}

static int show(const char *path, const char *text, json_t *all)
{
    struct wr_certlook look;
    struct wr_pin pin;
    int64_t now_s = time(NULL);
    int err = WR_OK;
    unsigned n = 0;

    if (strstr(text, "PRIVATE KEY-----") && !strstr(text, "BEGIN CERTIFICATE")) {
        if (wr_certmake_pin(text, &pin))
            return fail(path, "a key that cannot be read");
        json_array_append_new(all, json_pack("{s:o}", "key_pin", pin_json(&pin)));
        return WR_EXIT_OK;
    }
    for (; !(err = wr_certlook(text, n, &look)); n++)
        json_array_append_new(all, cert_json(&look, now_s));
    if (err == WR_E_LIMIT)
        return fail(path, "more certificates than a chain may have");
    if (err != WR_E_NOTFOUND || n == 0)
        return fail(path, "holds no certificate in PEM form that can be read");
    err = wr_certlook(text, 0, &look);
    return !err && now_s >= look.facts.not_before_s && now_s <= look.facts.not_after_s
               ? WR_EXIT_OK
               : WR_EXIT_FAILED;
}

int wr_certshow_run(const char *path, bool json)
{
    const char *why;
    size_t size, i;
    char *text = wr_readfile(path, FILE_MAX, &size, &why);
    json_t *all = json_array(), *one;
    int status = !text                  ? fail(path, why)
                 : strlen(text) != size ? fail(path, "not PEM: there is a NUL in it")
                                        : show(path, text, all);

    if (text)
        wr_wipe(text, size);
    free(text);
    if (json && json_array_size(all) > 0) {
        json_dumpf(all, stdout, JSON_INDENT(2));
        putchar('\n');
    } else if (!json) {
        json_array_foreach(all, i, one)
        {
            if (i)
                putchar('\n');
            wr_table_print(one, stdout);
        }
    }
    json_decref(all);
    return status;
}
