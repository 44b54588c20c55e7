/* SPDX-License-Identifier: Apache-2.0 */
#include "net/holder.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Lines of a socket table, processes, and descriptors of one process that are looked at. */
enum { LINES_MAX = 65536, PROCESSES_MAX = 32768, FILES_MAX = 65536, TCP_LISTEN = 10 };

/* The inode of a socket in one of the tables of /proc/net that has the port, or 0. */
static unsigned long holder_inode(const char *table, uint16_t port, bool tcp)
{
    char line[512];
    FILE *f = fopen(table, "re");
    unsigned long found = 0;

    if (f == NULL) {
        return 0;
    }
    for (int i = 0; i < LINES_MAX && found == 0 && fgets(line, sizeof(line), f) != NULL; i++) {
        unsigned local = 0, state = 0;
        unsigned long inode = 0;

        if (sscanf(line, " %*[^:]: %*[0-9A-Fa-f]:%x %*[0-9A-Fa-f]:%*x %x %*s %*s %*s %*s %*s %lu",
                   &local, &state, &inode) == 3 &&
            local == port && (!tcp || state == TCP_LISTEN)) {
            found = inode;
        }
    }
    fclose(f);
    return found;
}

static bool holder_has(const char *pid, unsigned long inode)
{
    char path[64], want[64], target[64];
    struct dirent *entry;
    bool has = false;
    DIR *dir;

    snprintf(path, sizeof(path), "/proc/%.16s/fd", pid);
    snprintf(want, sizeof(want), "socket:[%lu]", inode);
    dir = opendir(path);
    if (dir == NULL) {
        return false;
    }
    for (int i = 0; i < FILES_MAX && !has && (entry = readdir(dir)) != NULL; i++) {
        ssize_t n = readlinkat(dirfd(dir), entry->d_name, target, sizeof(target) - 1);

        if (n > 0) {
            target[n] = '\0';
            has = strcmp(target, want) == 0;
        }
    }
    closedir(dir);
    return has;
}

/* The process that has the socket, or 0. */
static long holder_pid(unsigned long inode)
{
    struct dirent *entry;
    DIR *proc = opendir("/proc");
    long pid = 0;

    if (proc == NULL) {
        return 0;
    }
    for (int i = 0; i < PROCESSES_MAX && pid == 0 && (entry = readdir(proc)) != NULL; i++) {
        if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9' &&
            holder_has(entry->d_name, inode)) {
            pid = strtol(entry->d_name, NULL, 10);
        }
    }
    closedir(proc);
    return pid;
}

static void holder_name(long pid, char *ret_text, size_t cap)
{
    char path[64], name[64] = "";
    FILE *f;

    snprintf(path, sizeof(path), "/proc/%ld/comm", pid);
    f = fopen(path, "re");
    if (f != NULL) {
        if (fgets(name, sizeof(name), f) != NULL) {
            name[strcspn(name, "\n")] = '\0';
        }
        /* Its owner chose it, and it goes to a terminal. */
        for (char *at = name; *at != '\0'; at++) {
            *at = *at >= ' ' && *at <= '~' ? *at : '?';
        }
        fclose(f);
    }
    snprintf(ret_text, cap, "%s (pid %ld)", name[0] != '\0' ? name : "a process", pid);
}

void wr_holder_find(uint16_t port, bool tcp, char *ret_text, size_t cap)
{
    static const char *const table[2][2] = {{"/proc/net/udp", "/proc/net/udp6"},
                                            {"/proc/net/tcp", "/proc/net/tcp6"}};
    long pid = 0;

    for (int i = 0; i < 2 && pid == 0; i++) {
        unsigned long inode = holder_inode(table[tcp][i], port, tcp);

        pid = inode != 0 ? holder_pid(inode) : 0;
    }
    if (pid != 0) {
        holder_name(pid, ret_text, cap);
    } else {
        snprintf(ret_text, cap, "another process (see `ss -lnp`)");
    }
}
