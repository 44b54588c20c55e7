/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bare: receives and sends datagrams, and nothing else. The physical limit of the socket path, beside which
 * weir is measured; and, with --answer, the smallest name server there can be, for forwarded misses.
 *
 *   bare [--answer] [--pktinfo] ADDRESS PORT
 *
 * It works as weir's listener does: recvmmsg of up to 64 into buffers of the same size, sendmmsg of as many, and with
 * --pktinfo the control messages that weir asks for on a wildcard socket. Without --answer it sends
 * the datagram back with the QR bit set. With it, it answers A and AAAA questions for any name.
 */
#include <arpa/inet.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { BATCH = 64, ROOM = 1536, STRIDE = ROOM + 64, CONTROL = 64, HEADER = 12, ANSWER_MAX = 28 };

static struct mmsghdr message[BATCH];
static struct iovec part[BATCH];
static struct sockaddr_in name[BATCH];
static _Alignas(16) uint8_t control[BATCH][CONTROL];
static uint8_t room[BATCH][STRIDE];

/* Octets of the header and the question, or 0. */
static size_t question_end(const uint8_t *bytes, size_t size)
{
    size_t at = HEADER;

    while (at < size && bytes[at] != 0) {
        at += (size_t)bytes[at] + 1;
    }
    return at + 5 <= size ? at + 5 : 0;
}

/* Turns a query into its answer, in place. The size, or 0 for what is no query. */
static size_t answer(uint8_t *bytes, size_t size)
{
    static const uint8_t record_a[] = {0xc0, 12,   0, 1, 0,   1,  0,   1,
                                       0x51, 0x80, 0, 4, 198, 51, 100, 7};
    static const uint8_t record_aaaa[] = {0xc0, 12, 0,    28, 0,   1,    0, 1, 0x51, 0x80,
                                          0,    16, 0x20, 1,  0xd, 0xb8, 0, 0, 0,    0,
                                          0,    0,  0,    0,  0,   0,    0, 7};
    size_t end = question_end(bytes, size), more = 0;

    if (end == 0) {
        return 0;
    }
    memset(bytes + 6, 0, 6);
    bytes[2] |= 0x84;
    bytes[3] = 0x80;
    if (bytes[end - 3] == 1) {
        memcpy(bytes + end, record_a, more = sizeof(record_a));
    } else if (bytes[end - 3] == 28) {
        memcpy(bytes + end, record_aaaa, more = sizeof(record_aaaa));
    }
    bytes[7] = more > 0;
    return end + more;
}

static int open_socket(const char *address, const char *port, bool pktinfo)
{
    struct sockaddr_in sa = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port))};
    int fd = socket(AF_INET, SOCK_DGRAM, 0), size = 4 << 20, on = 1;

    if (inet_pton(AF_INET, address, &sa.sin_addr) != 1) {
        return -1;
    }
    if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) != 0) {
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
    }
    if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size)) != 0) {
        setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
    }
    if (pktinfo) {
        setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &on, sizeof(on));
    }
    return bind(fd, (struct sockaddr *)&sa, sizeof(sa)) == 0 ? fd : -1;
}

static void prepare(bool pktinfo)
{
    for (int i = 0; i < BATCH; i++) {
        part[i] = (struct iovec){room[i], ROOM};
        message[i].msg_hdr = (struct msghdr){.msg_name = &name[i],
                                             .msg_namelen = sizeof(name[i]),
                                             .msg_iov = &part[i],
                                             .msg_iovlen = 1,
                                             .msg_control = pktinfo ? control[i] : NULL,
                                             .msg_controllen = pktinfo ? CONTROL : 0};
    }
}

static void serve(int fd, bool answers, bool pktinfo)
{
    for (;;) {
        int n, sent = 0;

        prepare(pktinfo);
        n = recvmmsg(fd, message, BATCH, MSG_WAITFORONE, NULL);
        for (int i = 0; i < n; i++) {
            size_t size = message[i].msg_len;

            room[i][2] |= 0x80;
            part[i].iov_len = size < HEADER ? 0 : answers ? answer(room[i], size) : size;
            /* What came in as packet info is what goes out: the address that was asked. */
        }
        while (sent < n) {
            int done = sendmmsg(fd, message + sent, (unsigned)(n - sent), 0);

            sent += done > 0 ? done : 1;
        }
    }
}

int main(int argc, char **argv)
{
    bool answers = false, pktinfo = false;
    int at = 1, fd;

    for (; at < argc && argv[at][0] == '-'; at++) {
        answers = answers || strcmp(argv[at], "--answer") == 0;
        pktinfo = pktinfo || strcmp(argv[at], "--pktinfo") == 0;
    }
    if (argc - at != 2) {
        fprintf(stderr, "usage: bare [--answer] [--pktinfo] ADDRESS PORT\n");
        return 2;
    }
    fd = open_socket(argv[at], argv[at + 1], pktinfo);
    if (fd < 0) {
        perror("bare");
        return 1;
    }
    serve(fd, answers, pktinfo);
}
