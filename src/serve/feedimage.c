/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/feedimage.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "serve/keepfile.h"

enum { VERSION = 2, ALIGN = 64 };

static const uint8_t magic[8] = {'w', 'e', 'i', 'r', 'f', 'e', 'e', 'd'};

/* The checksum is over the rest of the head; the trees have their own. */
struct head {
    uint8_t magic[8];
    uint64_t checksum;
    uint32_t version, zero;
    uint64_t names_size, addrs_size;
    struct wr_feedimage_about about;
};

#define CHECKED_FROM offsetof(struct head, version)

static uint64_t round_up(uint64_t n)
{
    return (n + ALIGN - 1) / ALIGN * ALIGN;
}

static uint64_t sum_of(const struct head *head)
{
    static const struct wr_hash_key
        key; /* against what is torn; who writes the folder writes what he likes */
    return wr_hash_sip13(&key, (const uint8_t *)head + CHECKED_FROM, sizeof(*head) - CHECKED_FROM);
}

/* --- reading --- */

static bool is_whole(const struct head *head, uint64_t size)
{
    return memcmp(head->magic, magic, sizeof(magic)) == 0 && head->version == VERSION &&
           head->names_size <= size && head->addrs_size <= size &&
           round_up(sizeof(*head)) + round_up(head->names_size) + head->addrs_size == size &&
           head->checksum == sum_of(head);
}

/* The text in a head, which was ours when it was written. */
static void end_texts(struct wr_feedimage_about *about)
{
    struct wr_feedtext_counts *counts = &about->counts;
    about->etag[WR_FEEDIMAGE_ETAG_SIZE - 1] = 0;
    about->modified[WR_FEEDIMAGE_DATE_SIZE - 1] = 0;
    counts->tolds = counts->tolds < WR_FEEDTEXT_TOLD_MAX ? counts->tolds : WR_FEEDTEXT_TOLD_MAX;
    for (unsigned i = 0; i < WR_FEEDTEXT_TOLD_MAX; i++) {
        counts->told[i].text[WR_FEEDTEXT_TOLD_SIZE - 1] = 0;
    }
}

/* Takes the block over when it is good. */
static int take(void *base, size_t size, bool mapped, struct wr_feedimage **ret_image)
{
    struct head head;
    if (size < sizeof(head)) {
        return WR_E_FORMAT;
    }
    memcpy(&head, base, sizeof(head));
    if (!is_whole(&head, size)) {
        return WR_E_FORMAT;
    }
    struct wr_feedimage *image = calloc(1, sizeof(*image));
    if (image == NULL) {
        return WR_E_NOMEM;
    }
    const uint8_t *names = (const uint8_t *)base + round_up(sizeof(head));
    const uint8_t *addrs = names + round_up(head.names_size);
    if (wr_nametree_open(&image->names, names, (size_t)head.names_size) != WR_OK ||
        wr_addrtree_open(&image->addrs, addrs, (size_t)head.addrs_size) != WR_OK) {
        free(image);
        return WR_E_FORMAT;
    }
    end_texts(&head.about);
    atomic_init(&image->held, 1);
    image->about = head.about;
    image->base = base;
    image->size = size;
    image->mapped = mapped;
    *ret_image = image;
    return WR_OK;
}

int wr_feedimage_open(const char *path, struct wr_feedimage **ret_image)
{
    struct stat st;
    int fd, err = wr_keepfile_open(path, false, &fd);
    if (err != WR_OK) {
        return err;
    }
    if (fstat(fd, &st) != 0) {
        close(fd);
        return WR_E_IO;
    }
    size_t size = (size_t)st.st_size;
    void *base = size >= sizeof(struct head)
                     ? mmap(NULL, size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd, 0)
                     : NULL;
    close(fd);
    if (base == MAP_FAILED) {
        return WR_E_IO;
    }
    err = base == NULL ? WR_E_FORMAT : take(base, size, true, ret_image);
    if (err != WR_OK && base != NULL) {
        munmap(base, size);
    }
    if (err == WR_E_FORMAT) {
        (void)wr_keepfile_aside(path);
    }
    return err;
}

struct wr_feedimage *wr_feedimage_hold(struct wr_feedimage *image)
{
    atomic_fetch_add(&image->held, 1);
    return image;
}

void wr_feedimage_let_go(struct wr_feedimage *image)
{
    if (image == NULL || atomic_fetch_sub(&image->held, 1) != 1) {
        return;
    }
    if (image->mapped) {
        munmap(image->base, image->size);
    } else {
        free(image->base);
    }
    free(image);
}

/* --- making --- */

int wr_feedimage_make(const struct wr_feedimage_about *about, const struct wr_hash_key *key,
                      const struct wr_nametree_item *names, uint32_t name_count,
                      struct wr_addrtree_item *addrs, uint32_t addr_count,
                      struct wr_feedimage **ret_image)
{
    struct head head = {.version = VERSION, .about = *about};
    size_t names_room = wr_nametree_room(name_count), addrs_room = wr_addrtree_room(addr_count);
    size_t size = 0;
    if (names_room == SIZE_MAX || addrs_room == SIZE_MAX) {
        return WR_E_LIMIT;
    }
    uint8_t *base =
        aligned_alloc(ALIGN, round_up(sizeof(head)) + round_up(names_room) + round_up(addrs_room));
    if (base == NULL) {
        return WR_E_NOMEM;
    }
    uint8_t *at = base + round_up(sizeof(head));
    memset(base, 0, round_up(sizeof(head)));
    int err = wr_nametree_build(key, names, name_count, at, names_room, &size);
    if (err == WR_OK) {
        head.names_size = size;
        memset(at + size, 0, round_up(size) - size);
        at += round_up(size);
        err = wr_addrtree_build(key, addrs, addr_count, at, addrs_room, &size);
    }
    if (err == WR_OK) {
        head.addrs_size = size;
        memcpy(head.magic, magic, sizeof(magic));
        head.checksum = sum_of(&head);
        memcpy(base, &head, sizeof(head));
        err = take(base, (size_t)(at - base) + size, false, ret_image);
    }
    if (err != WR_OK) {
        free(base);
    }
    return err;
}

static int write_all(const char *beside, const struct wr_feedimage *image)
{
    int fd, err = wr_keepfile_open(beside, true, &fd);
    if (err != WR_OK) {
        return err;
    }
    err =
        ftruncate(fd, 0) == 0 ? wr_keepfile_append(fd, 0, image->base, image->size, NULL) : WR_E_IO;
    int saved = errno;
    close(fd);
    if (err != WR_OK) {
        unlink(beside);
    }
    errno = saved;
    return err;
}

int wr_feedimage_keep(const struct wr_feedimage *image, const char *path,
                      struct wr_feedimage **ret_image)
{
    char beside[WR_KEEPFILE_PATH_MAX + 8];
    snprintf(beside, sizeof(beside), "%s.new", path);
    int err = write_all(beside, image);
    if (err == WR_OK) {
        err = wr_keepfile_replace(beside, path);
    }
    return err == WR_OK ? wr_feedimage_open(path, ret_image) : err;
}
