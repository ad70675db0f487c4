#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What p2psip.so refuses to start with: one line that names the parameter and the remedy."""
from fake_edges import Edges
from harness import process, tap

LAST = 'modparam("p2psip", "overlay_socket", "overlay")'
GROUP = 'async_workers_group="name=p2psip;workers=2;nonblock=1;usleep=0"'


def param(name, value):
    """A change that sets one more parameter of the module."""
    return [(LAST, LAST + '\nmodparam("p2psip", "%s", %s)' % (name, value))]


# what, changes of the configuration, what the line must hold
CASES = (
    ("no async group", [(GROUP, "")], GROUP),
    ("an async group of another name", [(GROUP, GROUP.replace("name=p2psip", "name=other"))], GROUP),
    ("an async group that blocks", [(GROUP, GROUP.replace("nonblock=1", "nonblock=0"))], GROUP),
    ("usrloc without domains", [('"usrloc", "use_domain", 1', '"usrloc", "use_domain", 0')],
     'modparam("usrloc", "use_domain", 1)'),
    ("a registrar that ignores case", [('"registrar", "case_sensitive", 1', '"registrar", "case_sensitive", 0')],
     'modparam("registrar", "case_sensitive", 1)'),
    ("contacts in the database only", [('"usrloc", "db_mode", 2', '"usrloc", "db_mode", 3')], '"db_mode", 2'),
    ("no double Record-Route", [('modparam("rr", "append_fromtag", 0)', 'modparam("rr", "enable_double_rr", 0)')],
     "enable_double_rr"),
    ("no document", [('modparam("p2psip", "document", P2P_DOCUMENT)', "")], 'modparam("p2psip", "document"'),
    ("no node directory", [('modparam("p2psip", "node_dir", P2P_NODE_DIR)', "")], 'modparam("p2psip", "node_dir"'),
    ("no listener for peers", [('modparam("p2psip", "listen", P2P_LISTEN)', "")], 'modparam("p2psip", "listen"'),
    ("no overlay socket", [(LAST, "")], "overlay_socket"),
    ("an overlay socket that is not there", [(LAST, LAST.replace('"overlay")', '"elsewhere")'))],
     'listen=udp:127.0.0.1:5070 name "overlay"'),
    ("an overlay socket with a name of its own",
     [('listen=LISTEN_OVERLAY name', "listen=LISTEN_OVERLAY advertise 127.0.0.1:5060 name")], "advertise"),
    ("an overlay socket among the flows' addresses", param("flow_network", '"127.0.0.0/8"'), "flow_network"),
    ("a flow network that is none", param("flow_network", '"127.64.0.0"'), "127.64.0.0/10"),
    ("a flow network outside of loopback", param("flow_network", '"10.0.0.0/8"'), "127.64.0.0/10"),
    ("an address that is none", param("flow_advertise", '"example.org"'), "flow_advertise"),
    ("a port that is none", param("advertise", '"192.0.2.1:65536"'), "advertise"),
    ("a number out of range", param("connect_timeout", "0"), "connect_timeout"),
    ("lookups kept for longer than their addresses", param("lookup_cache_ttl", "601"), "from 0 to 600"),
    ("a peer that is not there", [("modparam(\"p2psip\", \"peer_path\", P2P_PEER_PATH)",
                                   'modparam("p2psip", "peer_path", "/nonexistent/p2psip-peer")')],
     "/nonexistent/p2psip-peer"),
    ("a program that is no peer", [("modparam(\"p2psip\", \"peer_path\", P2P_PEER_PATH)",
                                    'modparam("p2psip", "peer_path", "/bin/true")')], "one build"),
)


def main():
    with tap.run(120) as t:
        for what, change, line in CASES:
            f = Edges("module-refuses", 1, change=change)
            with t.fact("refused: " + what):
                code, text = process.command(f.edge[1].server.argv(), timeout=15, check=False)
                tap.require(code != 0, "it started")
                lines = [one for one in text.splitlines() if "ERROR: p2psip " in one]
                tap.require([one for one in lines if line in one], "no line names %s:\n%s" % (line, text[-800:]))
                tap.require(len(lines) == 1, "more than one line:\n" + "\n".join(lines))


if __name__ == "__main__":
    main()
