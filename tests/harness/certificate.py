# SPDX-License-Identifier: GPL-2.0-or-later
"""Node certificates with dates that reloadctl does not issue; by the openssl command."""
import os
import shutil

from . import process


def dated(over, node, start, end):
    """Signs the key in directory node again with the overlay's CA; start, end: YYYYMMDDhhmmssZ."""
    directory = os.path.join(over.directory, "dated")
    shutil.rmtree(directory, ignore_errors=True)
    os.makedirs(directory)
    names = process.command(["openssl", "x509", "-in", os.path.join(node, "node.crt"), "-noout", "-ext",
                             "subjectAltName"])[1]
    uri = names[names.index("URI:"):].strip().replace(" ", "")
    config = os.path.join(directory, "ca.cnf")
    open(os.path.join(directory, "index"), "w", encoding="ascii").close()
    with open(config, "w", encoding="ascii") as file:
        file.write("[ca]\ndefault_ca=x\n[x]\ndatabase={0}/index\nnew_certs_dir={0}\nrand_serial=yes\n"
                   "default_md=sha256\npolicy=any\nx509_extensions=ext\n[any]\ncommonName=optional\n"
                   "[ext]\nsubjectAltName=critical,{1}\nkeyUsage=critical,digitalSignature\n"
                   "[req]\ndistinguished_name=dn\n[dn]\n".format(directory, uri))
    request = os.path.join(directory, "request")
    process.command(["openssl", "req", "-new", "-key", os.path.join(node, "node.key"), "-subj", "/", "-config", config,
                     "-out", request])
    process.command(["openssl", "ca", "-batch", "-config", config, "-cert", os.path.join(over.ca, "ca.crt"),
                     "-keyfile", os.path.join(over.ca, "ca.key"), "-in", request, "-notext",
                     "-startdate", start, "-enddate", end, "-out", os.path.join(node, "node.crt")])
