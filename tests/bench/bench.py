#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""./run bench: one line for each figure: name, value, unit, and what it is compared with in the same run.

Two Kamailios with cfg/'s proxy configuration in an overlay, against the same two with the same configuration and a
static route in place of the overlay. What is compared is measured in turns, so that what else the machine does falls
on both.
"""
import contextlib
import os
import re
import statistics
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from harness import BUILD, edge, kamailio, memory, net, overlay, process, rawphone, sipp  # noqa: E402

DIRECTORY = os.path.join(BUILD, "bench")
DOMAIN = overlay.NAME
USERS = {"alice": "a-secret", "bob": "b-secret", "carol": "c-secret"}
MANY = 500  # further users: user0 ...
CALLS, COLD_CALLS, LOAD_CALLS, REGISTERS = 200, 12, 2000, 3000
for _n in range(MANY):
    USERS["user%d" % _n] = "secret"


def figure(name, value, unit, compared, wanted=None):
    """wanted: (text, whether it holds)"""
    line = "%-44s %10.2f %-12s against %s" % (name, value, unit, compared)
    if wanted:
        line += "; to reach: %s: %s" % (wanted[0], "yes" if wanted[1] else "NO")
    print(line, flush=True)


class Pair:
    """Two servers, by the address and port where their phones reach them, and what is measured on them."""

    def __init__(self, name, block, first, second, numbers=(1, 2), callee="bob"):
        self.name = name
        self._phone = lambda number: block.phone(10 * numbers[0] + number)
        self.directory = os.path.join(DIRECTORY, name + "-phones")
        self.servers = (first, second)
        self.callee_name = callee
        self.proxies = ["%s:5060" % block.edge(number) for number in numbers]
        sipp.register((callee, DOMAIN, USERS[callee]), self._phone(2), 5060, self.proxies[1], self.directory)

    @contextlib.contextmanager
    def callee(self, trace=False):
        one = sipp.Sipp("uas_answers", self._phone(2), 5060, self.directory, calls=None, trace=trace,
                        seconds=300)
        try:
            yield one
        finally:
            one.stop()

    def setup_times(self, count, before_each=None):
        """Milliseconds from INVITE to 200 of count calls, one after the other."""
        caller = rawphone.RawPhone("alice", DOMAIN, USERS["alice"], self._phone(1), 5060, self.proxies[0])
        times = []
        with self.callee(trace=True) as callee:
            for done in range(count):
                if before_each:
                    before_each()
                times.append(1000 * caller.call(self.callee_name, lambda: process.until(
                    lambda: callee.messages().count("ACK sip:") > done, 4, "the callee has its ACK")))
        caller.close()
        return times

    def calls_per_second(self):
        with self.callee():
            began = time.monotonic()
            caller = sipp.Sipp("uac_call", self._phone(1), 5060, self.directory, proxy=self.proxies[0],
                               users=[("alice", DOMAIN, USERS["alice"], "bob")], calls=LOAD_CALLS, hold=50,
                               rate=5000, limit=100, trace=False, seconds=120)
            return self._rate(caller, began, LOAD_CALLS)

    def registers_per_second(self, count, expires=600):
        users = [("user%d" % n, DOMAIN, "secret") for n in range(MANY)]
        began = time.monotonic()
        phone = sipp.Sipp("register", self._phone(3), 5060, self.directory, proxy=self.proxies[0], users=users,
                          calls=count, rate=20000, limit=60, trace=False, seconds=120,
                          values={"expires": expires})
        return self._rate(phone, began, count)

    @staticmethod
    def _rate(one, began, count):
        one.wait()
        took = time.monotonic() - began
        good, failed = one.counts()
        if failed > count / 200:
            raise process.Unexpected("%d of %d failed: %s" % (failed, count, one.errors()))
        return good / took

    def forget(self):
        """Waits until no flow is up between the two; lookups are forgotten before that."""
        process.until(lambda: not any(state == "up" for one in self.servers for _, state in one.flows().values()), 20,
                      "flows are closed")

    def stop(self):
        for one in self.servers:
            one.stop()


# What becomes of each use of the module in the configuration without it.
WITHOUT = (
    (r'(?m)^#!ifdef P2PSIP_SO\n.*?^#!endif\n', ""),
    (r'(?m)^modparam\("p2psip".*\n', ""),
    (r"\$p2psip\(on_overlay\)", '($si == "PEER")'),
    (r"\$p2psip\(overlay\)", '"DOMAIN"'),
    (r"\$p2psip\(status\)", "$var(status)"),
    (r"\$p2psip\(from_ok\)", "1"),
    (r"!p2psip_(sane|from_overlay|known_answer)\(\)", "0"),
    (r"p2psip_record_route\(\)", "record_route()"),
    (r'p2psip_lookup\("\w+"\);', '$du = "sip:PEER:5060"; $var(status) = "ok";'),
    (r'p2psip_(register|route_dialog|note_phone)\(("\w+")?\);', '$var(status) = "ok";'),
    (r'p2psip_(lookup_again|fork|identify|withdraw)\([^;]*\);', '$var(status) = "";'),
)


def without_overlay(number, peer):
    """cfg/'s proxy configuration with a static route to peer (an address) in place of the overlay; its path."""
    with open(edge.CONFIG, encoding="utf-8") as file:
        text = file.read()
    for pattern, new in WITHOUT:
        text = re.sub(pattern, new.replace("PEER", peer).replace("DOMAIN", DOMAIN), text, flags=re.S if "(?m)^#!" in
                      pattern else 0)
    left = [line for line in text.splitlines() if "p2psip" in line.partition("#")[0].replace("name=p2psip;", "")
            and not line.startswith("#")]
    if left:
        raise process.Unexpected("bench.py does not know what to put in place of: " + left[0].strip())
    path = os.path.join(DIRECTORY, "plain%d.cfg" % number)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    return path


