/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/mudcheck.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/limits.h"
#include "base/str.h"
#include "base/utf8.h"
#include "serve/mudoffers.h"
#include "transport/creds.h"

enum { TEXT_SIZE = PATH_MAX + 300 };

/* Paths are any octets; what is told is text. EACCES of who is not root is a note: the daemon may be let in. */
static void tell(const struct wr_names_hooks *hooks, bool note, const char *key, const char *path,
                 const char *why)
{
    char raw[TEXT_SIZE], text[TEXT_SIZE];
    struct wr_str s;
    snprintf(raw, sizeof(raw), "%s: %s", path, why);
    wr_str_init(&s, text, sizeof(text));
    wr_utf8_safe(&s, raw, strlen(raw));
    hooks->tell(hooks->user, note ? WR_NAMES_NOTE : WR_NAMES_MISTAKE, key, 0, text);
}

static bool is_hidden(int number)
{
    return number == EACCES && geteuid() != 0;
}

static void check_folder(const char *path, const struct wr_names_hooks *hooks)
{
    struct stat st;
    if (path[0] == 0) {
        return;
    }
    if (stat(path, &st) != 0) {
        tell(hooks, is_hidden(errno), "mud.folder", path, strerror(errno));
    } else if (!S_ISDIR(st.st_mode)) {
        tell(hooks, false, "mud.folder", path, strerror(ENOTDIR));
    } else if (access(path, W_OK | X_OK) != 0) {
        tell(hooks, is_hidden(errno), "mud.folder", path, strerror(errno));
    }
}

static void check_anchors(const char *path, const struct wr_names_hooks *hooks)
{
    struct wr_verdict_text why = {""};
    struct wr_creds *creds = NULL;
    FILE *file = path[0] != 0 ? fopen(path, "rbe") : NULL;
    if (file == NULL && path[0] != 0) {
        tell(hooks, is_hidden(errno), "mud.anchors", path, strerror(errno));
    }
    uint8_t *pem = file != NULL ? malloc(WR_CREDS_ANCHORS_OCTETS_MAX + 1) : NULL;
    if (pem != NULL) {
        struct wr_creds_setup setup = {.anchors = pem};
        setup.anchors_size = fread(pem, 1, WR_CREDS_ANCHORS_OCTETS_MAX + 1, file);
        if (wr_creds_make(&setup, &why, &creds) != WR_OK) {
            tell(hooks, false, "mud.anchors", path, why.text);
        }
        wr_creds_drop(creds);
    }
    free(pem);
    if (file != NULL) {
        fclose(file);
    }
}

static void check_offers(const char *path, const struct wr_names_hooks *hooks)
{
    struct wr_mudoffers *offers = path[0] != 0 ? calloc(1, sizeof(*offers)) : NULL;
    if (offers == NULL) {
        return;
    }
    const char *why = wr_mudoffers_read(offers, path);
    bool missing = access(path, F_OK) != 0 && errno == ENOENT;
    if (missing) {
        tell(hooks, true, "mud.offers", path,
             "it is not there yet: the helper that writes it makes it");
    } else if (why != NULL) {
        tell(hooks, access(path, R_OK) != 0 && is_hidden(errno), "mud.offers", path, why);
    }
    wr_mudoffers_free(offers);
    free(offers);
}

void wr_mudcheck(const struct wr_conf *conf, const struct wr_names_hooks *hooks)
{
    check_folder(conf->mud.folder, hooks);
    check_anchors(conf->mud.anchors, hooks);
    check_offers(conf->mud.offers, hooks);
}
