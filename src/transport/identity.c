/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/identity.h"

#include <string.h>

#include "base/err.h"

static void identity_set(struct wr_identity *who, uint8_t kind, const char *text, size_t n)
{
    memcpy(who->text, text, n);
    who->text[n] = '\0';
    who->kind = kind;
}

static bool is_label(const char *text, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        char c = text[i];

        if ((c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' && c != '_') {
            return false;
        }
    }
    return n > 0 && n < WR_IDENTITY_SIZE;
}

void wr_identity_name(struct wr_identity *who, const char *name, const char *below)
{
    size_t n = strlen(name), of_below = strlen(below);

    if (of_below == 0 || n < of_below + 2 || memcmp(name + n - of_below, below, of_below) != 0 ||
        name[n - of_below - 1] != '.') {
        return;
    }
    if (is_label(name, n - of_below - 1)) {
        identity_set(who, WR_IDENTITY_SNI, name, n - of_below - 1);
    }
}

void wr_identity_certificate(struct wr_identity *who, const struct wr_creds *creds,
                             const struct wr_certs *chain)
{
    struct wr_verdict_text not_told;
    struct wr_creds_facts facts;
    size_t n;

    if (wr_creds_verify(creds, chain, NULL, &not_told) != WR_OK ||
        wr_creds_facts_of(chain->cert[0].der, chain->cert[0].size, &facts) != WR_OK) {
        return;
    }
    n = strlen(facts.names);
    for (size_t i = 0; i < n; i++) {
        facts.names[i] = (char)(facts.names[i] >= 'A' && facts.names[i] <= 'Z' ? facts.names[i] + 32
                                                                               : facts.names[i]);
    }
    if (n > 0 && n < sizeof(who->text)) {
        identity_set(who, WR_IDENTITY_CERTIFICATE, facts.names, n);
    }
}
