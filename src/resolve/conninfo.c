/* SPDX-License-Identifier: Apache-2.0 */
#include "resolve/conninfo.h"

#include <string.h>

#include "base/check.h"
#include "base/str.h"

#define LOAD(v)     atomic_load_explicit(&(v), memory_order_relaxed)
#define STORE(v, x) atomic_store_explicit(&(v), (x), memory_order_relaxed)
#define ADD(v)      atomic_fetch_add_explicit(&(v), 1, memory_order_relaxed)

/* Times that a reader looks again at texts that change. */
#define TRIES 4

struct texts {
    char version[16], protocol[16], cipher[32], proof[WR_CONNINFO_TEXT], text[WR_CONNINFO_TEXT];
};

_Static_assert(sizeof(struct texts) == 2 * WR_CONNINFO_TEXT + 64, "the words hold the texts");

static void copy(char *to, size_t cap, const char *from)
{
    struct wr_str s;
    wr_str_init(&s, to, cap);
    wr_str_text(&s, from ? from : "");
}

static void load_words(struct wr_conninfo *c, struct texts *ret)
{
    uint64_t words[WR_ARRAY_LEN(c->words)];
    for (size_t i = 0; i < WR_ARRAY_LEN(words); i++) {
        words[i] = atomic_load_explicit(&c->words[i], memory_order_acquire);
    }
    memcpy(ret, words, sizeof(*ret));
}

static void store_words(struct wr_conninfo *c, const struct texts *texts)
{
    uint64_t words[WR_ARRAY_LEN(c->words)];
    memcpy(words, texts, sizeof(words));
    for (size_t i = 0; i < WR_ARRAY_LEN(words); i++) {
        atomic_store_explicit(&c->words[i], words[i], memory_order_release);
    }
}

/* One writer at a time; who comes meanwhile leaves the texts to the other. */
static bool write_begin(struct wr_conninfo *c)
{
    uint32_t at = LOAD(c->sequence);
    return !(at & 1) && atomic_compare_exchange_strong_explicit(
                            &c->sequence, &at, at + 1, memory_order_acquire, memory_order_relaxed);
}

static void write_end(struct wr_conninfo *c)
{
    atomic_fetch_add_explicit(&c->sequence, 1, memory_order_release);
}

/* The slot went to another server: all of it is about the one before. */
static void fit(struct wr_conninfo *c, uint32_t generation)
{
    static const struct texts none;
    if (LOAD(c->generation) == generation) {
        return;
    }
    STORE(c->handshakes, 0);
    STORE(c->resumed, 0);
    STORE(c->failures, 0);
    STORE(c->ready_us, 0);
    STORE(c->failed_us, 0);
    STORE(c->why, 0);
    if (write_begin(c)) {
        store_words(c, &none);
        write_end(c);
    }
    STORE(c->generation, generation);
}

void wr_conninfo_ready(struct wr_conninfo *c, uint32_t generation,
                       const struct wr_upconn_facts *facts, uint64_t now_us)
{
    struct texts t;
    fit(c, generation);
    ADD(c->handshakes);
    atomic_fetch_add_explicit(&c->resumed, facts->resumed, memory_order_relaxed);
    STORE(c->last_resumed, facts->resumed);
    STORE(c->ready_us, now_us);
    if (write_begin(c)) {
        load_words(c, &t);
        copy(t.version, sizeof(t.version), facts->version);
        copy(t.cipher, sizeof(t.cipher), facts->cipher);
        copy(t.protocol, sizeof(t.protocol), facts->protocol);
        if (!facts->resumed) {
            copy(t.proof, sizeof(t.proof), facts->proof);
        }
        store_words(c, &t);
        write_end(c);
    }
}

void wr_conninfo_failed(struct wr_conninfo *c, uint32_t generation, uint32_t why, const char *text,
                        uint64_t now_us)
{
    struct texts t;
    fit(c, generation);
    ADD(c->failures);
    STORE(c->why, why);
    if (write_begin(c)) {
        load_words(c, &t);
        copy(t.text, sizeof(t.text), text);
        store_words(c, &t);
        write_end(c);
    }
    STORE(c->failed_us, now_us);
}

bool wr_conninfo_is_stranger(const struct wr_conninfo *c, uint32_t generation)
{
    return LOAD(c->generation) == generation && LOAD(c->why) == WR_UPCONN_STRANGER &&
           LOAD(c->failed_us) >= LOAD(c->ready_us);
}

/* False: somebody writes. */
static bool read_words(struct wr_conninfo *c, struct texts *ret)
{
    uint32_t before = atomic_load_explicit(&c->sequence, memory_order_acquire);
    load_words(c, ret);
    return !(before & 1) && LOAD(c->sequence) == before;
}

void wr_conninfo_read(struct wr_conninfo *c, uint32_t generation, struct wr_conninfo_view *ret_view)
{
    struct texts t;
    bool whole = false;
    *ret_view = (struct wr_conninfo_view){0};
    if (LOAD(c->generation) != generation) {
        return;
    }
    ret_view->handshakes = LOAD(c->handshakes);
    ret_view->resumed = LOAD(c->resumed);
    ret_view->failures = LOAD(c->failures);
    ret_view->ready_us = LOAD(c->ready_us);
    ret_view->failed_us = LOAD(c->failed_us);
    ret_view->why = LOAD(c->why);
    ret_view->last_resumed = LOAD(c->last_resumed) != 0;
    for (int i = 0; i < TRIES && !whole; i++) {
        whole = read_words(c, &t);
    }
    if (whole) {
        memcpy(ret_view->version, t.version, sizeof(t.version));
        memcpy(ret_view->protocol, t.protocol, sizeof(t.protocol));
        memcpy(ret_view->cipher, t.cipher, sizeof(t.cipher));
        memcpy(ret_view->proof, t.proof, sizeof(t.proof));
        memcpy(ret_view->text, t.text, sizeof(t.text));
    }
}
