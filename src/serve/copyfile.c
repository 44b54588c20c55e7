/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/copyfile.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "conf/copybuild.h"
#include "dns/codes.h"
#include "dns/present.h"

enum {
    STEM_MAX = 200,               /* of a file's name, so that ".copy.new" fits behind it */
    LINE_SIZE = 4 * 65536 + 2048, /* a record whose every octet is escaped */
};

/* Letters, digits, "-", "_" and "."; any other octet as %XX. */
static bool put_stem(char *out, size_t cap, const char *text)
{
    size_t n = 0;
    for (; *text != 0; text++) {
        bool plain = (*text >= 'a' && *text <= 'z') || (*text >= '0' && *text <= '9') ||
                     *text == '-' || *text == '_' || *text == '.';
        if (n + 4 > cap) {
            return false;
        }
        n += (size_t)snprintf(out + n, cap - n, plain ? "%c" : "%%%02x", (unsigned char)*text);
    }
    return true;
}

int wr_copyfile_path(const char *folder, const uint8_t *zone, char ret_path[WR_KEEPFILE_PATH_MAX])
{
    uint8_t lower[WR_NAME_MAX];
    char text[WR_NAME_TEXT_SIZE], stem[STEM_MAX];
    wr_name_lower(zone, lower);
    size_t n = wr_name_to_text(lower, text, sizeof(text));
    if (n > 1) {
        text[n - 1] = 0; /* the last dot */
    } else {
        snprintf(text, sizeof(text), "root");
    }
    if (!put_stem(stem, sizeof(stem), text) ||
        snprintf(ret_path, WR_KEEPFILE_PATH_MAX, "%s/%s.copy", folder, stem) >=
            WR_KEEPFILE_PATH_MAX) {
        return WR_E_RANGE;
    }
    return WR_OK;
}

/* --- writing --- */

static int put_record(FILE *out, const struct wr_local_record *r, char *room)
{
    struct wr_str s;
    wr_str_init(&s, room, LINE_SIZE);
    wr_present_rr(&s, r->owner, r->ttl, WR_CLASS_IN, r->type, r->rdata, r->size);
    if (s.cut) {
        return WR_E_LIMIT;
    }
    /* A name that begins with a dollar would be a directive. */
    bool dollar = room[0] == '$';
    return (dollar && fputc('\\', out) == EOF) || fputs(room, out) == EOF || fputc('\n', out) == EOF
               ? WR_E_IO
               : WR_OK;
}

static int set_time(int fd, int64_t confirmed_s)
{
    struct timespec times[2] = {{.tv_nsec = UTIME_OMIT},
                                {.tv_sec = confirmed_s > 0 ? (time_t)confirmed_s : 0}};
    return futimens(fd, times) == 0 ? WR_OK : WR_E_IO;
}

static int put_all(FILE *out, const struct wr_names *names)
{
    char *room = malloc(LINE_SIZE);
    int err = room == NULL ? WR_E_NOMEM : WR_OK;
    for (uint32_t i = 0; err == WR_OK && i < names->count; i++) {
        err = put_record(out, &names->item[i].r, room);
    }
    free(room);
    return err == WR_OK && fflush(out) != 0 ? WR_E_IO : err;
}

int wr_copyfile_write(const char *path, const struct wr_names *names, int64_t confirmed_s)
{
    char beside[WR_KEEPFILE_PATH_MAX + 8];
    int fd;
    snprintf(beside, sizeof(beside), "%s.new", path);
    int err = wr_keepfile_open(beside, true, &fd);
    if (err != WR_OK) {
        return err;
    }
    FILE *out = ftruncate(fd, 0) == 0 ? fdopen(fd, "w") : NULL;
    if (out == NULL) {
        close(fd);
        return WR_E_IO;
    }
    err = put_all(out, names);
    if (err == WR_OK) {
        err = fsync(fd) == 0 ? set_time(fd, confirmed_s) : WR_E_IO;
    }
    if (fclose(out) != 0 && err == WR_OK) {
        err = WR_E_IO;
    }
    return err == WR_OK ? wr_keepfile_replace(beside, path) : err;
}

int wr_copyfile_touch(const char *path, int64_t confirmed_s)
{
    int fd, err = wr_keepfile_open(path, false, &fd);
    if (err == WR_OK) {
        err = set_time(fd, confirmed_s);
        close(fd);
    }
    return err;
}

/* --- reading --- */

/* Notes too: what is read here weir wrote itself. */
static void count_mistake(void *user, enum wr_names_said said, const char *file, uint32_t line,
                          const char *text)
{
    (void)said;
    (void)file;
    (void)line;
    (void)text;
    ++*(unsigned *)user;
}

static int look_at(const char *path, int64_t *ret_confirmed_s)
{
    struct stat st;
    int fd, err = wr_keepfile_open(path, false, &fd);
    if (err != WR_OK) {
        return err;
    }
    err = fstat(fd, &st) == 0 ? WR_OK : WR_E_IO;
    close(fd);
    *ret_confirmed_s = err == WR_OK ? (int64_t)st.st_mtim.tv_sec : 0;
    return err;
}

int wr_copyfile_read(const char *path, const uint8_t *zone, struct wr_names *ret_names,
                     int64_t *ret_confirmed_s)
{
    unsigned mistakes = 0;
    const struct wr_names_hooks hooks = {.tell = count_mistake, .user = &mistakes};
    struct wr_names names;
    int64_t confirmed_s = 0;
    int err = look_at(path, &confirmed_s);
    if (err != WR_OK) {
        return err;
    }
    wr_names_init(&names, "");
    err = wr_names_read_zone(&names, path, zone, 0, &hooks);
    if (err == WR_OK && (mistakes > 0 || wr_copybuild_soa(&names, zone) == NULL)) {
        err = WR_E_FORMAT;
        (void)wr_keepfile_aside(path);
    }
    if (err != WR_OK) {
        wr_names_free(&names);
        return err;
    }
    for (uint32_t i = 0; i < names.count; i++) {
        names.item[i].reverse = false;
    }
    names.copy = true;
    *ret_names = names;
    *ret_confirmed_s = confirmed_s;
    return WR_OK;
}
