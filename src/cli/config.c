/* SPDX-License-Identifier: Apache-2.0 */
/*
 * weir config: what is in force, and one key of the file changed.
 *
 * The gateway may read its file and not write it, so the file is changed here, by whoever may: the new one is checked as a whole
 * (conf/edit) and takes the old one's place in one step, with its owner and rights; then the gateway is told to reload.
 */
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/limits.h"
#include "base/str.h"
#include "base/utf8.h"
#include "cli/opts.h"
#include "cli/talk.h"
#include "cli/verb.h"
#include "conf/conf.h"
#include "conf/edit.h"
#include "conf/mistakes.h"

struct config {
    struct wr_talk talk;
    const char *file; /* of --config, or NULL */
    bool no_reload;
    struct wr_mistakes mistakes;
    char path[PATH_MAX]; /* of the file itself, behind links */
    bool exists;
    struct stat st; /* as it was when it was read */
    char *text;     /* what stands in it */
    size_t n;
    int folder;       /* locked; -1: not yet */
    char socket[128]; /* of the control socket that the file names */
};

static int failed(const char *path, const char *what)
{
    fprintf(stderr, "weir config: %s: %s\n", path, what);
    return WR_EXIT_FAILED;
}

/* --- what is in force --- */

/* The value at the rest of a path: "[0].name". Borrowed; NULL: there is none. */
static const json_t *value_at(const json_t *value, const char *path)
{
    while (value && *path) {
        size_t n;

        if (*path == '[') {
            n = strcspn(++path, "]");
            uint64_t index;

            if (path[n] != ']' || wr_str_to_u64(path, n, UINT32_MAX, &index) != WR_OK)
                return NULL;
            value = json_array_get(value, (size_t)index);
            path += n + 1;
        } else {
            char word[64];

            path += *path == '.';
            n = strcspn(path, ".[");
            snprintf(word, sizeof(word), "%.*s", (int)n, path);
            value = json_object_get(value, word);
            path += n;
        }
    }
    return value;
}

static int print_value(const struct config *c, const json_t *value)
{
    if (c->talk.json || json_is_object(value) || json_is_array(value))
        return wr_talk_print(&c->talk, value);
    if (json_is_string(value))
        printf("%s\n", json_string_value(value));
    else if (json_dumpf(value, stdout, JSON_ENCODE_ANY) == 0)
        putchar('\n');
    return WR_EXIT_OK;
}

static int show(const struct config *c, const char *key)
{
    json_t *args = json_object(), *result = NULL;
    size_t n = key ? strcspn(key, "[") : 0;
    int status;

    if (key)
        json_object_set_new(args, "key", json_stringn(key, n));
    status = wr_talk_ask(&c->talk, "config", args, &result);
    if (status == WR_EXIT_OK) {
        const json_t *value = value_at(result, key ? key + n : "");

        status = value ? print_value(c, value) : failed(key, "the list has no such item");
    }
    json_decref(result);
    return status;
}

/* --- the file --- */

/* One at a time changes files of a folder by this verb. */
static int lock_folder(struct config *c)
{
    char copy[PATH_MAX];

    snprintf(copy, sizeof(copy), "%s", c->path);
    c->folder = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (c->folder < 0 || flock(c->folder, LOCK_EX) != 0)
        return failed(c->path, strerror(errno));
    return WR_EXIT_OK;
}

/* Where the file is, or will be. */
static int find_file(struct config *c)
{
    const char *file = c->file ? c->file : WR_CONF_PATH;

    if (strlen(file) >= sizeof(c->path))
        return failed(file, "the path is too long");
    if (!realpath(file, c->path)) {
        struct stat st;

        if (errno != ENOENT)
            return failed(file, strerror(errno));
        if (lstat(file, &st) == 0)
            return failed(file, "it is a link to a file that is not there");
        snprintf(c->path, sizeof(c->path), "%s", file);
    }
    return lock_folder(c);
}

static int read_octets(struct config *c, int fd)
{
    c->text = malloc(WR_CONF_SIZE_MAX + 1);
    while (c->text && c->n <= WR_CONF_SIZE_MAX) {
        ssize_t got = read(fd, c->text + c->n, WR_CONF_SIZE_MAX + 1 - c->n);

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return failed(c->path, strerror(errno));
        if (got == 0)
            return WR_EXIT_OK;
        c->n += (size_t)got;
    }
    return failed(c->path, c->text ? "it is too large to be a configuration" : "not enough memory");
}

