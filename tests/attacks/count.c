/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Count: signature checks and SHA-1 digests of a resolver, whichever it is, seen from outside.
 *
 * Preloaded (LD_PRELOAD) into weir and its peers alike. It stands before the calls of libcrypto and GnuTLS, counts two
 * numbers in a file that $ATTACKS_COUNT names (16 octets: checks, digests), and passes everything on. No part of weir.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define SHA1_SIZE 20

static uint64_t nowhere[2];
static uint64_t *counts = nowhere;

__attribute__((constructor)) static void open_counts(void)
{
    const char *path = getenv("ATTACKS_COUNT");
    int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
    if (fd < 0) {
        return;
    }
    void *map = mmap(NULL, sizeof nowhere, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    counts = map == MAP_FAILED ? nowhere : map;
    close(fd);
}

static void add(int which)
{
    __atomic_fetch_add(&counts[which], 1, __ATOMIC_RELAXED);
}

/* NEXT(f): the function that would have been called. */
#define NEXT(f)                                       \
    static __typeof__(f) *next;                       \
    if (!next) {                                      \
        next = (__typeof__(f) *)dlsym(RTLD_NEXT, #f); \
    }

int EVP_PKEY_verify(void *ctx, const void *sig, size_t sig_n, const void *data, size_t n);
int EVP_PKEY_verify(void *ctx, const void *sig, size_t sig_n, const void *data, size_t n)
{
    NEXT(EVP_PKEY_verify)
    add(0);
    return next(ctx, sig, sig_n, data, n);
}

int EVP_DigestVerify(void *ctx, const void *sig, size_t sig_n, const void *data, size_t n);
int EVP_DigestVerify(void *ctx, const void *sig, size_t sig_n, const void *data, size_t n)
{
    NEXT(EVP_DigestVerify)
    add(0);
    return next(ctx, sig, sig_n, data, n);
}

int EVP_DigestVerifyFinal(void *ctx, const void *sig, size_t sig_n);
int EVP_DigestVerifyFinal(void *ctx, const void *sig, size_t sig_n)
{
    NEXT(EVP_DigestVerifyFinal)
    add(0);
    return next(ctx, sig, sig_n);
}

int gnutls_pubkey_verify_data2(void *key, int algo, unsigned flags, const void *data,
                               const void *sig);
int gnutls_pubkey_verify_data2(void *key, int algo, unsigned flags, const void *data,
                               const void *sig)
{
    NEXT(gnutls_pubkey_verify_data2)
    add(0);
    return next(key, algo, flags, data, sig);
}

int EVP_DigestFinal_ex(void *ctx, void *out, unsigned *size);
int EVP_DigestFinal_ex(void *ctx, void *out, unsigned *size)
{
    NEXT(EVP_DigestFinal_ex)
    unsigned n = 0;
    int done = next(ctx, out, size ? size : &n);
    if ((size ? *size : n) == SHA1_SIZE) {
        add(1);
    }
    return done;
}

int EVP_Digest(const void *data, size_t n, void *out, unsigned *size, const void *md, void *impl);
int EVP_Digest(const void *data, size_t n, void *out, unsigned *size, const void *md, void *impl)
{
    NEXT(EVP_Digest)
    unsigned own = 0;
    int done = next(data, n, out, size ? size : &own, md, impl);
    if ((size ? *size : own) == SHA1_SIZE) {
        add(1);
    }
    return done;
}

void *SHA1(const void *data, size_t n, void *out);
void *SHA1(const void *data, size_t n, void *out)
{
    NEXT(SHA1)
    add(1);
    return next(data, n, out);
}

void gnutls_hash_output(void *hash, void *out);
void gnutls_hash_output(void *hash, void *out)
{
    NEXT(gnutls_hash_output)
    add(1);
    next(hash, out);
}
