#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A bad line between two addresses, for kernels without netem: forwards UDP and TCP with delay.

    relay.py --listen ADDRESS --to ADDRESS [--port 53] [--delay-ms N] [--jitter-ms N]
             [--duplicate PERCENT] [--seed N]

Jitter is drawn anew for each datagram, so datagrams overtake one another; TCP keeps its order. The
same seed draws the same numbers. Loss is nft's (Node.lose), rate is tbf's (Node.rate).
"""

import argparse
import asyncio
import random


class Line:
    """The properties of the line, and its dice."""

    def __init__(self, options):
        self.rng = random.Random(options.seed)
        self.delay = options.delay_ms / 1000
        self.jitter = options.jitter_ms / 1000
        self.duplicate = options.duplicate

    def wait(self):
        return self.delay + self.rng.random() * self.jitter

    def copies(self):
        return 2 if self.rng.random() * 100 < self.duplicate else 1


class Back(asyncio.DatagramProtocol):
    """The socket towards the server, one per client: replies travel back over the line."""

    def __init__(self, front, client):
        self.front = front
        self.client = client

    def datagram_received(self, data, _):
        self.front.later(self.front.transport.sendto, data, self.client)


class Front(asyncio.DatagramProtocol):
    """The socket that clients send to."""

    CLIENTS = 4096

    def __init__(self, line, target):
        self.line = line
        self.target = target
        self.transport = None
        self.backs = {}

    def connection_made(self, transport):
        self.transport = transport

    def later(self, send, *args):
        loop = asyncio.get_running_loop()
        for _ in range(self.line.copies()):
            loop.call_later(self.line.wait(), send, *args)

    def datagram_received(self, data, client):
        asyncio.ensure_future(self.forward(data, client))

    async def forward(self, data, client):
        if client not in self.backs:
            if len(self.backs) >= self.CLIENTS:
                self.backs.pop(next(iter(self.backs))).close()
            self.backs[client], _ = await asyncio.get_running_loop().create_datagram_endpoint(
                lambda: Back(self, client), remote_addr=self.target)
        self.later(self.backs[client].sendto, data)


async def pump(reader, writer, line):
    """One direction of a TCP connection: every read arrives later, in order."""
    try:
        while data := await reader.read(65536):
            await asyncio.sleep(line.wait() / 2)
            writer.write(data)
            await writer.drain()
        writer.write_eof()
    except OSError:
        pass


async def run(options):
    line = Line(options)
    target = (options.to, options.port)
    loop = asyncio.get_running_loop()
    await loop.create_datagram_endpoint(lambda: Front(line, target),
                                        local_addr=(options.listen, options.port))

    async def connected(reader, writer):
        try:
            far_reader, far_writer = await asyncio.open_connection(*target)
        except OSError:
            writer.close()
            return
        await asyncio.gather(pump(reader, far_writer, line), pump(far_reader, writer, line))
        far_writer.close()
        writer.close()

    server = await asyncio.start_server(connected, options.listen, options.port)
    print("relay: ready", flush=True)
    async with server:
        await server.serve_forever()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--listen", required=True)
    parser.add_argument("--to", required=True)
    parser.add_argument("--port", type=int, default=53)
    parser.add_argument("--delay-ms", type=float, default=0)
    parser.add_argument("--jitter-ms", type=float, default=0)
    parser.add_argument("--duplicate", type=float, default=0)
    parser.add_argument("--seed", type=int, default=1)
    asyncio.run(run(parser.parse_args()))


if __name__ == "__main__":
    main()
