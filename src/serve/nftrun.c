/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/nftrun.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/err.h"
#include "base/limits.h"
#include "base/time.h"
#include "net/clock.h"

static const char *const usual[] = {"/usr/sbin/nft", "/sbin/nft", "/usr/bin/nft",
                                    "/usr/local/sbin/nft"};

static bool can_run(const char *path)
{
    struct stat st;
    if (stat(path, &st) != 0) {
        return false;
    }
    if (!S_ISREG(st.st_mode)) {
        errno = EACCES;
        return false;
    }
    return access(path, X_OK) == 0;
}

const char *wr_nftrun_first(const char *const *path, size_t count, char *why)
{
    const char *about = path[0];
    int number = ENOENT;
    for (size_t i = 0; i < count; i++) {
        if (can_run(path[i])) {
            return path[i];
        }
        if (number == ENOENT && errno != ENOENT) {
            about = path[i];
            number = errno;
        }
    }
    snprintf(why, WR_NFTRUN_WHY_SIZE,
             "the program nft cannot be run (%.100s: %s): install Debian's package nftables, or "
             "say where it is in firewall.nft",
             about, strerror(number));
    return NULL;
}

const char *wr_nftrun_find(const char *wanted, char *why)
{
    return wanted[0] != 0 ? wr_nftrun_first(&wanted, 1, why)
                          : wr_nftrun_first(usual, sizeof(usual) / sizeof(usual[0]), why);
}

static int open_memory(const char *name, const char *text, size_t n)
{
    int fd = memfd_create(name, MFD_CLOEXEC);
    while (fd >= 0 && n > 0) {
        ssize_t put = write(fd, text, n);
        if (put <= 0) {
            close(fd);
            return -1;
        }
        text += put;
        n -= (size_t)put;
    }
    if (fd >= 0) {
        (void)lseek(fd, 0, SEEK_SET);
    }
    return fd;
}

/* Not by fork: what libraries do in a child there (libuv makes its pipes anew) is done to descriptors that are others' here. 0, or errno. */
static int spawn_nft(const char *path, int in, int out, pid_t *ret_pid)
{
    static const char *const words[] = {"nft", "-f", "-", NULL};
    static const char *const environment[] = {"LC_ALL=C", NULL};
    posix_spawn_file_actions_t actions;
    int number = posix_spawn_file_actions_init(&actions);
    if (number != 0) {
        return number;
    }
    number = posix_spawn_file_actions_adddup2(&actions, in, 0);
    for (int fd = 1; fd <= 2 && number == 0; fd++) {
        number = posix_spawn_file_actions_adddup2(&actions, out, fd);
    }
    if (number == 0) {
        number = posix_spawn(ret_pid, path, &actions, NULL, (void *)(uintptr_t)words,
                             (void *)(uintptr_t)environment);
    }
    posix_spawn_file_actions_destroy(&actions);
    return number;
}

static uint64_t now_us(void)
{
    struct wr_now now;
    wr_clock_now(false, &now);
    return now.mono_us;
}

int wr_nftrun_start(struct wr_nftrun *ret_run, const char *nft, const char *text, size_t n,
                    char *why)
{
    const char *path = wr_nftrun_find(nft, why);
    if (path == NULL) {
        return WR_E_NOTFOUND;
    }
    int in = open_memory("weir-rules", text, n), out = open_memory("weir-said", "", 0);
    pid_t pid = 0;
    int number = in < 0 || out < 0 ? errno : spawn_nft(path, in, out, &pid);
    if (in >= 0) {
        close(in);
    }
    if (number != 0) {
        if (out >= 0) {
            close(out);
        }
        snprintf(why, WR_NFTRUN_WHY_SIZE, "%s cannot be run: %s", path, strerror(number));
        return WR_E_IO;
    }
    *ret_run = (struct wr_nftrun){
        .pid = pid, .out = out, .end_us = now_us() + (uint64_t)WR_FIREWALL_NFT_MS * WR_MS};
    return WR_OK;
}

/* WR_E_AGAIN: it has not ended, and its time is not over. */
static int outcome(const struct wr_nftrun *run)
{
    int status = 0;
    pid_t got = waitpid(run->pid, &status, WNOHANG);
    if (got == run->pid) {
        return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? WR_OK : WR_E_FORMAT;
    }
    if (got < 0 && errno != EINTR) {
        return WR_E_IO;
    }
    if (now_us() < run->end_us) {
        return WR_E_AGAIN;
    }
    kill(run->pid, SIGKILL);
    (void)waitpid(run->pid, NULL, 0);
    return WR_E_TIMEOUT;
}

/* The first line that it said, as one that can be printed. */
static void quote(const char *said, size_t n, char *ret_text, size_t cap)
{
    size_t at = 0;
    for (size_t i = 0; i < n && said[i] != '\n' && at + 1 < cap; i++) {
        ret_text[at++] = said[i] >= ' ' && said[i] < 0x7f ? said[i] : ' ';
    }
    ret_text[at] = 0;
}

int wr_nftrun_look(struct wr_nftrun *run, char *said, size_t *ret_said, char *why)
{
    char line[160];
    int err = outcome(run);
    if (err == WR_E_AGAIN) {
        return err;
    }
    ssize_t n = pread(run->out, said, WR_NFTRUN_SAID_MAX, 0);
    *ret_said = n > 0 ? (size_t)n : 0;
    close(run->out);
    *run = (struct wr_nftrun){.out = -1};
    if (err == WR_E_TIMEOUT) {
        snprintf(why, WR_NFTRUN_WHY_SIZE, "nft did not end in %d s", WR_FIREWALL_NFT_MS / 1000);
    } else if (err == WR_E_IO) {
        snprintf(why, WR_NFTRUN_WHY_SIZE, "nft cannot be waited for: %s", strerror(errno));
    } else if (err != WR_OK) {
        quote(said, *ret_said, line, sizeof(line));
        snprintf(why, WR_NFTRUN_WHY_SIZE, "nft refuses: %s",
                 line[0] != 0 ? line : "it said nothing");
    }
    return err;
}
