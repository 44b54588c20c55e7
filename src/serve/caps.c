/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/caps.h"

#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/err.h"

#define BIND  ((uint64_t)1 << CAP_NET_BIND_SERVICE)
#define ADMIN ((uint64_t)1 << CAP_NET_ADMIN)

static int get(uint64_t *ret_effective, uint64_t *ret_permitted)
{
    struct __user_cap_header_struct head = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct data[2];
    memset(data, 0, sizeof(data));
    if (syscall(SYS_capget, &head, data) != 0) {
        return WR_E_IO;
    }
    *ret_effective = (uint64_t)data[1].effective << 32 | data[0].effective;
    *ret_permitted = (uint64_t)data[1].permitted << 32 | data[0].permitted;
    return WR_OK;
}

static int set(uint64_t keep, uint64_t inherit)
{
    struct __user_cap_header_struct head = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct data[2];
    memset(data, 0, sizeof(data));
    for (int i = 0; i < 2; i++) {
        data[i].effective = data[i].permitted = (uint32_t)(keep >> (32 * i));
        data[i].inheritable = (uint32_t)(inherit >> (32 * i));
    }
    return syscall(SYS_capset, &head, data) == 0 ? WR_OK : WR_E_DENIED;
}

bool wr_caps_can_bind(void)
{
    uint64_t effective, permitted;
    return get(&effective, &permitted) == WR_OK && (effective & BIND) != 0;
}

bool wr_caps_can_admin(void)
{
    uint64_t effective, permitted;
    return get(&effective, &permitted) == WR_OK && (effective & ADMIN) != 0;
}

static int reduce_to(uint64_t keep)
{
    uint64_t effective, permitted;
    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
    /* Needs CAP_SETPCAP; without it the bounding set matters less, since no_new_privs bars every way up. */
    for (int cap = 0; cap < 64; cap++) {
        prctl(PR_CAPBSET_DROP, cap, 0, 0, 0);
    }
    int err = get(&effective, &permitted);
    if (err == WR_OK) {
        err = set(keep & permitted, 0);
    }
    if (err == WR_OK && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
        err = WR_E_IO;
    }
    return err;
}

int wr_caps_keep_bind(void)
{
    return reduce_to(BIND);
}

int wr_caps_keep_admin(void)
{
    uint64_t effective, permitted;
    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
    int err = get(&effective, &permitted);
    /* What is to be inherited must be in the bounding set while it is said. */
    if (err == WR_OK) {
        err =
            set((permitted & ADMIN) | (permitted & (uint64_t)1 << CAP_SETPCAP), permitted & ADMIN);
    }
    if (err == WR_OK && (permitted & ADMIN) != 0 &&
        prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_NET_ADMIN, 0, 0) != 0) {
        err = WR_E_DENIED;
    }
    for (int cap = 0; cap < 64; cap++) {
        prctl(PR_CAPBSET_DROP, cap, 0, 0, 0);
    }
    if (err == WR_OK) {
        err = set(permitted & ADMIN, permitted & ADMIN);
    }
    if (err == WR_OK && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
        err = WR_E_IO;
    }
    return err;
}

int wr_caps_drop_all(void)
{
    return reduce_to(0);
}

int wr_caps_become(const char *user)
{
    if (geteuid() != 0 || user[0] == 0) {
        return WR_OK;
    }
    struct passwd *pw = getpwnam(user);
    if (pw == NULL) {
        return WR_E_NOTFOUND;
    }
    uid_t uid = pw->pw_uid;
    gid_t gid = pw->pw_gid;
    /* In a user namespace without setgroups there are no foreign groups to drop. */
    if (initgroups(user, gid) != 0 && setgroups(0, NULL) != 0 && getgroups(0, NULL) > 0) {
        return WR_E_DENIED;
    }
    if (setresgid(gid, gid, gid) != 0 || setresuid(uid, uid, uid) != 0) {
        return WR_E_DENIED;
    }
    /* The way back must be closed. */
    return uid != 0 && setuid(0) == 0 ? WR_E_DENIED : WR_OK;
}