def plain(block):
    servers = []
    for me, other in ((5, 6), (6, 5)):
        directory = os.path.join(DIRECTORY, "plain%d" % me)
        os.makedirs(directory, exist_ok=True)
        dburl = kamailio.database(os.path.join(directory, "edge.sqlite"), USERS.items(), DOMAIN)
        address = block.edge(me)
        servers.append(kamailio.Kamailio(
            "plain%d" % me, without_overlay(me, block.edge(other)), directory,
            {"LISTEN_UDP": "udp:%s:5060" % address, "LISTEN_TCP": "tcp:%s:5060" % address, "WITH_TCP": None,
             "LISTEN_OVERLAY": "udp:%s:5070" % address, "DB_URL": '"%s"' % dburl, "RUN_DIR": '"%s"' % directory,
             "CTL_SOCKET": '"unix:%s"' % os.path.join(directory, "ctl"), "CHILDREN": 2,
             "WITHOUT_ANTIFLOOD": None}, shm=512).start())
    return Pair("plain", block, *servers, numbers=(5, 6))


def forgetful():
    """The proxy configuration with flows and lookups that are given up after a second: for cold calls."""
    path = os.path.join(DIRECTORY, "forgetful.cfg")
    with open(path, "w", encoding="ascii") as file:
        file.write('#!KAMAILIO\ninclude_file "%s"\nmodparam("p2psip", "flow_idle", 1)\n'
                   'modparam("p2psip", "lookup_cache_ttl", 1)\n' % edge.CONFIG)
    return path


def with_overlay(block):
    """The pair that is measured, a pair that forgets (edges 3 and 4), and three peers."""
    over = overlay.Overlay(os.path.join(DIRECTORY, "overlay"), block)
    peers = []
    for number in (1, 2, 3):
        directory, _ = over.node("peer%d" % number)
        peers.append(overlay.Peer(over, number, directory).start(first=number == 1))
    servers = []
    config = forgetful()
    for number, served in ((1, [one for one in USERS if one != "bob"]), (2, ["bob"]), (3, ["alice"]), (4, ["carol"])):
        directory, _ = over.node("edge%d" % number)
        over.users(directory, *("%s@%s" % (name, DOMAIN) for name in served))
        servers.append(edge.Edge(over, number, directory, USERS, shm=512, config=edge.CONFIG if number < 3 else config,
                                 defines={"WITHOUT_ANTIFLOOD": None, "P2P_FLOW_RATE": 10000}).start())
    for one in peers + servers:
        one.joined(60)
    return Pair("overlay", block, *servers[:2]), Pair("cold", block, *servers[2:], numbers=(3, 4), callee="carol"), peers


def memory_per_link(block):
    """(kB, links) that a reload-peer needs for each further link: an overlay of two grows to fourteen."""
    over = overlay.Overlay(os.path.join(DIRECTORY, "links"), block)
    peers = []
    for number in range(1, 15):
        directory, _ = over.node("peer%d" % number)
        peers.append(overlay.Peer(over, number, directory))
    for at, one in enumerate(peers):
        one.start(first=at == 0)
        one.joined(30)
        if at == 1:
            before, few = memory.resident(peers[0].process.pid), peers[0].links()
    more, many = memory.resident(peers[0].process.pid), peers[0].links()
    for one in peers:
        one.stop()
    if many <= few:
        raise process.Unexpected("the first peer has %d links, no more than before" % many)
    return (more - before) / (many - few), many - few


def floor():
    """Seconds for one signature and one verification with ECDSA P-256, by `openssl speed`."""
    text = subprocess.run(["openssl", "speed", "-seconds", "2", "ecdsap256"], stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, check=True, timeout=60).stdout.decode()
    fields = [line for line in text.splitlines() if "nistp256" in line][-1].split()
    return 1 / float(fields[-2]), 1 / float(fields[-1])  # the times themselves are printed as 0.0000s


