/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/doors.h"

#include <errno.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "net/sock.h"
#include "net/unixsock.h"
#include "serve/anchors.h"
#include "serve/caps.h"
#include "serve/devices.h"
#include "serve/muds.h"
#include "serve/notify.h"
#include "serve/say.h"
#include "serve/serve.h"
#include "serve/timekeeper.h"

/* --- opening --- */

/* /run/weir is made by the service manager; by hand it is made here, one level and for the user weir becomes. */
static void make_socket_folder(const struct wr_conf *conf)
{
    char path[PATH_MAX];
    snprintf(path, sizeof(path), "%s", conf->control.socket);
    char *slash = strrchr(path, '/');
    if (slash == NULL || slash == path) {
        return;
    }
    *slash = 0;
    if (mkdir(path, 0755) == 0 && geteuid() == 0 && conf->user[0] != 0) {
        struct passwd *pw = getpwnam(conf->user);
        if (pw != NULL && chown(path, pw->pw_uid, pw->pw_gid) != 0) {
            wr_say(WR_LOG_DEBUG, "%s stays root's: %s", path, strerror(errno));
        }
    }
}

static void control_setup(const struct wr_conf *conf, struct wr_unixsock_setup *ret_setup)
{
    *ret_setup = (struct wr_unixsock_setup){
        .path = conf->control.socket,
        .mode = conf->control.group[0] != 0 ? 0660 : 0600,
        .group = conf->control.group,
    };
}

static void open_control(struct wr_serve *s)
{
    struct wr_sock_error error = {0};
    struct wr_unixsock_setup setup;
    s->control_fd = -1;
    if (s->conf->control.socket[0] == 0) {
        return;
    }
    make_socket_folder(s->conf);
    control_setup(s->conf, &setup);
    if (wr_unixsock_open(&setup, &s->control_fd, &error) != WR_OK) {
        wr_say(WR_LOG_WARN, "no control socket: %s; name another path in control.socket",
               error.text);
        s->control_fd = -1;
    }
}

static void open_metrics(struct wr_serve *s)
{
    struct wr_sock_error error = {0};
    struct wr_sock_options options = {.probe = true};
    s->metrics_fd = -1;
    if (s->conf->metrics.listen.family != WR_AF_NONE &&
        wr_sock_listen_tcp(&s->conf->metrics.listen, &options, &s->metrics_fd, &error) != WR_OK) {
        wr_say(WR_LOG_WARN, "no metrics: %s", error.text);
        s->metrics_fd = -1;
    }
}

/* WR_E_IO when not one address could be opened. */
static int open_listeners(struct wr_serve *s)
{
    s->listeners.givens = wr_notify_sockets(s->listeners.given, WR_NET_LISTENERS_MAX);
    wr_listeners_plan(&s->listeners, s->gate, &s->reload.change);
    wr_listeners_open(&s->listeners, &s->helper, s->workers, false, &s->reload.change);
    if (s->reload.change.opens == 0) {
        wr_listeners_say(&s->listeners);
        wr_say(WR_LOG_ERROR, "nothing to listen on: weir cannot answer anybody");
        return WR_E_IO;
    }
    return WR_OK;
}

int wr_doors_open(struct wr_serve *s)
{
    int err = open_listeners(s);
    if (err == WR_OK) {
        wr_hairpin_open(s);
        open_control(s);
        open_metrics(s);
    }
    return err;
}

/* --- giving up --- */

static int drop_privileges(const struct wr_conf *conf)
{
    int err = wr_caps_become(conf->user);
    if (err == WR_E_NOTFOUND) {
        wr_say(WR_LOG_WARN,
               "there is no user %s: running as nobody; make one with "
               "`adduser --system --group %s`, or set `user`",
               conf->user, conf->user);
        err = wr_caps_become("nobody");
    }
    if (err != WR_OK) {
        wr_say(WR_LOG_WARN, "cannot become another user: going on as uid %u without capabilities",
               (unsigned)geteuid());
    }
    err = wr_caps_drop_all();
    if (err != WR_OK) {
        wr_say(WR_LOG_ERROR, "capabilities cannot be given up: %s", wr_err_name(err));
    }
    return err;
}

/* The file is read again at a reload, and by then as another user. */
static void check_config_readable(const struct wr_serve *s)
{
    if (s->config != NULL && access(s->config, R_OK) != 0) {
        wr_say(WR_LOG_WARN,
               "%s cannot be read any more as uid %u (%s), so a reload will fail: let that user "
               "read it",
               s->config, (unsigned)geteuid(), strerror(errno));
    }
}

int wr_doors_drop(struct wr_serve *s)
{
    int err = drop_privileges(s->conf);
    check_config_readable(s);
    return err;
}

static const char *folder_of(const char *path, char room[PATH_MAX])
{
    snprintf(room, PATH_MAX, "%s", path);
    char *slash = strrchr(room, '/');
    if (path[0] == 0) {
        return NULL;
    }
    if (slash == NULL) {
        return ".";
    }
    slash[slash == room] = 0;
    return room;
}

void wr_doors_seal(struct wr_serve *s)
{
    char control[PATH_MAX], live[PATH_MAX], keep[PATH_MAX], anchors[PATH_MAX], time[PATH_MAX];
    char devices[PATH_MAX];
    struct wr_sandbox sandbox = {
        .folder = {folder_of(s->conf->control.socket, control),
                   folder_of(s->conf->cache.live, live), folder_of(s->conf->cache.keep.path, keep),
                   folder_of(wr_live_anchors_path(s->anchors), anchors),
                   folder_of(wr_timekeeper_path(s->time), time),
                   folder_of(wr_devices_path(s->devices), devices),
                   wr_copies_folder(s->copies)[0] != 0 ? wr_copies_folder(s->copies) : NULL,
                   s->logdisk != NULL ? s->first_conf->log.path : NULL,
                   wr_feeds_folder(s->feedswap.feeds)[0] != 0 ? wr_feeds_folder(s->feedswap.feeds)
                                                              : NULL,
                   wr_mudstore_folder(wr_muds_store(s->muds))}};
    char exported[WR_CONF_EXPORTS_MAX][PATH_MAX];
    size_t folders = WR_SANDBOX_FOLDERS_MAX - WR_CONF_EXPORTS_MAX;
    for (size_t i = 0; i < s->conf->export.count; i++) {
        const char *to = s->conf->export.items[i].to;
        if (strncmp(to, "file://", 7) == 0) {
            sandbox.folder[folders++] = folder_of(to + 7, exported[i]);
        }
    }
    wr_sandbox_enter(&sandbox, &s->sandbox);
    if (s->sandbox.why_not != NULL) {
        wr_say(WR_LOG_INFO, "sandbox: Landlock %s, seccomp %s: %s",
               s->sandbox.landlock ? "on" : "off", s->sandbox.seccomp ? "on" : "off",
               s->sandbox.why_not);
    }
}
