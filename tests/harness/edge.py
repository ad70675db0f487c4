# SPDX-License-Identifier: GPL-2.0-or-later
"""A Kamailio edge: cfg/kamailio-proxy.cfg, p2psip.so and its p2psip-peer."""
import os
import re
import sqlite3

from . import BUILD, MODULE, ROOT, kamailio, net, overlay, process

CONFIG = os.path.join(ROOT, "cfg", "kamailio-proxy.cfg")
FLOW_PORT = 6085
OVERLAY_SOCKET_PORT = 5070
LOOPBACK_PORT = 5100  # of the addresses that stand for other edges: one for each edge of the machine, bound for all addresses


class Edge(overlay.Node):
    """Edge number `number` of an overlay. users: {name: password}, its subscribers.

    defines: further switches of the configuration; without: those to leave out.
    """

    def __init__(self, over, number, node_directory, users, defines=(), shm=64, config=CONFIG, options=(), env=None,
                 ready=15, wrapper=()):
        super().__init__(over, "edge%d" % number, over.block.edge(number), node_directory)
        self.number = number
        self.proxy = "%s:%d" % (self.address, net.SIP_PORT)
        self.loopback_port = LOOPBACK_PORT + 20 * (over.block.second - net.FIRST) + number
        self.overlay_socket = (self.address, OVERLAY_SOCKET_PORT)
        os.makedirs(self.directory, exist_ok=True)
        self._database = os.path.join(self.directory, "edge.sqlite")
        values = {
            "LISTEN_UDP": "udp:%s:%d" % (self.address, net.SIP_PORT),
            "LISTEN_TCP": "tcp:%s:%d" % (self.address, net.SIP_PORT), "WITH_TCP": None,
            "LISTEN_OVERLAY": "udp:%s:%d" % self.overlay_socket,
            "P2P_DOCUMENT": _quoted(over.document), "P2P_NODE_DIR": _quoted(node_directory),
            "P2P_LISTEN": _quoted(self.listen), "P2P_FLOW_LISTEN": _quoted(over.listen(self.address, FLOW_PORT)),
            "P2P_FLOW_PORT": self.loopback_port, "P2P_KEYLOG": _quoted(self.keylog),
            "P2PSIP_SO": _quoted(MODULE), "P2P_PEER_PATH": _quoted(os.path.join(BUILD, "p2psip-peer")),
            "DB_URL": _quoted(kamailio.database(self._database, users.items(), over.name)),
            "CTL_SOCKET": _quoted("unix:" + os.path.join(self.directory, "ctl")),
            "RUN_DIR": _quoted(self.directory), "CHILDREN": 2, "FLOOD_LIMIT": 2000}
        values.update(dict(defines))
        self.server = kamailio.Kamailio(self.name, config, self.directory, values, shm=shm, options=options, env=env,
                                        ready=ready, wrapper=wrapper)

    def start(self):
        self.server.start()
        return self

    @property
    def process(self):
        return self.server.process

    def rpc(self, *words, check=True):
        return self.server.rpc(*words, check=check)

    def status(self, name):
        """One value of RPC p2psip.status, as text."""
        found = re.search(r"^\s*%s: (.*)$" % name, self.rpc("p2psip.status")[1], re.M)
        return found.group(1).strip() if found else None

    def is_joined(self):
        return self.status("joined") == "1"

    def joined(self, timeout=30):
        process.until(self.is_joined, timeout, "%s joins (log: %s)" % (self.name, self.process.log))

    def successors(self):
        return overlay.successors(self.rpc("p2psip.neighbors")[1].splitlines())

    def flows(self):
        """{Node-ID: (loopback address, state)} of its flows."""
        found = re.findall(r"([0-9a-f]{32}) (127[.\d]+) (\w+),", self.rpc("p2psip.flows")[1])
        return {int(node, 16): (address, state) for node, address, state in found}

    def flow_address(self, other):
        """(address, port) that stands for another edge at this one."""
        return self.flows()[other.id][0], self.loopback_port

    def peer_pid(self):
        return int(self.status("peer_pid"))

    def contacts(self):
        return self.server.contacts()

    def saved_contacts(self):
        """Contacts in its database."""
        connection = sqlite3.connect(self._database, timeout=5)
        try:
            return connection.execute("SELECT count(*) FROM location").fetchone()[0]
        finally:
            connection.close()

    def stop(self, timeout=10):
        return self.server.stop(timeout)

    def kill(self):
        self.server.kill()


def _quoted(text):
    return '"%s"' % text
