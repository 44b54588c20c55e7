/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/mudstore.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/enc.h"
#include "base/err.h"
#include "base/str.h"
#include "crypto/digest.h"
#include "serve/keepfile.h"
#include "serve/registry.h"

#define INDEX     "mud-profiles"
#define PROPOSED  "proposed:"
#define INDEX_MAX ((size_t)16 << 20)
#define ENTRIES   (2 * WR_MUD_DEVICES_MAX) /* each may have one that is proposed */

/* Of a folder that is not there the files are in memory: what one would have had. */
struct file {
    char digest[WR_MUDSTORE_DIGEST_SIZE];
    uint8_t *text, *sig;
    size_t n, sig_n;
    struct wr_mud *mud;
    uint32_t users;
    bool kept; /* it is on the disk as it is here */
    struct file *next_gone;
};

struct wr_mudstore {
    char folder[WR_KEEPFILE_PATH_MAX];
    struct wr_mudstore_entry *entry; /* by key */
    struct file **of;                /* of the entry at the same place */
    uint32_t entries, proposals;     /* these are among them */
    uint64_t changes;
    struct file
        *gone;    /* nobody's any more; the list on the disk may name them until it is written */
    bool is_many; /* between wr_mudstore_begin and wr_mudstore_end */
};

/* --- modes --- */

static const char *const modes[] = {"off", "shadow", "enforced"};

const char *wr_mudstore_mode_name(uint8_t mode)
{
    return mode < sizeof(modes) / sizeof(modes[0]) ? modes[mode] : NULL;
}

int wr_mudstore_mode_of(const char *name)
{
    for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
        if (strcmp(modes[i], name) == 0) {
            return (int)i;
        }
    }
    return -1;
}

/* --- files --- */

static bool path_of(const struct wr_mudstore *s, const char *digest, bool signature,
                    char ret_path[WR_KEEPFILE_PATH_MAX + 96])
{
    snprintf(ret_path, WR_KEEPFILE_PATH_MAX + 96, "%s/mud-%s.%s", s->folder, digest,
             signature ? "p7s" : "json");
    return s->folder[0] != 0;
}

static int read_file(const char *path, size_t most, uint8_t **ret_bytes, size_t *ret_n)
{
    int fd, err = wr_keepfile_open(path, false, &fd);
    if (err == WR_OK) {
        err = wr_keepfile_read(fd, most, ret_bytes, ret_n);
        close(fd);
    }
    return err;
}

static bool digest_of(const void *bytes, size_t n, char ret_text[WR_MUDSTORE_DIGEST_SIZE])
{
    uint8_t out[WR_DIGEST_MAX];
    struct wr_str s;
    if (wr_digest_of(WR_HASH_SHA256, bytes, n, out) != WR_OK) {
        return false;
    }
    wr_str_init(&s, ret_text, WR_MUDSTORE_DIGEST_SIZE);
    wr_str_hex(&s, out, 32);
    return true;
}

static void free_file(struct file *f)
{
    if (f != NULL) {
        free(f->text);
        free(f->sig);
        wr_mudfile_free(f->mud);
        free(f);
    }
}

static struct file *find_file(const struct wr_mudstore *s, const char *digest)
{
    for (uint32_t i = 0; i < s->entries; i++) {
        if (s->of[i] != NULL && strcmp(s->of[i]->digest, digest) == 0) {
            return s->of[i];
        }
    }
    return NULL;
}

static struct file *find_text(const struct wr_mudstore *s, const char *text, size_t n)
{
    const struct file *seen = NULL; /* many have the same, one behind the other */
    for (uint32_t i = 0; i < s->entries; i++) {
        struct file *f = s->of[i];
        if (f != NULL && f != seen && f->n == n && memcmp(f->text, text, n) == 0) {
            return f;
        }
        seen = f;
    }
    return NULL;
}

