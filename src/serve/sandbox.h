/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sandbox: what weir could do no harm with, should somebody take it over.
 *
 * Entered once, after the sockets are open and privileges are gone and before the first thread starts, so that every
 * thread is inside:
 *
 *   Landlock (kernel 5.13)   files may be read as the user may; written only below the folders named; nothing is executed
 *   seccomp                  a list of the system calls that a DNS gateway makes; all others fail with EPERM
 *
 * Both by system call; no library is needed for two of them. What the kernel does not have is left out and said. With a
 * sanitizer or coverage, which make system calls of their own, nothing is entered and that is said as well.
 */
#ifndef WR_SERVE_SANDBOX_H
#define WR_SERVE_SANDBOX_H

#include <stdbool.h>
#include <stddef.h>

#include "base/limits.h"

#define WR_SANDBOX_FOLDERS_MAX (10 + WR_CONF_EXPORTS_MAX)

struct wr_sandbox {
    const char *folder
        [WR_SANDBOX_FOLDERS_MAX]; /* may be written; NULL and what does not exist is passed over */
};

struct wr_sandbox_state {
    bool landlock, seccomp;
    const char *why_not; /* NULL, or why one of them is missing */
};

/*
 * Before the first loop is made: the system call io_uring_setup is not there. libuv 1.45 and later would put epoll_ctl
 * into a ring, which passes a list of system calls by; the sandbox refuses the ring, and libuv then ends the process. Without
 * one it calls epoll_ctl. False: the kernel has no seccomp, and the sandbox will have none.
 */
bool wr_sandbox_refuse_uring(void);
/* Cannot fail: what could not be entered is in the state. */
void wr_sandbox_enter(const struct wr_sandbox *sandbox, struct wr_sandbox_state *ret_state);

#endif
