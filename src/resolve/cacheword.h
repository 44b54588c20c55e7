/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cache words: how the octets of the cache block are read and written by several workers at once.
 *
 * A reader copies an entry while a writer may already be writing over it; afterwards it looks whether
 * the ring's tail has passed the entry, and throws the copy away if so. In the C11 model that is sound when
 *   - every octet is read and written as a relaxed atomic word, so that there is no data race,
 *   - the writer stores the tail, then a release fence, then the words,
 *   - the reader loads the words, then an acquire fence, then the tail:
 * a reader that saw one new word then sees the new tail. ThreadSanitizer does not know fences; under it the
 * words themselves release and acquire, which proves the same order by its own rules.
 */
#ifndef WR_RESOLVE_CACHEWORD_H
#define WR_RESOLVE_CACHEWORD_H

#include <stdatomic.h>
#include <stdint.h>

#if defined(__SANITIZE_THREAD__)
#define WR_CACHEWORD_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define WR_CACHEWORD_TSAN 1
#endif
#endif

/* A test defines it, to let a writer run between any two loads of a reader. */
#ifndef WR_CACHEWORD_HOOK
#define WR_CACHEWORD_HOOK() ((void)0)
#endif

typedef _Atomic uint64_t wr_cacheword;

#ifdef WR_CACHEWORD_TSAN
#define WR_CACHEWORD_LOAD  memory_order_acquire
#define WR_CACHEWORD_STORE memory_order_release
#else
#define WR_CACHEWORD_LOAD  memory_order_relaxed
#define WR_CACHEWORD_STORE memory_order_relaxed
#endif

static inline uint64_t wr_cacheword_load(const wr_cacheword *word)
{
    WR_CACHEWORD_HOOK();
    return atomic_load_explicit(word, WR_CACHEWORD_LOAD);
}

static inline void wr_cacheword_store(wr_cacheword *word, uint64_t value)
{
    atomic_store_explicit(word, value, WR_CACHEWORD_STORE);
}

/* Between the loads of an entry and the load of the tail. */
static inline void wr_cacheword_loaded(void)
{
#ifndef WR_CACHEWORD_TSAN
    atomic_thread_fence(memory_order_acquire);
#endif
}

/* Between the store of the tail and the stores over what it gave free. */
static inline void wr_cacheword_freed(void)
{
#ifndef WR_CACHEWORD_TSAN
    atomic_thread_fence(memory_order_release);
#endif
}

static inline uint64_t wr_cacheword_get(const wr_cacheword *word)
{
    return atomic_load_explicit(word, memory_order_relaxed);
}

static inline uint64_t wr_cacheword_get_acquire(const wr_cacheword *word)
{
    return atomic_load_explicit(word, memory_order_acquire);
}

static inline void wr_cacheword_publish(wr_cacheword *word, uint64_t value)
{
    atomic_store_explicit(word, value, memory_order_release);
}

static inline void wr_cacheword_set(wr_cacheword *word, uint64_t value)
{
    atomic_store_explicit(word, value, memory_order_relaxed);
}

#endif