/* Nobody has it any more: with the next list it goes. */
static void let_go(struct wr_mudstore *s, struct file *f)
{
    if (f != NULL && --f->users == 0) {
        f->next_gone = s->gone;
        s->gone = f;
    }
}

/* The files of what nobody has any more go with it, unless the list on the disk still names them. */
static void sweep(struct wr_mudstore *s, bool is_unnamed)
{
    char path[WR_KEEPFILE_PATH_MAX + 96];
    struct file *f;
    while ((f = s->gone) != NULL) {
        s->gone = f->next_gone;
        bool again = find_file(s, f->digest) != NULL; /* somebody has it anew */
        for (unsigned signature = 0; signature < 2 && is_unnamed && !again; signature++) {
            if (path_of(s, f->digest, signature != 0, path)) {
                (void)unlink(path);
            }
        }
        free_file(f);
    }
}

static int write_file(const struct wr_mudstore *s, struct file *f)
{
    char path[WR_KEEPFILE_PATH_MAX + 96];
    int err = WR_OK;
    if (path_of(s, f->digest, false, path)) {
        err = wr_registry_save(path, (const char *)f->text, f->n);
    }
    if (err == WR_OK && f->sig_n > 0 && path_of(s, f->digest, true, path)) {
        err = wr_registry_save(path, (const char *)f->sig, f->sig_n);
    }
    f->kept = err == WR_OK;
    return err;
}

static uint8_t *copy(const void *bytes, size_t n)
{
    uint8_t *at = malloc(n > 0 ? n : 1);
    if (at != NULL && n > 0) {
        memcpy(at, bytes, n);
    }
    return at;
}

static int make_file(const char *text, size_t n, const void *sig, size_t sig_n,
                     struct file **ret_file, struct wr_mudfile_mistake *ret_mistake)
{
    struct file *f = calloc(1, sizeof(*f));
    int err = f == NULL ? WR_E_NOMEM : wr_mudfile_read(text, n, &f->mud, ret_mistake);
    if (err == WR_OK) {
        f->text = copy(text, n);
        f->sig = copy(sig, sig_n);
        f->n = n;
        f->sig_n = sig_n;
        err = f->text == NULL || f->sig == NULL || !digest_of(text, n, f->digest) ? WR_E_NOMEM
                                                                                  : WR_OK;
    }
    if (err != WR_OK) {
        free_file(f);
        return err;
    }
    *ret_file = f;
    return WR_OK;
}

/* --- the list --- */

/* Where the key is, or belongs. */
static uint32_t place_of(const struct wr_mudstore *s, const char *key, bool *ret_there)
{
    uint32_t low = 0, high = s->entries;
    while (low < high) {
        uint32_t mid = low + (high - low) / 2;
        if (strcmp(s->entry[mid].about.key, key) < 0) {
            low = mid + 1;
        } else {
            high = mid;
        }
    }
    *ret_there = low < s->entries && strcmp(s->entry[low].about.key, key) == 0;
    return low;
}

static void insert(struct wr_mudstore *s, uint32_t at, const struct wr_mudstore_entry *e,
                   struct file *f)
{
    memmove(&s->entry[at + 1], &s->entry[at], (s->entries - at) * sizeof(*s->entry));
    memmove(&s->of[at + 1], &s->of[at], (s->entries - at) * sizeof(struct file *));
    s->entry[at] = *e;
    s->of[at] = f;
    s->entries++;
    s->proposals += wr_mudstore_is_proposal(e);
}

static bool is_full(const struct wr_mudstore *s, const char *key)
{
    bool proposed = strncmp(key, PROPOSED, strlen(PROPOSED)) == 0;
    return (proposed ? s->proposals : s->entries - s->proposals) == WR_MUD_DEVICES_MAX;
}

