#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# What the built files must be like: the module stands alone, and fits the installed Kamailio.
cd "$(dirname "$0")/../.." || exit 1
n=0
ok() { # ok HELD WHAT: HELD is a command's exit code
	n=$((n + 1))
	if [ "$1" = 0 ]; then echo "ok - $2"; else echo "not ok - $2"; fi
}

needed=$(readelf -d build/p2psip.so | sed -n 's/.*NEEDED.*\[\(.*\)\]/\1/p' | grep -v '^libc\.so' | tr '\n' ' ')
[ -z "$needed" ]; ok $? "p2psip.so links nothing but libc${needed:+ (links $needed)}"

foreign=$(find build/obj/modules/p2psip -maxdepth 1 -name '*.d' -exec \
	grep -l -E '/glib-2\.0/|/openssl/|/nice/|reload_core/' {} + | tr '\n' ' ')
[ -z "$foreign" ]; ok $? "no source of p2psip.so includes GLib, OpenSSL, libnice or the core${foreign:+ ($foreign)}"

both=$(find build/obj/reload_core build/obj/tools build/obj/modules/p2psip/peer -name '*.d' -exec \
	grep -l kamailio-src {} + 2>/dev/null | tr '\n' ' ')
[ -z "$both" ]; ok $? "no source outside the module includes a Kamailio header${both:+ ($both)}"

theirs=$(kamailio -I | sed -n 's/^ *Compile flags: //p')
[ -n "$theirs" ] && strings -a build/p2psip.so | grep -qxF "$theirs"
ok $? "p2psip.so carries the compile flags of the installed Kamailio"

down=$(grep -rnE '#include "reload_core/(link)/' reload_core --include='*.[ch]' | grep -v '^reload_core/link/' | head -3)
[ -z "$down" ]; ok $? "nothing in the core but link/ itself includes link/${down:+ ($down)}"
echo "1..$n"
