/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/certnew.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <jansson.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/err.h"
#include "cli/qr.h"
#include "cli/verb.h"
#include "crypto/wipe.h"

#define DAY_S       86400
#define CA_DAYS     3650
#define URL_SIZE    512
#define PINS        2
#define KEY_WRONG   027 /* a group may read a key, and that is all (as serve/certfiles has it) */
#define KEY_SHARED  0640
#define CLOCK_LEAST 1764547200 /* December 2025: a clock that says less was never set */

enum file { CA_CERT, CA_KEY, SERVER_CERT, SERVER_KEY, NEXT_KEY, FILES };

static const struct {
    const char *name;
    mode_t mode;
} files[FILES] = {
    [CA_CERT] = {"ca.pem", 0644},         [CA_KEY] = {"ca.key", 0600},
    [SERVER_CERT] = {"server.pem", 0644}, [SERVER_KEY] = {"server.key", 0600},
    [NEXT_KEY] = {"next.key", 0600},
};

struct work {
    struct wr_certnew *job;
    int folder;
    bool is_there[FILES], is_new[FILES],
        is_shared;          /* is_shared: weir's group may read server.key */
    struct stat was[FILES]; /* whose it is, of what is there */
    char home[PATH_MAX];    /* the folder from the root */
    char pem[FILES][WR_CERTMAKE_PEM_SIZE];
    int64_t now_s, until_s;
    struct wr_pin pin[PINS];
};

const char *wr_certnew_add(struct wr_certnew *job, const char *word)
{
    struct wr_addr addr;

    if (job->names + job->addrs == WR_CERTMAKE_NAMES_MAX)
        return "more than 16 names and addresses";
    if (wr_addr_from_text(word, &addr) == WR_OK) {
        if (addr.port || addr.scope || wr_addr_is_any(&addr))
            return "an address without port and interface, please";
        job->addr[job->addrs++] = addr;
        return NULL;
    }
    if (!wr_certmake_name(word))
        return "neither an address nor a name of letters, digits, hyphens and dots (other letters: "
               "xn--...)";
    job->name[job->names++] = word;
    return NULL;
}

bool wr_certnew_url(const struct wr_certnew *job, const struct wr_pin *pin, size_t pins, char *ret,
                    size_t cap)
{
    char text[WR_ADDR_TEXT_SIZE];
    struct wr_str s;

    wr_str_init(&s, ret, cap);
    wr_str_text(&s, "tls://");
    if (job->addrs > 0) {
        bool bracket = wr_addr_ip_size(&job->addr[0]) == 16;

        wr_addr_to_text(&job->addr[0], text, sizeof(text));
        wr_str_text(&s, bracket ? "[" : "");
        wr_str_text(&s, text);
        wr_str_text(&s, bracket ? "]" : "");
    } else {
        wr_str_text(&s, job->name[0]);
    }
    for (size_t i = 0; i < pins; i++) {
        wr_str_text(&s, i ? "&pin=sha256/" : "#pin=sha256/");
        wr_pin_text(&pin[i], &s);
    }
    return !s.cut;
}

static int fail(const struct work *w, enum file file, const char *why)
{
    fprintf(stderr, "weir cert: %s/%s: %s\n", w->job->dir, files[file].name, why);
    return WR_EXIT_FAILED;
}

static bool is_key(enum file file)
{
    return files[file].mode == 0600;
}

