#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The module's functions from a script in Lua (KEMI) in place of the native one."""
import glob
import os

from fake_edges import DOMAIN, HERE, Edges
from harness import rawphone, sipp, tap
from raw_call import FORGETS, late_answers, moved_phone, phone


def scripted(path):
    """Turns the proxy configuration into one whose routes are those of kemi.lua."""
    with open(path, encoding="utf-8") as file:
        settings, found, _ = file.read().partition("### requests ###")
    tap.require(found, "the configuration has no part that begins with ### requests ###")
    with open(path, "w", encoding="utf-8") as file:
        file.write(settings + '\nloadmodule "app_lua.so"\nmodparam("app_lua", "load", "%s")\ncfgengine "lua"\n'
                   % os.path.join(HERE, "kemi.lua"))


def main():
    with tap.run(90) as t:
        if not glob.glob("/usr/lib/*/kamailio/modules/app_lua.so"):
            t.skip("the module's functions from a KEMI script", "Kamailio's app_lua is not installed")
            return
        f = Edges("module-kemi", 2, change=FORGETS)
        scripted(f.config)
        f.start()
        with t.fact("a REGISTER goes on in a function of the script"):
            f.register("alice", 1, 1)
            f.register("bob", 2, 2)
            tap.require(f.stored("alice") == 1 and f.stored("bob") == 1, "they are not stored")
        for what in ("the lookup suspends it", "the lookup is cached"):
            with t.fact("a call to another edge; " + what):
                callee = f.callee("uas_call", 2, values={"ringing": 150})
                sipp.pair(callee, f.caller("uac_call", "alice", 1, 1, "bob"))
                tap.require("P-Asserted-Identity: <sip:alice@%s>" % DOMAIN in callee.messages(),
                            "the caller is not identified")
        with t.fact("a callee here and elsewhere: both ring"):
            f.register("carol", 3, 1)
            f.register("carol", 4, 2)
            loses = f.callee("uas_cancelled", 3)
            sipp.pair(f.callee("uas_call", 4, values={"ringing": 300}), f.caller("uac_call", "alice", 1, 1, "carol"))
            loses.wait(10)
        with t.fact("nobody registered that AOR: 404"):
            one = rawphone.RawPhone("alice", DOMAIN, f.users["alice"], f.block.phone(8), 5070, f.edge[1].proxy)
            answer = one.request("OPTIONS", "sip:nobody@" + DOMAIN)
            one.close()
            tap.require(answer and answer.code == 404, answer and answer.first)
        f.register("carol", 4, 2, values={"expires": 0})
        f.register("carol", 3, 1, values={"expires": 0})
        alice, carol, bob = phone(f, "alice", 5, 1), phone(f, "carol", 3, 1), phone(f, "bob", 7, 2)
        late_answers(t, f, alice, (("edge to edge", bob), ("at one edge", carol)))
        moved_phone(t, f, alice, bob, 6)


if __name__ == "__main__":
    main()