def forwarding(block):
    """What bench_forward prints of a peer between two others, and of a plain TLS relay: lists of fields."""
    over = overlay.Overlay(os.path.join(DIRECTORY, "forward"), block, bootstrap=(1,))
    directories = {name: over.node(name)[0] for name in ("peer1", "relay", "sender", "receiver")}
    peer = overlay.Peer(over, 1, directories["peer1"]).start(first=True)
    address = "%s:%d" % (block.peer(2), net.RELOAD_PORT)
    relay = process.Process("relay", [os.path.join(BUILD, "bench", "bench_relay"), address] + [
        os.path.join(directories["relay"], name) for name in ("node.crt", "node.key")], over.directory)
    relay.expect("listening")
    peer.joined()
    _, text = process.command([os.path.join(BUILD, "bench", "bench_forward"), over.document, directories["sender"],
                               directories["receiver"], peer.listen, str(peer.process.pid), address, str(relay.pid)],
                              timeout=120)
    peer.stop()
    return [line.split("\t") for line in text.splitlines()]


def in_turns(base, pair, rounds, measure):
    """Medians of what measure (a list of figures) gives for base and for pair, in turns."""
    figures = {base: [], pair: []}
    for _ in range(rounds):
        for one in (base, pair):
            figures[one] += measure(one)
    return statistics.median(figures[base]), statistics.median(figures[pair])


def main():
    os.makedirs(DIRECTORY, exist_ok=True)
    block = net.Block()

    base = plain(block)
    pair, cold_pair, peers = with_overlay(block)
    first = pair.servers[0]
    for one in (base, pair):
        one.setup_times(5)
    base_setup, warm = in_turns(base, pair, 4, lambda one: one.setup_times(CALLS // 4))
    figure("call set-up, warm", warm, "ms", "%.2f ms by a static route: %+.2f ms" % (base_setup, warm - base_setup),
           ("at most +1 ms", warm - base_setup <= 1))
    cold = statistics.median(cold_pair.setup_times(COLD_CALLS, cold_pair.forget))
    figure("call set-up, cold", cold, "ms", "%.2f ms by a static route: %+.2f ms" % (base_setup, cold - base_setup),
           ("at most +25 ms", cold - base_setup <= 25))
    cold_pair.stop()
    base_calls, calls = in_turns(base, pair, 3, lambda one: [one.calls_per_second()])
    figure("calls per second, warm", calls, "calls/s", "%.0f by a static route: %.0f%%" % (
        base_calls, 100 * calls / base_calls), ("65%", calls >= 0.65 * base_calls))
    before = memory.resident(first.peer_pid())
    base_change, change = in_turns(base, pair, 1, lambda one: [one.registers_per_second(MANY)])
    figure("REGISTER per second, changing", change, "1/s", "%.0f without the overlay: %.0f%%" % (
        base_change, 100 * change / base_change))
    figure("memory per stored registration", (memory.resident(first.peer_pid()) - before) / MANY, "kB",
           "%d registrations of one edge, in its p2psip-peer" % MANY)
    base_refresh, refresh = in_turns(base, pair, 3, lambda one: [one.registers_per_second(REGISTERS)])
    figure("REGISTER per second, refreshing", refresh, "1/s", "%.0f without the overlay: %.0f%%" % (
        base_refresh, 100 * refresh / base_refresh), ("90%", refresh >= 0.9 * base_refresh))
    base.stop()
    pair.stop()
    for one in peers:
        one.stop()

    each, links = memory_per_link(block)
    figure("memory per link", each, "kB", "%d links more of a reload-peer, with what comes over them" % links)

    for burst, rate, relayed in forwarding(block):
        share = float(rate) / float(relayed)
        figure("messages forwarded, in bursts of %s" % burst, float(rate), "1/s a core",
               "%s by a plain TLS relay: %.0f%%" % (relayed, 100 * share),
               ("50%", share >= 0.5))

    sign, verify = floor()
    for line in process.command([os.path.join(BUILD, "bench", "bench_lookups")], timeout=120)[1].splitlines():
        if line.startswith("#"):
            continue
        name, rate, unit, signs, verifies = line.split("\t")
        limit = 1 / (float(signs) * sign + float(verifies) * verify)
        figure(name, float(rate), unit, "%.0f, the floor of %s signatures and %s verifications: %.0f%%" % (
            limit, signs, verifies, 100 * float(rate) / limit), ("50%", float(rate) >= 0.5 * limit))


if __name__ == "__main__":
    try:
        main()
    except (process.Unexpected, OSError) as error:
        print("bench: " + str(error), file=sys.stderr)
        sys.exit(1)
    finally:
        process.stop_all()
