/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What check_tsig.py talks to: one command a line on standard input, one answer a line.
 *   key ALGORITHM NAME SECRET   the key for what follows; the secret in base16
 *   sign TIME HEX               the query with its TSIG record, in base16
 *   check TIME HEX              "good", "later", or "refused ERROR REASON", of the next message of the response
 *   settled                     "yes" or "no"
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/enc.h"
#include "base/err.h"
#include "transport/tsig.h"

static struct wr_tsig_key key;
static struct wr_tsig tsig;
static uint8_t octets[70000];

static size_t read_hex(const char *text, uint8_t *ret, size_t cap)
{
    size_t n = 0;

    if (!text || wr_enc_from_hex(text, strlen(text), ret, cap, &n)) {
        fprintf(stderr, "tsigtext: not base16\n");
        exit(2);
    }
    return n;
}

static void take_key(const char *alg, const char *name, const char *secret)
{
    if (!wr_tsig_alg_of(alg, &key.alg) || wr_name_from_text(name, strlen(name), &key.name)) {
        exit(2);
    }
    wr_name_lower(key.name.wire, key.name.wire);
    key.size = (uint16_t)read_hex(secret, key.secret, sizeof(key.secret));
    printf("ok\n");
}

static void sign(const char *time, const char *hex)
{
    size_t n = read_hex(hex, octets, sizeof(octets));

    wr_tsig_close(&tsig);
    if (wr_tsig_sign(&tsig, &key, octets, sizeof(octets), &n, atoll(time))) {
        exit(2);
    }
    for (size_t i = 0; i < n; i++) {
        printf("%02x", octets[i]);
    }
    printf("\n");
}

static void check(const char *time, const char *hex)
{
    const struct wr_now now = {.mono_us = 1, .wall_s = atoll(time), .wall_proven = true};
    size_t n = read_hex(hex, octets, sizeof(octets));
    struct wr_tsig_failure failure;
    struct wr_msg m;

    if (wr_msg_parse(&m, octets, n)) {
        printf("malformed\n");
        return;
    }
    switch (wr_tsig_check(&tsig, &m, &now, &failure)) {
    case WR_TSIG_GOOD: printf("good\n"); break;
    case WR_TSIG_LATER: printf("later\n"); break;
    case WR_TSIG_REFUSED: printf("refused %u %s\n", failure.error, failure.reason); break;
    }
}

int main(void)
{
    static char line[200000];

    while (fgets(line, sizeof(line), stdin)) {
        char *rest = line, *verb = strsep(&rest, " \n"), *a = strsep(&rest, " \n"),
             *b = strsep(&rest, " \n"), *c = strsep(&rest, " \n");

        if (strcmp(verb, "key") == 0) {
            take_key(a, b, c);
        } else if (strcmp(verb, "sign") == 0) {
            sign(a, b);
        } else if (strcmp(verb, "check") == 0) {
            check(a, b);
        } else {
            printf("%s\n", wr_tsig_is_settled(&tsig) ? "yes" : "no");
        }
        fflush(stdout);
    }
    wr_tsig_close(&tsig);
    return 0;
}
