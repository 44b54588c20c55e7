/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/devicekinds.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/limits.h"
#include "serve/keepfile.h"
#include "serve/say.h"

static int read_text(const char *path, size_t most, char **ret_text, size_t *ret_n)
{
    uint8_t *bytes = NULL;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0) {
        return WR_E_IO;
    }
    int err = wr_keepfile_read(fd, most, &bytes, ret_n);
    close(fd);
    *ret_text = (char *)bytes;
    return err;
}

static const char *reason(int err)
{
    return err == WR_E_IO && errno != 0 ? strerror(errno) : wr_err_name(err);
}

/* The table, once without vendors to see whether it has some. */
static int read_table(const char *text, size_t n, const char *oui_path,
                      struct wr_kindsfile *ret_file)
{
    struct wr_ouifile oui = {NULL, 0};
    char *vendors = NULL;
    size_t size = 0;
    int err = wr_kindsfile_read(text, n, &oui, ret_file);
    if (err != WR_OK || !ret_file->wants_vendors) {
        return err;
    }
    err = read_text(oui_path, WR_OUI_FILE_MAX, &vendors, &size);
    if (err != WR_OK) {
        wr_say(WR_LOG_WARN, "registry.kinds names vendors, and %s cannot be read (%s)", oui_path,
               reason(err));
        return WR_OK; /* nothing has one of them */
    }
    err = wr_ouifile_read(vendors, size, &oui);
    if (err == WR_OK) {
        wr_kindsfile_free(ret_file);
        err = wr_kindsfile_read(text, n, &oui, ret_file);
        wr_ouifile_free(&oui);
    }
    free(vendors);
    return err;
}

void wr_devicekinds_read(struct wr_devicekinds *k, const char *path, const char *oui_path,
                         struct wr_census *m)
{
    struct wr_kindsfile file = {.bad = 0};
    char *text = NULL;
    size_t n = 0;
    int err = path[0] == 0 ? WR_OK : read_text(path, WR_KINDS_FILE_MAX, &text, &n);
    if (err == WR_OK && path[0] != 0) {
        err = read_table(text, n, oui_path, &file);
    }
    free(text);
    if (err != WR_OK) {
        wr_say(WR_LOG_WARN, "registry.kinds: %s cannot be read (%s); what was in force stays", path,
               reason(err));
        return;
    }
    if (file.bad > 0) {
        wr_say(WR_LOG_WARN, "%s: %u lines are left out; line %u: %s", path, file.bad,
               file.first_bad, file.why);
    }
    struct wr_kindsfile old = k->file;
    k->file = file;
    wr_census_kinds(m, path[0] == 0 ? NULL : &k->file.kinds);
    wr_kindsfile_free(&old);
}

void wr_devicekinds_free(struct wr_devicekinds *k)
{
    wr_kindsfile_free(&k->file);
}