/* What is there already. A file that is there and cannot be read is an end. */
static int read_file(struct work *w, enum file file)
{
    int fd = openat(w->folder, files[file].name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    struct stat st;
    ssize_t n = -1;

    if (fd < 0)
        return errno == ENOENT ? WR_EXIT_OK : fail(w, file, strerror(errno));
    w->is_there[file] = true;
    if (!fstat(fd, &st) && S_ISREG(st.st_mode))
        n = read(fd, w->pem[file], WR_CERTMAKE_PEM_SIZE - 1);
    close(fd);
    if (n <= 0 || n == WR_CERTMAKE_PEM_SIZE - 1)
        return fail(w, file, "is no file that weir made");
    w->was[file] = st;
    if (is_key(file) && (st.st_mode & KEY_WRONG))
        fprintf(stderr,
                "weir cert: %s/%s: others may read or write this key; chmod 640 or 600 it\n",
                w->job->dir, files[file].name);
    w->pem[file][n] = '\0';
    return WR_EXIT_OK;
}

static bool write_all(int fd, const char *text, size_t n)
{
    while (n > 0) {
        ssize_t done = write(fd, text, n);

        if (done < 0 && errno != EINTR)
            return false;
        if (done > 0) {
            text += done;
            n -= (size_t)done;
        }
    }
    return fsync(fd) == 0;
}

/* Whose the file is: what it replaces stays its owner's and its group's, with its rights (never those of others, for a key). A new key of
 * the server is the daemon's group's to read: it is no longer root when it reads the next one. */
static bool give_rights(struct work *w, enum file file, int fd)
{
    const struct group *group;

    if (w->is_there[file]) {
        const struct stat *was = &w->was[file];
        mode_t mode = was->st_mode & 0777 & ~(mode_t)(is_key(file) ? KEY_WRONG : 0);

        if (fchown(fd, was->st_uid, was->st_gid) == 0)
            return fchmod(fd, mode) == 0;
        fprintf(stderr, "weir cert: %s/%s: its owner and group could not be kept: %s\n",
                w->job->dir, files[file].name, strerror(errno));
        return fchmod(fd, files[file].mode) == 0;
    }
    group = file == SERVER_KEY && geteuid() == 0 ? getgrnam(w->job->group) : NULL;
    if (group && fchown(fd, (uid_t)-1, group->gr_gid) == 0) {
        w->is_shared = true;
        return fchmod(fd, KEY_SHARED) == 0;
    }
    return fchmod(fd, files[file].mode) == 0;
}

/* Whole or not at all, and with its rights from the first octet: beside its name first, then in its place. */
static int write_file(struct work *w, enum file file)
{
    char beside[40];
    int fd;
    bool good;

    snprintf(beside, sizeof(beside), ".%s.new", files[file].name);
    (void)unlinkat(w->folder, beside, 0);
    fd = openat(w->folder, beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW,
                files[file].mode);
    if (fd < 0)
        return fail(w, file, strerror(errno));
    good = give_rights(w, file, fd) && write_all(fd, w->pem[file], strlen(w->pem[file]));
    good = close(fd) == 0 && good;
    /* A link does not replace what came meanwhile; a rename would. */
    if (good && !w->is_there[file])
        good = linkat(w->folder, beside, w->folder, files[file].name, 0) == 0 &&
               unlinkat(w->folder, beside, 0) == 0;
    else if (good)
        good = renameat(w->folder, beside, w->folder, files[file].name) == 0;
    if (!good) {
        int status = fail(w, file, strerror(errno));

        (void)unlinkat(w->folder, beside, 0);
        return status;
    }
    w->is_new[file] = true;
    return WR_EXIT_OK;
}

static int make_key(struct work *w, enum file file)
{
    if (wr_certmake_key(w->pem[file], WR_CERTMAKE_PEM_SIZE))
        return fail(w, file, "a key could not be made");
    return write_file(w, file);
}

/* The authority: the one that is there, or a new one. A half of one is a mistake that costs trust, and is left alone. */
static int settle_ca(struct work *w)
{
    const struct wr_certmake how = {.from_s = w->now_s - DAY_S,
                                    .until_s = w->now_s + (int64_t)CA_DAYS * DAY_S};
    int64_t until_s;
    int status = WR_EXIT_OK;

    if (w->is_there[CA_CERT] != w->is_there[CA_KEY])
        return fail(w, w->is_there[CA_CERT] ? CA_KEY : CA_CERT,
                    "is missing and the other half of the authority is there: bring it back, or "
                    "move that away to begin anew");
    if (!w->is_there[CA_CERT]) {
        status = make_key(w, CA_KEY);
        if (!status && wr_certmake_ca(&how, w->pem[CA_KEY], w->pem[CA_CERT], WR_CERTMAKE_PEM_SIZE))
            status = fail(w, CA_CERT, "could not be made");
        if (!status)
            status = write_file(w, CA_CERT);
    }
    if (status)
        return status;
    if (wr_certmake_ca_until(w->pem[CA_CERT], w->pem[CA_KEY], &until_s))
        return fail(w, CA_CERT, "is no authority that goes with ca.key");
    if (until_s <= w->now_s)
        return fail(w, CA_CERT, "has expired: move ca.pem and ca.key away to begin anew");
    if (w->until_s > until_s) {
        w->until_s = until_s;
        fprintf(stderr, "weir cert: the certificate ends when its authority does\n");
    }
    return WR_EXIT_OK;
}

/* The keys: those that stay, the one that takes the other's place, new ones for the rest. */
static int settle_keys(struct work *w)
{
    int status = WR_EXIT_OK;

    if (w->job->roll) {
        if (!w->is_there[NEXT_KEY])
            return fail(w, NEXT_KEY, "is not there: no key to go on with");
        memcpy(w->pem[SERVER_KEY], w->pem[NEXT_KEY], WR_CERTMAKE_PEM_SIZE);
        status = write_file(w, SERVER_KEY);
        if (!status)
            status = make_key(w, NEXT_KEY);
    }
    if (!status && !w->is_there[SERVER_KEY])
        status = make_key(w, SERVER_KEY);
    if (!status && !w->is_there[NEXT_KEY])
        status = make_key(w, NEXT_KEY);
    if (!status && wr_certmake_pin(w->pem[SERVER_KEY], &w->pin[0]))
        status = fail(w, SERVER_KEY, "is no key that can be read");
    if (!status && wr_certmake_pin(w->pem[NEXT_KEY], &w->pin[1]))
        status = fail(w, NEXT_KEY, "is no key that can be read");
    return status;
}

static int make_all(struct work *w)
{
    struct wr_certmake how = {.from_s = w->now_s - DAY_S,
                              .name = w->job->name,
                              .names = w->job->names,
                              .addr = w->job->addr,
                              .addrs = w->job->addrs};
    int status = WR_EXIT_OK;

    for (unsigned i = 0; i < FILES && !status; i++)
        status = read_file(w, (enum file)i);
    if (!status && !w->job->replace && (w->is_there[SERVER_CERT] || w->is_there[SERVER_KEY]))
        return fail(w, w->is_there[SERVER_CERT] ? SERVER_CERT : SERVER_KEY,
                    "is there already; --replace makes a new certificate for the key that is "
                    "there, --replace --roll one for the key after it");
    if (!status)
        status = settle_ca(w);
    if (!status)
        status = settle_keys(w);
    how.until_s = w->until_s;
    if (!status && wr_certmake_server(&how, w->pem[CA_CERT], w->pem[CA_KEY], w->pem[SERVER_KEY],
                                      w->pem[SERVER_CERT], WR_CERTMAKE_PEM_SIZE))
        return fail(w, SERVER_CERT, "could not be made");
    return status ? status : write_file(w, SERVER_CERT);
}

static const char *day_text(int64_t when_s, char room[16])
{
    time_t when = (time_t)when_s;
    struct tm tm;

    if (!gmtime_r(&when, &tm) || !strftime(room, 16, "%Y-%m-%d", &tm))
        room[0] = '\0';
    return room;
}

static json_t *path_json(const struct work *w, enum file file)
{
    return json_pack("{s:o, s:b}", "file", json_sprintf("%s/%s", w->home, files[file].name), "new",
                     (int)w->is_new[file]);
}

static void print_json(const struct work *w, const char *url)
{
    char day[16], text[WR_ADDR_TEXT_SIZE];
    json_t *names = json_array(), *pins = json_array(), *all;

    for (size_t i = 0; i < w->job->names; i++)
        json_array_append_new(names, json_string(w->job->name[i]));
    for (size_t i = 0; i < w->job->addrs; i++) {
        wr_addr_to_text(&w->job->addr[i], text, sizeof(text));
        json_array_append_new(names, json_string(text));
    }
    for (size_t i = 0; i < PINS; i++) {
        char pin[WR_PIN_TEXT_SIZE];
        struct wr_str s;

        wr_str_init(&s, pin, sizeof(pin));
        wr_pin_text(&w->pin[i], &s);
        json_array_append_new(pins, json_sprintf("sha256/%s", pin));
    }
    all = json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:s, s:o, s:s}", "authority",
                    path_json(w, CA_CERT), "authority_key", path_json(w, CA_KEY), "chain",
                    path_json(w, SERVER_CERT), "key", path_json(w, SERVER_KEY), "next_key",
                    path_json(w, NEXT_KEY), "names", names, "until", day_text(w->until_s, day),
                    "pins", pins, "url", url);
    if (all) {
        json_dumpf(all, stdout, JSON_INDENT(2));
        putchar('\n');
    }
    json_decref(all);
}

