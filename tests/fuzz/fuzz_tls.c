/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TLS: the first octet says who is fed (a server, a client, or one of both after a true handshake) and in which pieces; the rest are
 * the octets of the other side. However they are cut, a session must come to the same state, and one that failed says why. No octet that
 * the peer did not seal may come out as plaintext.
 *
 * After a handshake the octets come as ciphertext of nobody's key; before it they may be a whole hello.
 */
#include "tlspair.h"

enum { OUT_ROOM = 64 * 1024, PLAIN_ROOM = 17 * 1024 };

static const char *const alpn[] = {"dot"};
static uint8_t out_room[2][OUT_ROOM];
static uint8_t plain[PLAIN_ROOM];

static void start(struct wr_tls *t, enum wr_tls_role role, struct wr_writer *out)
{
    struct wr_tls_setup setup = tlspair_setup(role, alpn, 1);

    promise(wr_tls_start(t, &setup, &tlspair_now, out) == WR_OK);
}

/* Octets to one side until they are used up; gives how many came out as plaintext. */
static size_t take(struct wr_tls *t, const uint8_t *data, size_t size, size_t step,
                   struct wr_writer *out)
{
    size_t sum = 0, n;
    int err = WR_E_AGAIN;

    for (size_t at = 0; at < size && err == WR_E_AGAIN; at += step) {
        size_t piece = size - at < step ? size - at : step;
        uint8_t *copy = malloc(piece);

        memcpy(copy, data + at, piece);
        wr_tls_feed(t, copy, piece, &tlspair_now);
        while ((err = wr_tls_read(t, plain, sizeof(plain), &n, out)) == WR_OK) {
            promise(n > 0 && n <= sizeof(plain));
            sum += n;
        }
        free(copy);
        promise(err == WR_E_AGAIN || err == WR_E_CLOSED ||
                (t->state == WR_TLS_FAILED && t->why.text[0] != '\0'));
    }
    return sum;
}

static void open_both(struct wr_tls side[2], struct wr_writer out[2])
{
    for (int i = 0; i < 8; i++) {
        struct wr_writer *from = &out[i % 2 == 0];
        size_t n = from->pos;

        from->pos = 0;
        promise(n <= OUT_ROOM);
        take(&side[i % 2], from->base, n, n + 1, &out[i % 2]);
    }
    promise(side[0].state == WR_TLS_OPEN && side[1].state == WR_TLS_OPEN);
}

/* One run; gives the state that the fed side comes to. */
static uint8_t run(unsigned way, const uint8_t *data, size_t size, size_t step)
{
    struct wr_tls side[2]; /* server, client */
    struct wr_writer out[2];
    unsigned who = way & 1;
    bool opened = (way & 2) != 0;
    uint8_t state;
    size_t came;

    for (int i = 0; i < 2; i++) {
        wr_buf_write_init(&out[i], out_room[i], OUT_ROOM);
    }
    start(&side[0], WR_TLS_SERVER, NULL);
    start(&side[1], WR_TLS_CLIENT, &out[1]);
    if (opened) {
        open_both(side, out);
    }
    came = take(&side[who], data, size, step, &out[who]);
    promise(came == 0);
    promise(opened || side[who].state != WR_TLS_OPEN);
    state = side[who].state;
    wr_tls_close(&side[who], &out[who]);
    wr_tls_end(&side[0]);
    wr_tls_end(&side[1]);
    return state;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2) {
        return 0;
    }
    promise(run(data[0], data + 1, size - 1, size) ==
            run(data[0], data + 1, size - 1, 1 + (data[0] >> 2)));
    return 0;
}