static void take_out(struct wr_mudstore *s, uint32_t at)
{
    s->proposals -= wr_mudstore_is_proposal(&s->entry[at]);
    s->entries--;
    memmove(&s->entry[at], &s->entry[at + 1], (s->entries - at) * sizeof(*s->entry));
    memmove(&s->of[at], &s->of[at + 1], (s->entries - at) * sizeof(struct file *));
}

/* The list names a file when it is there: whenever weir ends, the list before or this one holds. */
static int write_list(const struct wr_mudstore *s)
{
    char path[WR_KEEPFILE_PATH_MAX + 32];
    if (s->folder[0] == 0) {
        return WR_OK;
    }
    for (uint32_t i = 0; i < s->entries; i++) {
        if (s->of[i] != NULL && !s->of[i]->kept && write_file(s, s->of[i]) != WR_OK) {
            return WR_E_IO;
        }
    }
    json_t *list = json_array();
    for (uint32_t i = 0; i < s->entries; i++) {
        const struct wr_mudstore_about *a = &s->entry[i].about;
        json_array_append_new(
            list, json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:I, s:I, s:s}", "device", a->key,
                            "digest", a->digest, "mac", a->mac, "from", a->from, "host", a->host,
                            "signer", a->signer, "taken", (json_int_t)a->taken_s, "checked",
                            (json_int_t)a->checked_s, "mode", wr_mudstore_mode_name(a->mode)));
    }
    json_t *root = json_pack("{s:i, s:o}", "version", 1, "profiles", list);
    char *text = root != NULL ? json_dumps(root, JSON_INDENT(1)) : NULL;
    json_decref(root);
    snprintf(path, sizeof(path), "%s/" INDEX, s->folder);
    int err = text == NULL ? WR_E_NOMEM : wr_registry_save(path, text, strlen(text));
    free(text);
    return err == WR_OK || err == WR_E_NOMEM ? err : WR_E_IO;
}

static int save(struct wr_mudstore *s)
{
    s->changes++;
    if (s->is_many) {
        return WR_OK;
    }
    int err = write_list(s);
    sweep(s, err == WR_OK);
    return err;
}

/* --- reading --- */

static bool take_text(const json_t *in, const char *key, char *ret, size_t cap)
{
    const char *text = json_string_value(json_object_get(in, key));
    if (text == NULL || strlen(text) >= cap) {
        return false;
    }
    memcpy(ret, text, strlen(text) + 1);
    return true;
}

static bool is_digest(const char *text)
{
    return strlen(text) == WR_MUDSTORE_DIGEST_SIZE - 1 &&
           strspn(text, "0123456789abcdef") == WR_MUDSTORE_DIGEST_SIZE - 1;
}

/* Its file as it was when it was kept. NULL: it is not. */
static struct file *recall(const struct wr_mudstore *s, const char *digest)
{
    char path[WR_KEEPFILE_PATH_MAX + 96], seen[WR_MUDSTORE_DIGEST_SIZE];
    struct wr_mudfile_mistake mistake;
    struct file *f = find_file(s, digest);
    uint8_t *text = NULL, *sig = NULL;
    size_t n = 0, sig_n = 0;
    if (f != NULL) {
        f->users++;
        return f;
    }
    path_of(s, digest, false, path);
    if (read_file(path, WR_MUD_FILE_MAX, &text, &n) == WR_OK && digest_of(text, n, seen) &&
        strcmp(seen, digest) == 0) {
        path_of(s, digest, true, path);
        (void)read_file(path, WR_MUD_SIGNATURE_MAX, &sig, &sig_n);
        if (make_file((const char *)text, n, sig, sig_n, &f, &mistake) == WR_OK) {
            f->users = 1;
            f->kept = true;
        }
    }
    free(text);
    free(sig);
    return f;
}

