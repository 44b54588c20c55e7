/* SPDX-License-Identifier: Apache-2.0 */
/*
 * MUD store: which profile each device has, on disk and in memory.
 *
 *     wr_mudstore_open(folder, &store, &read)             what is kept there; "": nothing is, and nothing outlives a restart
 *     wr_mudstore_put(store, &about, text, n, sig, sig_n) a profile for a device, in place of the one before
 *     wr_mudstore_find(store, key) / wr_mudstore_next     who has one, and if it is in force
 *     wr_mudstore_set_mode(store, key, mode)              and on the disk when it returns
 *
 * In the folder are a file for each profile as it came, octet for octet (mud-<SHA-256>.json, and its signature beside it), and one that says whose they are
 * (mud-profiles, JSON). A profile's file whose octets are others than it is called is not believed. Devices with the same file share it, in memory too. A device is called by the owner's
 * name for it ("name:camera-3"), with a MAC address of it beside, or by its MAC address ("mac:00:11:22:33:44:55"): what stays the same when weir starts anew. What would take the place of a profile, and is not the owner's word
 * yet, is an entry of its own ("proposed:name:camera-3"), never in force, that goes with the one that it is for.
 *
 * Main thread. It waits for the disk, as when the owner changes a device (serve/devices): what he was told holds. Errors: WR_E_NOMEM, WR_E_FULL (WR_MUD_DEVICES_MAX, and as many proposals), WR_E_NOTFOUND, WR_E_IO (in
 * force, and not on the disk), WR_E_FORMAT (of a profile; the mistake is in *ret_mistake).
 */
#ifndef WR_SERVE_MUDSTORE_H
#define WR_SERVE_MUDSTORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/limits.h"
#include "conf/mudfile.h"
#include "policy/census.h"
#include "policy/mud.h"

#define WR_MUDSTORE_KEY_SIZE    80
#define WR_MUDSTORE_DIGEST_SIZE 65
#define WR_MUDSTORE_SIGNER_SIZE 256
#define WR_MUDSTORE_HOST_SIZE   264

enum wr_mudstore_mode {
    WR_MUDSTORE_OFF = 0, /* it is there, and nothing of it holds */
    WR_MUDSTORE_SHADOW,  /* what it would refuse is told, and not refused */
    WR_MUDSTORE_ENFORCED,
};

struct wr_mudstore_about {
    char key[WR_MUDSTORE_KEY_SIZE];
    char digest[WR_MUDSTORE_DIGEST_SIZE]; /* the store's to fill in */
    char mac
        [WR_CENSUS_MAC_SIZE]; /* of the device, to know it by when it is called otherwise; "": none is known */
    char from[WR_MUD_URL_SIZE]; /* the URL it was fetched from; "": a file of the owner's */
    char host
        [WR_MUDSTORE_HOST_SIZE]; /* host and port that the octets came from, over redirects; "": a file, or nobody knows */
    char signer[WR_MUDSTORE_SIGNER_SIZE]; /* who has signed it; "": nobody, by the owner's word */
    int64_t taken_s;
    int64_t checked_s; /* when it was last seen to be the same where it is from */
    uint8_t mode;      /* enum wr_mudstore_mode */
};

struct wr_mudstore_entry {
    struct wr_mudstore_about about;
    struct wr_mud *mud; /* NULL: what is kept of it cannot be read, and nothing of it is in force */
    bool has_signature;
    /* The keeper's to note; not on the disk. */
    bool shown;        /* the owner has looked at it, as it is now: of a proposal */
    uint32_t device;   /* its number when it was seen last */
    uint32_t failures; /* how often it could not be fetched again, one after the other */
    int64_t retry_s;   /* not before */
};

struct wr_mudstore;

struct wr_mudstore_read {
    uint32_t profiles; /* devices that have one */
    uint32_t lost;     /* of which the file is not there, or not what it was */
    bool bad;          /* the list of them could not be read, and was put aside */
};

int wr_mudstore_open(const char *folder, struct wr_mudstore **ret_store,
                     struct wr_mudstore_read *ret_read);
void wr_mudstore_close(struct wr_mudstore *s); /* NULL is fine */
const char *wr_mudstore_folder(const struct wr_mudstore *s);

int wr_mudstore_put(struct wr_mudstore *s, const struct wr_mudstore_about *about, const char *text,
                    size_t n, const void *sig, size_t sig_n,
                    struct wr_mudfile_mistake *ret_mistake);
/* What is changed between them is on the disk at the end, all at once, and its error is that of the end. */
void wr_mudstore_begin(struct wr_mudstore *s);
int wr_mudstore_end(struct wr_mudstore *s);
int wr_mudstore_set_mode(struct wr_mudstore *s, const char *key, uint8_t mode);
/* "off", "shadow", "enforced"; NULL: there is no such mode, or word. */
const char *wr_mudstore_mode_name(uint8_t mode);
int wr_mudstore_mode_of(const char *name); /* -1: none */
int wr_mudstore_remove(struct wr_mudstore *s, const char *key);
/* The device is called otherwise now. */
int wr_mudstore_rename(struct wr_mudstore *s, const char *key, const char *to);
const struct wr_mudstore_entry *wr_mudstore_find(const struct wr_mudstore *s, const char *key);
/* What is proposed in its place. NULL: nothing, or it is a proposal itself. */
const struct wr_mudstore_entry *wr_mudstore_proposed(const struct wr_mudstore *s,
                                                     const struct wr_mudstore_entry *e);
bool wr_mudstore_is_proposal(const struct wr_mudstore_entry *e);
/* What a proposal for the device of this key is called. False: it is one. */
bool wr_mudstore_proposal_key(const char *key, char ret_key[WR_MUDSTORE_KEY_SIZE]);
/* Is its file this one, octet for octet? */
bool wr_mudstore_is_same(const struct wr_mudstore *s, const struct wr_mudstore_entry *e,
                         const char *text, size_t n);
/* It was seen to be the same. */
int wr_mudstore_check(struct wr_mudstore *s, const char *key, int64_t now_s);
int wr_mudstore_set_mac(struct wr_mudstore *s, const char *key, const char *mac);
void wr_mudstore_delay(struct wr_mudstore *s, const struct wr_mudstore_entry *e, uint32_t failures,
                       int64_t retry_s);
void wr_mudstore_show(struct wr_mudstore *s, const struct wr_mudstore_entry *e);
void wr_mudstore_note(struct wr_mudstore *s, const struct wr_mudstore_entry *e, uint32_t device);
/* In the order of their keys: *cursor 0 begins. NULL: that was the last. */
const struct wr_mudstore_entry *wr_mudstore_next(const struct wr_mudstore *s, uint32_t *cursor);
/* The file as it came, or its signature; for free(). WR_E_NOTFOUND. */
int wr_mudstore_text(const struct wr_mudstore *s, const struct wr_mudstore_entry *e, bool signature,
                     uint8_t **ret_bytes, size_t *ret_n);
/* Counts up with each change. */
uint64_t wr_mudstore_changes(const struct wr_mudstore *s);

#endif
