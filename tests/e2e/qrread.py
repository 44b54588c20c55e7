# SPDX-License-Identifier: Apache-2.0
"""Reads a QR code (ISO 18004, versions 1 to 10, level M, one segment of octets) off the half blocks that weir prints.

No correction of errors: what is printed has none, and a wrong module would be a wrong character.
"""

HALVES = {" ": (1, 1), "\u2580": (0, 1), "\u2584": (1, 0), "\u2588": (0, 0)}      # dark: upper, lower
ALIGNMENT = {1: [], 2: [6, 18], 3: [6, 22], 4: [6, 26], 5: [6, 30], 6: [6, 34], 7: [6, 22, 38], 8: [6, 24, 42], 9: [6, 26, 46],
             10: [6, 28, 50]}
BLOCKS = {1: [16], 2: [28], 3: [44], 4: [32] * 2, 5: [43] * 2, 6: [27] * 4, 7: [31] * 4, 8: [38] * 2 + [39] * 2, 9: [36] * 3 + [37] * 2,
          10: [43] * 4 + [44]}
MASKS = [lambda r, c: (r + c) % 2 == 0, lambda r, c: r % 2 == 0, lambda r, c: c % 3 == 0, lambda r, c: (r + c) % 3 == 0,
         lambda r, c: (r // 2 + c // 3) % 2 == 0, lambda r, c: r * c % 2 + r * c % 3 == 0, lambda r, c: (r * c % 2 + r * c % 3) % 2 == 0,
         lambda r, c: ((r + c) % 2 + r * c % 3) % 2 == 0]


def modules(lines):
    rows = []
    for line in lines:
        pairs = [HALVES[c] for c in line]
        rows += [[p[0] for p in pairs], [p[1] for p in pairs]]
    dark = [r for r, row in enumerate(rows) if any(row)]
    left = min(row.index(1) for row in rows if any(row))
    size = dark[-1] - dark[0] + 1
    return [row[left:left + size] for row in rows[dark[0]:dark[-1] + 1]]


def is_fixed(version, size, r, c):
    """Part of a pattern that holds no data."""
    if r == 6 or c == 6 or (r < 9 and (c < 9 or c >= size - 8)) or (r >= size - 8 and c < 9):
        return True
    if version >= 7 and ((r < 6 and c >= size - 11) or (c < 6 and r >= size - 11)):
        return True
    centres = ALIGNMENT[version]
    for y in centres:
        for x in centres:
            corner = (y == 6 and x == 6) or (y == 6 and x == centres[-1]) or (x == 6 and y == centres[-1])
            if not corner and abs(r - y) <= 2 and abs(c - x) <= 2:
                return True
    return False


def codewords(grid):
    size = len(grid)
    version = (size - 17) // 4
    level_and_mask = 0
    for c in range(5):
        level_and_mask = level_and_mask * 2 + grid[8][c]
    level_and_mask ^= 0b10101
    assert level_and_mask >> 3 == 0, "not level M"
    mask = MASKS[level_and_mask & 7]
    bits, c, up = [], size - 1, True
    while c > 0:
        if c == 6:
            c -= 1
        for r in (range(size - 1, -1, -1) if up else range(size)):
            for x in (c, c - 1):
                if not is_fixed(version, size, r, x):
                    bits.append(grid[r][x] ^ mask(r, x))
        c, up = c - 2, not up
    octets = [int("".join(map(str, bits[i:i + 8])), 2) for i in range(0, len(bits) - 7, 8)]
    blocks, at = [[] for _ in BLOCKS[version]], 0
    for i in range(max(BLOCKS[version])):
        for number, room in enumerate(BLOCKS[version]):
            if i < room:
                blocks[number].append(octets[at])
                at += 1
    return version, bytes(sum(blocks, []))


def read(lines):
    version, data = codewords(modules(lines))
    bits = "".join(f"{octet:08b}" for octet in data)
    assert bits[:4] == "0100", "not a segment of octets"
    head = 4 + (8 if version < 10 else 16)
    size = int(bits[4:head], 2)
    return bytes(int(bits[head + 8 * i:head + 8 * i + 8], 2) for i in range(size)).decode()