/* A file that is not there is an empty one. */
static int read_file(struct config *c)
{
    int fd = open(c->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), status;

    if (fd < 0 && errno == ENOENT) {
        c->text = calloc(1, 1);
        return c->text ? WR_EXIT_OK : failed(c->path, "not enough memory");
    }
    if (fd < 0)
        return failed(c->path, strerror(errno));
    c->exists = true;
    if (fstat(fd, &c->st) != 0)
        status = failed(c->path, strerror(errno));
    else
        status = S_ISREG(c->st.st_mode) ? read_octets(c, fd) : failed(c->path, "no plain file");
    close(fd);
    return status;
}

static bool write_octets(int fd, const char *text, size_t n)
{
    while (n > 0) {
        ssize_t put = write(fd, text, n);

        if (put < 0 && errno == EINTR)
            continue;
        if (put <= 0)
            return false;
        text += put;
        n -= (size_t)put;
    }
    return true;
}

/* The owner's, whoever changes it; 0644 when there was none. */
static bool dress(const struct config *c, int fd)
{
    if (!c->exists)
        return fchmod(fd, S_IRUSR | S_IWUSR | S_IRGRP | S_IROTH) == 0;
    return fchown(fd, c->st.st_uid, c->st.st_gid) == 0 && fchmod(fd, c->st.st_mode & 07777) == 0;
}

/* Has somebody else written it meanwhile? */
static bool is_unchanged(const struct config *c)
{
    struct stat now;

    if (stat(c->path, &now) != 0)
        return !c->exists && errno == ENOENT;
    return c->exists && now.st_ino == c->st.st_ino && now.st_size == c->st.st_size &&
           now.st_mtim.tv_sec == c->st.st_mtim.tv_sec &&
           now.st_mtim.tv_nsec == c->st.st_mtim.tv_nsec;
}

static int put_file(const struct config *c, const char *text, size_t n)
{
    char room[PATH_MAX + 16];
    int fd, status = WR_EXIT_OK;

    snprintf(room, sizeof(room), "%s.XXXXXX", c->path);
    fd = mkostemp(room, O_CLOEXEC);
    if (fd < 0)
        return failed(c->path, strerror(errno));
    if (!write_octets(fd, text, n) || fsync(fd) != 0)
        status = failed(c->path, strerror(errno));
    else if (!dress(c, fd))
        status = failed(c->path,
                        "its owner and rights cannot be kept; change it as its owner or as root");
    close(fd);
    if (status == WR_EXIT_OK && !is_unchanged(c))
        status = failed(c->path, "somebody else has changed it meanwhile; try again");
    if (status == WR_EXIT_OK && rename(room, c->path) != 0)
        status = failed(c->path, strerror(errno));
    if (status != WR_EXIT_OK)
        (void)unlink(room);
    else
        (void)fsync(c->folder); /* where that cannot be had the file is good all the same */
    return status;
}

/* --- changing --- */

/* Without --socket it is the one that the file names. */
static void find_socket(struct config *c, const char *text, size_t n)
{
    struct wr_mistakes *none = malloc(sizeof(*none));
    struct wr_conf *conf = NULL;

    if (!none || c->talk.socket) {
        free(none);
        return;
    }
    wr_mistakes_init(none);
    if (wr_conf_read(text, n, none, &conf) == WR_OK) {
        snprintf(c->socket, sizeof(c->socket), "%s", conf->control.socket);
        c->talk.socket = c->socket;
    }
    wr_conf_free(conf);
    free(none);
}

/* Does the gateway that runs have this file? */
static bool is_in_force(const struct config *c)
{
    struct wr_talk quiet = c->talk;
    json_t *result = NULL;
    const char *theirs;
    struct stat one, other;
    bool is;

    quiet.quiet = true;
    if (wr_talk_ask(&quiet, "status", json_object(), &result) != WR_EXIT_OK)
        return false;
    theirs = json_string_value(json_object_get(result, "config"));
    is = theirs && stat(theirs, &one) == 0 && stat(c->path, &other) == 0 &&
         one.st_dev == other.st_dev && one.st_ino == other.st_ino;
    json_decref(result);
    return is;
}

