/* SPDX-License-Identifier: Apache-2.0 */
#include "net/batch.h"

#include <errno.h>
#include <sys/mman.h>

#include "policy/hairpin.h"

bool wr_batch_init(struct wr_batch *b, size_t room, size_t stride)
{
    b->size = (size_t)WR_NET_BATCH * stride;
    b->bytes = mmap(NULL, b->size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (b->bytes == MAP_FAILED) {
        b->bytes = NULL;
        return false;
    }
    for (unsigned i = 0; i < WR_NET_BATCH; i++) {
        struct msghdr *header = &b->message[i].msg_hdr;

        b->part[i] = (struct iovec){b->bytes + i * stride, room};
        header->msg_name = &b->name[i];
        header->msg_namelen = sizeof(b->name[i]);
        header->msg_iov = &b->part[i];
        header->msg_iovlen = 1;
    }
    return true;
}

void wr_batch_free(struct wr_batch *b)
{
    if (b->bytes != NULL) {
        munmap(b->bytes, b->size);
        b->bytes = NULL;
    }
}

unsigned wr_batch_read(struct wr_batch *b, const struct wr_listener *l)
{
    int n;

    for (unsigned i = 0; i < WR_NET_BATCH; i++) {
        struct msghdr *header = &b->message[i].msg_hdr;

        header->msg_namelen = sizeof(b->name[i]);
        header->msg_control = l->informed ? b->control[i] : NULL;
        header->msg_controllen = l->informed ? WR_SOCK_CONTROL_SIZE : 0;
    }
    n = recvmmsg(l->fd, b->message, WR_NET_BATCH, MSG_DONTWAIT, NULL);
    return n > 0 ? (unsigned)n : 0;
}

void wr_batch_info(struct wr_batch *b, unsigned i, const struct wr_listener *l,
                   struct wr_addr *local, uint32_t *ifindex)
{
    struct wr_addr told = l->addr;

    *local = l->addr;
    *ifindex = 0;
    if (l->informed) {
        wr_sock_read_info(&b->message[i].msg_hdr, &told, ifindex);
        *local = l->wildcard ? told : l->addr;
        local->port = l->foreign ? WR_HAIRPIN_PORT : local->port; /* the door has another */
    }
}

void wr_batch_source(struct msghdr *header, uint8_t *control, const struct wr_listener *l,
                     const struct wr_addr *local)
{
    if (l->wildcard && local->family != WR_AF_NONE && !wr_addr_is_any(local)) {
        wr_sock_write_info(header, control, local);
    } else {
        header->msg_control = NULL;
        header->msg_controllen = 0;
    }
}

unsigned wr_batch_send(int fd, struct mmsghdr *message, unsigned count)
{
    unsigned done = 0, lost = 0;

    while (done < count) {
        int n = sendmmsg(fd, message + done, count - done, MSG_DONTWAIT);

        if (n > 0) {
            done += (unsigned)n;
        } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
            return lost + count - done;
        } else if (errno != EINTR) {
            lost++;
            done++;
        }
    }
    return lost;
}

unsigned wr_batch_flush(struct wr_batch *b, const struct wr_listener_row *row, unsigned count)
{
    unsigned start = 0, lost = 0;

    while (start < count) {
        unsigned end = start + 1;
        int fd = row->at[b->number[start]].fd;

        while (end < count && b->number[end] == b->number[start]) {
            end++;
        }
        lost += fd < 0 ? end - start : wr_batch_send(fd, b->message + start, end - start);
        start = end;
    }
    return lost;
}
