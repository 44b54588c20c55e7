/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nft run: the program nft at work on a text, while whoever started it does other things.
 *
 * It is run as a program and with no shell, from a path that was settled before, with an empty environment, its input and output in memory, and
 * with WR_FIREWALL_NFT_MS to end in. Start it, look at it every now and then.
 */
#ifndef WR_SERVE_NFTRUN_H
#define WR_SERVE_NFTRUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define WR_NFTRUN_WHY_SIZE 240
/* Octets of what nft says that are read; its first line is quoted. */
#define WR_NFTRUN_SAID_MAX 4096

struct wr_nftrun {
    pid_t pid; /* 0: it does not run */
    int out;   /* what it says; -1: none */
    uint64_t end_us;
};

/* Where nft is: `wanted`, or for "" where it usually is. NULL: it cannot be run, with the reason and the remedy in `why` (WR_NFTRUN_WHY_SIZE). */
const char *wr_nftrun_find(const char *wanted, char *why);
/* The first of these that can be run. NULL: likewise; `why` is about the first that is there, if one is. */
const char *wr_nftrun_first(const char *const *path, size_t count, char *why);
/* `nft` "": where it usually is. WR_E_NOTFOUND, WR_E_IO: with the reason and the remedy in `why` (WR_NFTRUN_WHY_SIZE). */
int wr_nftrun_start(struct wr_nftrun *ret_run, const char *nft, const char *text, size_t n,
                    char *why);
/* WR_E_AGAIN: it runs. Else it has ended: WR_OK, with what it said in `said` (WR_NFTRUN_SAID_MAX); or with the reason in `why` WR_E_FORMAT
 * (it refuses), WR_E_TIMEOUT, WR_E_IO. */
int wr_nftrun_look(struct wr_nftrun *run, char *said, size_t *ret_said, char *why);

#endif
