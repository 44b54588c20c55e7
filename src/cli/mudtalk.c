/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/mudtalk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/enc.h"
#include "base/err.h"
#include "base/str.h"
#include "cli/verb.h"
#include "cli/when.h"
#include "crypto/digest.h"

/* Octets of one piece: a line of a request has 4096. */
#define PIECE 2400

/* --- from it --- */

/* The octets of a member in base64; NULL: there is none. */
static char *octets_of(const json_t *in, const char *key, size_t *ret_n)
{
    const json_t *text = json_object_get(in, key);
    size_t cap = json_string_length(text), n = 0;
    char *bytes = text ? malloc(cap + 1) : NULL;

    if (bytes &&
        wr_enc_from_base64(json_string_value(text), cap, (uint8_t *)bytes, cap, &n) != WR_OK) {
        free(bytes);
        bytes = NULL;
    }
    if (bytes)
        bytes[n] = '\0';
    *ret_n = n;
    return bytes;
}

void wr_mudtalk_dates(json_t *result)
{
    size_t i;
    json_t *one;

    json_array_foreach(json_object_get(result, "profiles"), i, one)
    {
        (void)wr_when_show(one, "taken");
        (void)wr_when_show(one, "checked");
    }
    (void)wr_when_show(result, "taken");
    (void)wr_when_show(result, "checked");
}

int wr_mudtalk_get(const struct wr_talk *talk, const char *device, bool proposed,
                   struct wr_mudtalk_file *ret_file)
{
    json_t *result = NULL;
    int status = wr_talk_ask(
        talk, "mud_get", json_pack("{s:s, s:b}", "device", device, "proposed", proposed), &result);

    memset(ret_file, 0, sizeof(*ret_file));
    if (status != WR_EXIT_OK)
        return status;
    ret_file->text = octets_of(result, "text", &ret_file->n);
    ret_file->sig = octets_of(result, "signature", &ret_file->sig_n);
    json_object_del(result, "text");
    json_object_del(result, "signature");
    json_object_del(result, "whole");
    ret_file->about = result;
    if (!ret_file->text) {
        fprintf(stderr, "weir mud: the answer cannot be read\n");
        wr_mudtalk_free(ret_file);
        return WR_EXIT_FAILED;
    }
    return WR_EXIT_OK;
}

void wr_mudtalk_free(struct wr_mudtalk_file *file)
{
    free(file->text);
    free(file->sig);
    json_decref(file->about);
    memset(file, 0, sizeof(*file));
}

/* --- to it --- */

static int put_piece(const struct wr_talk *talk, const char *bytes, size_t n, size_t at,
                     bool signature)
{
    char text[PIECE * 4 / 3 + 8];
    struct wr_str s;
    json_t *result = NULL;

    wr_str_init(&s, text, sizeof(text));
    wr_enc_base64(&s, bytes, n);
    int status = wr_talk_ask(
        talk, "mud_put",
        json_pack("{s:I, s:s, s:b}", "at", (json_int_t)at, "data", text, "signature", signature),
        &result);
    json_decref(result);
    return status;
}

static int put_all(const struct wr_talk *talk, const char *bytes, size_t n, bool signature)
{
    int status = WR_EXIT_OK;

    for (size_t at = 0; at < n && status == WR_EXIT_OK; at += PIECE) {
        size_t size = n - at < PIECE ? n - at : PIECE;

        status = put_piece(talk, bytes + at, size, at, signature);
    }
    return status;
}

int wr_mudtalk_import(const struct wr_talk *talk, const char *device,
                      const struct wr_mudtalk_file *file, bool is_unsigned_fine)
{
    char digest[2 * WR_DIGEST_MAX + 1];
    uint8_t out[WR_DIGEST_MAX];
    struct wr_str s;
    json_t *result = NULL;
    int status = put_all(talk, file->text, file->n, false);

    if (status == WR_EXIT_OK && file->sig_n > 0)
        status = put_all(talk, file->sig, file->sig_n, true);
    wr_str_init(&s, digest, sizeof(digest));
    if (wr_digest_of(WR_HASH_SHA256, file->text, file->n, out) == WR_OK)
        wr_str_hex(&s, out, 32);
    if (status == WR_EXIT_OK)
        status = wr_talk_ask(talk, "mud_import",
                             json_pack("{s:s, s:s, s:b}", "device", device, "digest", digest,
                                       "unsigned", is_unsigned_fine),
                             &result);
    if (status == WR_EXIT_OK) {
        if (!talk->json)
            wr_mudtalk_dates(result);
        status = wr_talk_print(talk, result);
    }
    json_decref(result);
    return status;
}

/* --- from afar --- */

/* How it is; WR_EXIT_OK and *ret_going: it is under way still. */
static int look(const struct wr_talk *talk, const char *verb, json_t *args, bool *ret_going)
{
    json_t *result = NULL;
    int status = wr_talk_ask(talk, verb, args, &result);
    const char *fetch = json_string_value(json_object_get(result, "fetch"));
    const char *why = json_string_value(json_object_get(result, "why"));

    *ret_going = status == WR_EXIT_OK && fetch && !strcmp(fetch, "under way");
    if (status == WR_EXIT_OK && !*ret_going && (!fetch || strcmp(fetch, "done") != 0)) {
        const char *url = json_string_value(json_object_get(result, "url"));

        fprintf(stderr, "weir mud: %s: %s\n", url ? url : "?", why ? why : "it was not fetched");
        status = WR_EXIT_FAILED;
    }
    json_decref(result);
    return status;
}

int wr_mudtalk_fetch(const struct wr_talk *talk, const char *device, bool is_unsigned_fine)
{
    const struct timespec pause = {.tv_nsec = 100 * 1000 * 1000};
    json_t *result = NULL;
    bool going = false;
    int status =
        look(talk, "mud_fetch",
             json_pack("{s:s, s:b}", "device", device, "unsigned", is_unsigned_fine), &going);

    while (status == WR_EXIT_OK && going) {
        nanosleep(&pause, NULL); /* each step of it ends by itself, by a limit of its own */
        status = look(talk, "mud_fetched", json_object(), &going);
    }
    if (status == WR_EXIT_OK)
        status = wr_talk_ask(talk, "mud_get", json_pack("{s:s}", "device", device), &result);
    if (status == WR_EXIT_OK) {
        json_object_del(result, "text");
        json_object_del(result, "signature");
        json_object_del(result, "whole");
        if (!talk->json)
            wr_mudtalk_dates(result);
        status = wr_talk_print(talk, result);
    }
    json_decref(result);
    return status;
}
