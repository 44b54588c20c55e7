# SPDX-License-Identifier: Apache-2.0
"""What a DHCP server gives to a client that asks for one option: by DHCPv4 (RFC 2131, 3396) and by DHCPv6 (RFC 8415).

The client stands at `device` of a namespace that the caller has entered; it takes no lease, but with lease4.
"""
import os
import socket
import struct

COOKIE = b"\x63\x82\x53\x63"
DISCOVER, OFFER, REQUEST, ACK = 1, 2, 3, 5
INFORMATION_REQUEST, REPLY = 11, 7


def _options4(raw):
    """All values of each code, joined as RFC 3396 has it."""
    found, at = {}, 0
    while at < len(raw) and raw[at] != 255:
        if raw[at] == 0:
            at += 1
            continue
        code, size = raw[at], raw[at + 1]
        found[code] = found.get(code, b"") + raw[at + 2:at + 2 + size]
        at += 2 + size
    return found


def v4(device, code, seconds):
    """The value of option `code` in an offer, or None."""
    mac = bytes.fromhex(open(f"/sys/class/net/{device}/address", encoding="ascii").read().strip().replace(":", "")) \
        if os.path.exists(f"/sys/class/net/{device}/address") else b"\x02\0\0\0\0\1"
    transaction = os.urandom(4)
    message = struct.pack("!4B4sHH16x16s192x", 1, 1, 6, 0, transaction, 0, 0x8000, mac)
    message += COOKIE + bytes((53, 1, DISCOVER, 55, 2, 1, code, 57, 2, 5, 220, 255))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, device.encode() + b"\0")
        s.bind(("", 68))
        s.settimeout(seconds)
        s.sendto(message, ("255.255.255.255", 67))
        while True:
            reply = s.recv(2048)
            options = _options4(reply[240:])
            if reply[4:8] == transaction and options.get(53) == bytes((OFFER,)):
                return options.get(code)


def lease4(device, mac, seconds, host=None, client_id=None, wishes=None, vendor_class=None, mud=None):
    """Takes a lease by DHCPv4 (DISCOVER, OFFER, REQUEST, ACK) and returns the address. `wishes` are numbers of options, `vendor_class` is what it calls itself, `mud` where its profile is."""
    transaction = os.urandom(4)
    head = struct.pack("!4B4sHH16x16s192x", 1, 1, 6, 0, transaction, 0, 0x8000, bytes.fromhex(mac.replace(":", ""))) + COOKIE

    def message(kind, more=b""):
        words = bytes((53, 1, kind)) + more
        for code, value in ((12, host), (61, client_id), (55, bytes(wishes or ())), (60, vendor_class), (161, mud)):
            if value:
                value = value if isinstance(value, bytes) else value.encode()
                words += bytes((code, len(value))) + value
        return head + words + b"\xff"

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, device.encode() + b"\0")
        s.bind(("", 68))
        s.settimeout(seconds)
        s.sendto(message(DISCOVER), ("255.255.255.255", 67))
        while True:
            reply = s.recv(2048)
            options = _options4(reply[240:])
            if reply[4:8] != transaction:
                continue
            if options.get(53) == bytes((OFFER,)):
                wanted = bytes((50, 4)) + reply[16:20] + bytes((54, 4)) + options[54]
                s.sendto(message(REQUEST, wanted), ("255.255.255.255", 67))
            elif options.get(53) == bytes((ACK,)):
                return socket.inet_ntoa(reply[16:20])


def v6(device, code, seconds):
    """The values of the options `code`, in a reply to a request for information."""
    transaction = os.urandom(3)
    message = bytes((INFORMATION_REQUEST,)) + transaction
    message += struct.pack("!HH", 1, 10) + b"\0\3\0\1" + b"\2\0\0\0\0\1"  # client identifier
    message += struct.pack("!HHH", 6, 2, code) + struct.pack("!HHH", 8, 2, 0)
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as s:
        index = socket.if_nametoindex(device)
        s.bind(("::", 546))
        s.settimeout(seconds)
        s.sendto(message, ("ff02::1:2", 547, 0, index))
        while True:
            reply = s.recv(2048)
            if reply[0] != REPLY or reply[1:4] != transaction:
                continue
            found, at = [], 4
            while at + 4 <= len(reply):
                this, size = struct.unpack_from("!HH", reply, at)
                if this == code:
                    found.append(reply[at + 4:at + 4 + size])
                at += 4 + size
            return found


def solicit6(device, mac, wishes):
    """Asks for an address by DHCPv6 once, and waits for no answer."""
    message = bytes((1,)) + os.urandom(3) + struct.pack("!HH", 1, 10) + b"\0\3\0\1" + bytes.fromhex(mac.replace(":", ""))
    message += struct.pack("!HH", 6, 2 * len(wishes)) + b"".join(struct.pack("!H", w) for w in wishes)
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as s:
        s.bind(("::", 546))
        s.sendto(message, ("ff02::1:2", 547, 0, socket.if_nametoindex(device)))