static void take_entry(struct wr_mudstore *s, const json_t *in, struct wr_mudstore_read *read)
{
    struct wr_mudstore_entry e = {.mud = NULL};
    struct wr_mudstore_about *a = &e.about;
    bool there = false;
    const char *word = json_string_value(json_object_get(in, "mode"));
    int mode = wr_mudstore_mode_of(word != NULL ? word : "");
    if (mode < 0 || !take_text(in, "device", a->key, sizeof(a->key)) || is_full(s, a->key) ||
        !take_text(in, "digest", a->digest, sizeof(a->digest)) || !is_digest(a->digest) ||
        !take_text(in, "from", a->from, sizeof(a->from)) ||
        !take_text(in, "signer", a->signer, sizeof(a->signer))) {
        read->lost++;
        return;
    }
    a->taken_s = json_integer_value(json_object_get(in, "taken"));
    (void)take_text(in, "mac", a->mac, sizeof(a->mac)); /* older lists have none */
    (void)take_text(in, "host", a->host, sizeof(a->host));
    const json_t *checked = json_object_get(in, "checked");
    a->checked_s = json_is_integer(checked) ? json_integer_value(checked) : a->taken_s;
    a->mode = strncmp(a->key, PROPOSED, strlen(PROPOSED)) == 0 ? WR_MUDSTORE_OFF : (uint8_t)mode;
    uint32_t at = place_of(s, a->key, &there);
    if (there) {
        read->lost++;
        return;
    }
    struct file *f = recall(s, a->digest);
    e.mud = f != NULL ? f->mud : NULL;
    e.has_signature = f != NULL && f->sig_n > 0;
    insert(s, at, &e, f);
    read->profiles++;
    read->lost += f == NULL;
}

static void load(struct wr_mudstore *s, struct wr_mudstore_read *read)
{
    char path[WR_KEEPFILE_PATH_MAX + 32];
    uint8_t *bytes = NULL;
    size_t n = 0, i;
    json_t *one;
    snprintf(path, sizeof(path), "%s/" INDEX, s->folder);
    int err = read_file(path, INDEX_MAX, &bytes, &n);
    if (err == WR_E_NOTFOUND) {
        return;
    }
    json_t *root =
        err == WR_OK ? json_loadb((const char *)bytes, n, JSON_REJECT_DUPLICATES, NULL) : NULL;
    const json_t *list = json_object_get(root, "profiles");
    free(bytes);
    if (!json_is_array(list) || json_integer_value(json_object_get(root, "version")) != 1) {
        read->bad = true;
        (void)wr_keepfile_aside(path);
    }
    json_array_foreach(list, i, one)
    {
        take_entry(s, one, read);
    }
    json_decref(root);
}

/* --- its life --- */

int wr_mudstore_open(const char *folder, struct wr_mudstore **ret_store,
                     struct wr_mudstore_read *ret_read)
{
    struct wr_mudstore *s = calloc(1, sizeof(*s));
    memset(ret_read, 0, sizeof(*ret_read));
    if (s != NULL) {
        s->entry = calloc(ENTRIES, sizeof(*s->entry));
        s->of = calloc(ENTRIES, sizeof(struct file *));
    }
    if (s == NULL || s->entry == NULL || s->of == NULL || strlen(folder) >= sizeof(s->folder) - 8) {
        wr_mudstore_close(s);
        return WR_E_NOMEM;
    }
    memcpy(s->folder, folder, strlen(folder) + 1);
    if (s->folder[0] != 0) {
        load(s, ret_read);
    }
    *ret_store = s;
    return WR_OK;
}

void wr_mudstore_close(struct wr_mudstore *s)
{
    if (s == NULL) {
        return;
    }
    sweep(s, false);
    for (uint32_t i = 0; i < s->entries && s->of != NULL; i++) {
        if (s->of[i] != NULL && --s->of[i]->users == 0) {
            free_file(s->of[i]);
        }
    }
    free(s->entry);
    free(s->of);
    free(s);
}

const char *wr_mudstore_folder(const struct wr_mudstore *s)
{
    return s->folder;
}

/* --- changing --- */