static int reload(const struct config *c)
{
    json_t *result = NULL;
    const char *text;
    int status;

    if (c->no_reload)
        return WR_EXIT_OK;
    if (c->talk.socket && access(c->talk.socket, W_OK) != 0 && errno == EACCES)
        return failed(c->talk.socket,
                      "permission denied, so the gateway was not told; run weir reload as root");
    if (!is_in_force(c)) {
        fprintf(stderr,
                "weir config: no gateway that answers on %s has this file: it counts from the "
                "next start or reload\n",
                c->talk.socket ? c->talk.socket : "the control socket");
        return WR_EXIT_OK;
    }
    status = wr_talk_ask(&c->talk, "reload", json_object(), &result);
    text = json_string_value(json_object_get(result, "text"));
    if (status == WR_EXIT_OK && text && *text)
        fprintf(stderr, "%s%s", text, text[strlen(text) - 1] == '\n' ? "" : "\n");
    json_decref(result);
    return status;
}

static int print_change(const struct config *c, const char *key)
{
    char path[PATH_MAX];
    struct wr_str s;
    json_t *told;
    int failed_;

    wr_str_init(&s, path, sizeof(path));
    wr_utf8_safe(&s, c->path, strlen(c->path));
    if (!c->talk.json) {
        printf("%s: %s changed\n", path, key);
        return WR_EXIT_OK;
    }
    told = json_pack("{s:s, s:s}", "file", path, "key", key);
    failed_ = !told || json_dumpf(told, stdout, JSON_INDENT(2));
    putchar('\n');
    json_decref(told);
    return failed_ ? WR_EXIT_FAILED : WR_EXIT_OK;
}

/* `value` NULL takes the key out. */
static int change(struct config *c, const char *key, const char *value)
{
    char *text = NULL;
    size_t n = 0;
    int status = find_file(c), err;

    if (status == WR_EXIT_OK)
        status = read_file(c);
    if (status != WR_EXIT_OK)
        return status;
    wr_mistakes_init(&c->mistakes);
    err = wr_edit_key(c->text, c->n, key, value, &c->mistakes, &text, &n);
    wr_mistakes_print(&c->mistakes, c->path, stderr);
    if (err == WR_E_NOTFOUND)
        return failed(key, "it does not stand in the file; its default is in force");
    if (err && !c->mistakes.errors)
        return failed(c->path, wr_err_name(err));
    if (err)
        return WR_EXIT_FAILED;
    status = put_file(c, text, n);
    if (status == WR_EXIT_OK)
        find_socket(c, text, n);
    free(text);
    if (status == WR_EXIT_OK)
        status = print_change(c, key);
    return status == WR_EXIT_OK ? reload(c) : status;
}

static int run(struct config *c, const struct wr_opts *opts, const char *word)
{
    if (!strcmp(word, "show"))
        return show(c, opts->operands == 2 ? opts->operand[1] : NULL);
    return change(c, opts->operand[1], !strcmp(word, "set") ? opts->operand[2] : NULL);
}

int wr_cli_config(int argc, char **argv)
{
    struct config *c = calloc(1, sizeof(*c));
    char word[WR_OPTS_WORD_SIZE];
    int status;

    if (!c)
        return WR_EXIT_FAILED;
    c->talk.who = "config";
    c->folder = -1;
    const struct wr_opt table[] = {
        WR_TALK_SOCKET_ROW(c->talk),
        WR_TALK_JSON_ROW(c->talk),
        {"config", 'c', .value = &c->file, .meta = "FILE",
         .help = "set, unset: the file (" WR_CONF_PATH ")"},
        {"no-reload", 'n', .flag = &c->no_reload, .help = "set, unset: do not tell the gateway"},
    };
    struct wr_opts opts = {
        "config",
        "[show [KEY]] | set KEY VALUE | unset KEY",
        "Shows what is in force in the running gateway, or changes one key of its file; the rest "
        "of "
        "the\nfile stays as it is, with its comments. What would not be a good configuration is "
        "refused, and\nso is what would take a comment with it. After a change the gateway "
        "reloads. A list is written as in the file: "
        "'[udp://192.0.2.1]'.",
        table,
        sizeof(table) / sizeof(table[0]),
        NULL,
        0};

    status = wr_opts_read_word(&opts, argc, argv, word);
    c->talk.word = word;
    if (status == WR_OPTS_GO)
        status = run(c, &opts, word);
    if (c->folder >= 0)
        close(c->folder);
    free(c->text);
    free(c);
    return status;
}
