/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lost: why a message to an upstream, or a stream to it, came to nothing. Whoever moves the engine says it; the forwarder
 * decides by it what to do next, and whom to blame.
 */
#ifndef WR_RESOLVE_LOST_H
#define WR_RESOLVE_LOST_H

enum wr_lost {
    /* An ICMP error came for the port. Anybody who guesses the port may have sent it: it ends the patience with that
     * try, not the question; the answer is still waited for. */
    WR_LOST_TOLD = 0,
    /* The kernel has no way there, or a TCP connection was refused or broke: nobody off the path can bring that about. */
    WR_LOST_BROKEN,
    /* No port, descriptor or memory here: the server is not to blame, and nothing is learned about it. */
    WR_LOST_OWN,
    /* The server is there and gave something else than an answer, to this question alone: whoever chose the name may have brought
     * that about, so it counts like SERVFAIL and nothing is learned about the server. */
    WR_LOST_ALONE,
};

#endif