/* The file of these octets, read if nobody has it. One with another signature gets this one, for all who have it. */
static int find_or_make(const struct wr_mudstore *s, const char *text, size_t n, const void *sig,
                        size_t sig_n, struct file **ret_file,
                        struct wr_mudfile_mistake *ret_mistake)
{
    struct file *f = find_text(s, text, n);
    if (f == NULL) {
        return make_file(text, n, sig, sig_n, ret_file, ret_mistake);
    }
    if (f->sig_n != sig_n || (sig_n > 0 && memcmp(f->sig, sig, sig_n) != 0)) {
        uint8_t *other = copy(sig, sig_n);
        if (other == NULL) {
            return WR_E_NOMEM;
        }
        free(f->sig);
        f->sig = other;
        f->sig_n = sig_n;
        f->kept = false;
    }
    *ret_file = f;
    return WR_OK;
}

int wr_mudstore_put(struct wr_mudstore *s, const struct wr_mudstore_about *about, const char *text,
                    size_t n, const void *sig, size_t sig_n, struct wr_mudfile_mistake *ret_mistake)
{
    struct file *f = NULL;
    bool there = false;
    uint32_t at = place_of(s, about->key, &there);
    int err = !there && is_full(s, about->key)
                  ? WR_E_FULL
                  : find_or_make(s, text, n, sig, sig_n, &f, ret_mistake);
    if (err != WR_OK) {
        return err;
    }
    struct wr_mudstore_entry e = {.about = *about, .mud = f->mud, .has_signature = f->sig_n > 0};
    memcpy(e.about.digest, f->digest, sizeof(e.about.digest));
    f->users++;
    struct file *before = there ? s->of[at] : NULL;
    if (there) {
        s->entry[at] = e;
        s->of[at] = f;
    } else {
        insert(s, at, &e, f);
    }
    let_go(s, before);
    return save(s);
}

void wr_mudstore_begin(struct wr_mudstore *s)
{
    s->is_many = true;
}

int wr_mudstore_end(struct wr_mudstore *s)
{
    s->is_many = false;
    return save(s);
}

int wr_mudstore_set_mode(struct wr_mudstore *s, const char *key, uint8_t mode)
{
    bool there = false;
    uint32_t at = place_of(s, key, &there);
    if (!there) {
        return WR_E_NOTFOUND;
    }
    s->entry[at].about.mode = mode;
    return save(s);
}

int wr_mudstore_check(struct wr_mudstore *s, const char *key, int64_t now_s)
{
    bool there = false;
    uint32_t at = place_of(s, key, &there);
    if (!there) {
        return WR_E_NOTFOUND;
    }
    s->entry[at].about.checked_s = now_s;
    s->entry[at].failures = 0;
    s->entry[at].retry_s = 0;
    return save(s);
}

int wr_mudstore_set_mac(struct wr_mudstore *s, const char *key, const char *mac)
{
    bool there = false;
    uint32_t at = place_of(s, key, &there);
    if (!there) {
        return WR_E_NOTFOUND;
    }
    snprintf(s->entry[at].about.mac, sizeof(s->entry[at].about.mac), "%s", mac);
    return save(s);
}

int wr_mudstore_remove(struct wr_mudstore *s, const char *key)
{
    char proposal[WR_MUDSTORE_KEY_SIZE];
    bool there = false;
    if (wr_mudstore_proposal_key(key, proposal)) {
        (void)wr_mudstore_remove(s, proposal);
    }
    uint32_t at = place_of(s, key, &there);
    if (!there) {
        return WR_E_NOTFOUND;
    }
    struct file *f = s->of[at];
    take_out(s, at);
    let_go(s, f);
    return save(s);
}

