/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Holder: which process has a port, for the sentence that says that it is in use.
 *
 * Reads /proc: the sockets' table gives the inode, the processes' descriptors give who has it. Processes of
 * other users are hidden from an unprivileged caller; then it says so. Slow; only ever called once
 * the answer is an error message.
 */
#ifndef WR_NET_HOLDER_H
#define WR_NET_HOLDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Writes "unbound (pid 812)", or "another process"; always a text. */
void wr_holder_find(uint16_t port, bool tcp, char *ret_text, size_t cap);

#endif
