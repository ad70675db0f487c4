#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The sipp scenarios against two Kamailios with a static route, without any overlay: what fails here is the
scenario's fault, not the overlay's."""
import os
import shutil
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from harness import BUILD, kamailio, net, sipp, tap  # noqa: E402
from pairs import PAIRS  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
DOMAIN = "dht.example.org"


def main():
    with tap.run(120) as t:
        block = net.Block()
        directory = os.path.join(BUILD, "scenarios")
        shutil.rmtree(directory, ignore_errors=True)
        os.makedirs(directory)
        dburl = kamailio.database(os.path.join(directory, "users.sqlite"),
                                  [("alice", "a-secret"), ("bob", "b-secret")], DOMAIN)
        servers = [(block.edge(1), block.edge(2)), (block.edge(2), block.edge(1))]
        for address, other in servers:
            kamailio.Kamailio("kamailio-" + address, os.path.join(HERE, "plain.cfg"),
                              os.path.join(directory, address), {
                                  "LISTEN": "udp:%s:5060" % address, "DBURL": '"%s"' % dburl,
                                  "LISTEN_TCP": "tcp:%s:5060" % address,
                                  "CTL": '"unix:%s"' % os.path.join(directory, address, "ctl"),
                                  "DOMAIN_ALIAS": DOMAIN, "PEER_URI": '"sip:%s:5060"' % other}).start()
        proxy = {"alice": servers[0][0] + ":5060", "bob": servers[1][0] + ":5060"}
        phone = {"alice": block.phone(1), "bob": block.phone(2)}
        alice, bob = ("alice", DOMAIN, "a-secret"), ("bob", DOMAIN, "b-secret")

        with t.fact("REGISTER with the right password"):
            sipp.register(bob, phone["bob"], 5060, proxy["bob"], directory)
        with t.fact("REGISTER with a wrong password"):
            sipp.register(("bob", DOMAIN, "wrong"), phone["bob"], 5060, proxy["bob"], directory, final=401)
        for what, uac, uac_values, uas, uas_values in PAIRS:
            with t.fact(what):
                callee = sipp.Sipp(uas, phone["bob"], 5060, directory, values=uas_values, seconds=10)
                caller = sipp.Sipp(uac, phone["alice"], 5060, directory, proxy=proxy["alice"],
                                   users=[alice + ("bob",)], values=uac_values, seconds=10)
                sipp.pair(callee, caller)
        with t.fact("a callee whom nobody knows"):
            sipp.run("uac_refused", phone["alice"], 5060, directory, proxy=proxy["alice"], seconds=10,
                     users=[alice + ("nobody",)], values={"final": 404})
        with t.fact("phones on TCP"):
            sipp.register(bob, phone["bob"], 5062, proxy["bob"], directory, transport="t1")
            callee = sipp.Sipp("uas_call", phone["bob"], 5062, directory, transport="t1", seconds=10)
            sipp.register(bob, phone["bob"], 5061, proxy["bob"], directory,
                          values={"expires": 0, "contact": "<sip:bob@%s:5060;transport=UDP>" % phone["bob"]})
            sipp.pair(callee, sipp.Sipp("uac_call", phone["alice"], 5062, directory, proxy=proxy["alice"],
                                        transport="t1", users=[alice + ("bob",)], seconds=10))


if __name__ == "__main__":
    main()
