# SPDX-License-Identifier: GPL-2.0-or-later
"""Loopback addresses of a test run: 127.B.*.*, with a B that no other run on this machine uses."""
import socket

RELOAD_PORT = 6084
SIP_PORT = 5060
FIRST = 16  # 127.16.*.* and so on


class Block:
    """A /16 of loopback addresses, held for as long as this object lives."""

    def __init__(self):
        for second in range(FIRST, FIRST + 44):
            lock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            try:
                lock.bind(("127.%d.0.1" % second, 9))
            except OSError:
                lock.close()
                continue
            self._lock = lock
            self.second = second
            self.network = "127.%d.0.0/16" % second
            return
        raise OSError("no free block of loopback addresses: are old test runs still there?")

    def _address(self, third, number):
        return "127.%d.%d.%d" % (self.second, third, number)

    def peer(self, number):
        return self._address(1, number)

    def edge(self, number):
        return self._address(2, number)

    def phone(self, number):
        return self._address(3, number)




def bound(kind, address, port):
    """Tells whether some socket of this machine is bound to exactly that IPv4 address and port."""
    hexed = "".join("%02X" % int(part) for part in reversed(address.split("."))) + ":%04X" % int(port)
    listening_state = "0A" if kind == "tcp" else "07"
    with open("/proc/net/" + kind, encoding="ascii") as file:
        return any(line.split()[1] == hexed and line.split()[3] == listening_state
                   for line in file if ":" in line.split()[1])