int wr_mudstore_rename(struct wr_mudstore *s, const char *key, const char *to)
{
    char old[WR_MUDSTORE_KEY_SIZE], new[WR_MUDSTORE_KEY_SIZE];
    bool there = false, taken = false;
    uint32_t at = place_of(s, key, &there);
    (void)place_of(s, to, &taken);
    if (!there || taken || strlen(to) >= WR_MUDSTORE_KEY_SIZE) {
        return there ? WR_E_EXISTS : WR_E_NOTFOUND;
    }
    struct wr_mudstore_entry e = s->entry[at];
    struct file *f = s->of[at];
    take_out(s, at);
    memcpy(e.about.key, to, strlen(to) + 1);
    insert(s, place_of(s, to, &taken), &e, f);
    if (wr_mudstore_proposal_key(key, old) && wr_mudstore_proposal_key(to, new)) {
        (void)wr_mudstore_rename(s, old, new); /* nobody is called so, so nothing is proposed */
    }
    return save(s);
}

/* --- looking --- */

const struct wr_mudstore_entry *wr_mudstore_find(const struct wr_mudstore *s, const char *key)
{
    bool there = false;
    uint32_t at = place_of(s, key, &there);
    return there ? &s->entry[at] : NULL;
}

bool wr_mudstore_is_proposal(const struct wr_mudstore_entry *e)
{
    return strncmp(e->about.key, PROPOSED, strlen(PROPOSED)) == 0;
}

bool wr_mudstore_proposal_key(const char *key, char ret_key[WR_MUDSTORE_KEY_SIZE])
{
    if (strncmp(key, PROPOSED, strlen(PROPOSED)) == 0 ||
        strlen(key) + strlen(PROPOSED) >= WR_MUDSTORE_KEY_SIZE) {
        return false;
    }
    snprintf(ret_key, WR_MUDSTORE_KEY_SIZE, PROPOSED "%s", key);
    return true;
}

const struct wr_mudstore_entry *wr_mudstore_proposed(const struct wr_mudstore *s,
                                                     const struct wr_mudstore_entry *e)
{
    char key[WR_MUDSTORE_KEY_SIZE];
    return wr_mudstore_proposal_key(e->about.key, key) ? wr_mudstore_find(s, key) : NULL;
}

bool wr_mudstore_is_same(const struct wr_mudstore *s, const struct wr_mudstore_entry *e,
                         const char *text, size_t n)
{
    const struct file *f = find_file(s, e->about.digest);
    return f != NULL && f->n == n && memcmp(f->text, text, n) == 0;
}

void wr_mudstore_delay(struct wr_mudstore *s, const struct wr_mudstore_entry *e, uint32_t failures,
                       int64_t retry_s)
{
    s->entry[e - s->entry].failures = failures;
    s->entry[e - s->entry].retry_s = retry_s;
}

void wr_mudstore_show(struct wr_mudstore *s, const struct wr_mudstore_entry *e)
{
    s->entry[e - s->entry].shown = true;
}

void wr_mudstore_note(struct wr_mudstore *s, const struct wr_mudstore_entry *e, uint32_t device)
{
    s->entry[e - s->entry].device = device;
}

const struct wr_mudstore_entry *wr_mudstore_next(const struct wr_mudstore *s, uint32_t *cursor)
{
    return *cursor < s->entries ? &s->entry[(*cursor)++] : NULL;
}

int wr_mudstore_text(const struct wr_mudstore *s, const struct wr_mudstore_entry *e, bool signature,
                     uint8_t **ret_bytes, size_t *ret_n)
{
    const struct file *f = find_file(s, e->about.digest);
    if (f == NULL || (signature && f->sig_n == 0)) {
        return WR_E_NOTFOUND;
    }
    uint8_t *bytes = signature ? copy(f->sig, f->sig_n) : copy(f->text, f->n);
    if (bytes == NULL) {
        return WR_E_NOMEM;
    }
    *ret_bytes = bytes;
    *ret_n = signature ? f->sig_n : f->n;
    return WR_OK;
}

uint64_t wr_mudstore_changes(const struct wr_mudstore *s)
{
    return s->changes;
}