/* A path as YAML takes it: weir wants it from the root, and a folder may have any letters. */
static void print_path(const struct work *w, enum file file)
{
    static const char plain[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._/";
    json_t *path = json_sprintf("%s/%s", w->home, files[file].name);

    if (!path || strspn(w->home, plain) == strlen(w->home))
        printf("%s/%s", w->home, files[file].name);
    else
        json_dumpf(path, stdout, JSON_ENCODE_ANY);
    json_decref(path);
}

static void print_text(const struct work *w, const char *url)
{
    static const char *const about[FILES] = {
        [CA_CERT] = "the authority: devices that check names get this file",
        [CA_KEY] = "its key: keep it, show it to nobody",
        [SERVER_CERT] = "the server's certificate",
        [SERVER_KEY] = "its key",
        [NEXT_KEY] = "the key after that one (--replace --roll)",
    };
    char day[16], text[WR_PIN_TEXT_SIZE];

    for (unsigned i = 0; i < FILES; i++)
        printf("%-4s %s/%s  %s\n", w->is_new[i] ? "new" : "kept", w->home, files[i].name, about[i]);
    if (w->is_shared)
        printf("group %s may read server.key (mode 640): weir reads it anew when it is no longer "
               "root\n",
               w->job->group);
    printf("good until %s\n", day_text(w->until_s, day));
    for (size_t i = 0; i < PINS; i++) {
        struct wr_str s;

        wr_str_init(&s, text, sizeof(text));
        wr_pin_text(&w->pin[i], &s);
        printf("pin-sha256 %s  %s\n", text, i ? "(next)" : "(now)");
    }
    fputs("\nencrypted:\n  certificates:\n    - {chain: ", stdout);
    print_path(w, SERVER_CERT);
    fputs(", key: ", stdout);
    print_path(w, SERVER_KEY);
    printf("}\n\n%s\n", url);
}

int wr_certnew_run(struct wr_certnew *job)
{
    static struct work w;
    char url[URL_SIZE];
    int status;

    w.job = job;
    w.now_s = time(NULL);
    w.until_s = w.now_s + job->days * DAY_S;
    if (w.now_s < CLOCK_LEAST) {
        fputs("weir cert: the clock of this machine was never set; a certificate made now would be "
              "good at the wrong time\n",
              stderr);
        return WR_EXIT_FAILED;
    }
    if (mkdir(job->dir, 0755) && errno != EEXIST) {
        fprintf(stderr, "weir cert: %s: %s\n", job->dir, strerror(errno));
        return WR_EXIT_FAILED;
    }
    w.folder = open(job->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (w.folder < 0 || !realpath(job->dir, w.home)) {
        fprintf(stderr, "weir cert: %s: %s\n", job->dir, strerror(errno));
        if (w.folder >= 0)
            close(w.folder);
        return WR_EXIT_FAILED;
    }
    status = make_all(&w);
    (void)fsync(w.folder);
    close(w.folder);
    if (!status && !wr_certnew_url(job, w.pin, PINS, url, sizeof(url)))
        url[0] = '\0';
    if (!status && job->json)
        print_json(&w, url);
    else if (!status)
        print_text(&w, url);
    if (!status && !job->json && (job->qr || isatty(STDOUT_FILENO) == 1))
        (void)wr_qr_print(url, isatty(STDOUT_FILENO) == 1, stdout);
    wr_wipe(w.pem, sizeof(w.pem));
    return status;
}
