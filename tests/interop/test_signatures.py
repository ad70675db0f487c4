#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The signatures in the sample messages, checked by the openssl command line.

What is signed is put together here from RFC 6940's text alone (6.3.4 and 7.1), without any of our C code.
"""
import base64
import hashlib
import re
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HEADER = struct.Struct(">IIHBBIIQIHHH")
TOKEN = 0xD2454C4F
SHA256, RSA, ECDSA = 4, 1, 3
DICTIONARY, ARRAY, SINGLE = "dictionary", "array", "single"
MODELS = {1: DICTIONARY, 2: SINGLE, 3: ARRAY, 0x10: ARRAY}
STORE_REQ, FETCH_ANS, CONFIG_UPDATE_REQ = 7, 10, 33


class Bytes:
    """A cursor over bytes."""

    def __init__(self, data):
        self.data = data
        self.at = 0

    def take(self, count):
        if self.at + count > len(self.data):
            raise ValueError("cut off")
        self.at += count
        return self.data[self.at - count:self.at]

    def number(self, size):
        return int.from_bytes(self.take(size), "big")

    def vector(self, size):
        return self.take(self.number(size))

    def more(self):
        return self.at < len(self.data)


def read_signature(cursor):
    """(hash, algorithm, encoded SignerIdentity, certificate hash, value)"""
    hash_alg, algorithm = cursor.number(1), cursor.number(1)
    start = cursor.at
    kind = cursor.number(1)
    value = Bytes(cursor.vector(2))
    identity = cursor.data[start:cursor.at]
    digest = b""
    if kind in (1, 2):
        if value.number(1) != SHA256:
            raise ValueError("certificate hash is no SHA-256")
        digest = value.vector(1)
    return hash_alg, algorithm, identity, digest, cursor.vector(2)


class Checker:
    def __init__(self, folder):
        self.folder = Path(folder)
        self.keys = {}
        for pem in sorted(self.folder.glob("certs/*.pem")):
            der = base64.b64decode("".join(pem.read_text().split("\n")[1:-2]))
            key = subprocess.run(["openssl", "x509", "-in", str(pem), "-noout", "-pubkey"], check=True,
                                 capture_output=True).stdout
            self.keys[hashlib.sha256(der).digest()] = key
            nodes = self.node_ids(pem)
            if len(nodes) > 1:  # 6.3.4: cert_hash_node_id is over Node-ID || certificate
                self.keys.update((hashlib.sha256(node + der).digest(), key) for node in nodes)

    @staticmethod
    def node_ids(pem):
        """The Node-IDs in a certificate: reload://0110<32 hex digits>@<overlay>/ (11.3)."""
        names = subprocess.run(["openssl", "x509", "-in", str(pem), "-noout", "-ext", "subjectAltName"], check=False,
                               capture_output=True, text=True).stdout
        return [bytes.fromhex(node) for node in re.findall(r"reload://0110([0-9a-f]{32})@", names)]

    def verify(self, signature, parts):
        """Does openssl find that the signature covers the parts and the identity?"""
        hash_alg, algorithm, identity, digest, value = signature
        if hash_alg != SHA256 or algorithm not in (RSA, ECDSA) or digest not in self.keys:
            return False
        key, signed, sig = (self.folder / name for name in ("key.tmp", "input.tmp", "signature.tmp"))
        key.write_bytes(self.keys[digest])
        signed.write_bytes(b"".join(parts) + identity)
        sig.write_bytes(value)
        return subprocess.run(["openssl", "dgst", "-sha256", "-verify", str(key), "-signature", str(sig),
                               str(signed)], capture_output=True, check=False).returncode == 0

    def message(self, data):
        """(signature holds, code, body, a changed message is refused)"""
        fields = HEADER.unpack_from(data)
        if fields[0] != TOKEN or fields[6] != len(data):
            raise ValueError("no RELOAD message")
        overlay, transaction = data[4:8], data[20:28]
        cursor = Bytes(data[HEADER.size + sum(fields[9:12]):])
        code = cursor.number(2)
        body = cursor.vector(4)
        cursor.vector(4)
        contents = cursor.data[:cursor.at]
        cursor.vector(2)
        signature = read_signature(cursor)
        if cursor.more():
            raise ValueError("bytes after the security block")
        changed = bytes([contents[0] ^ 1]) + contents[1:]
        return (self.verify(signature, [overlay, transaction, contents]), code, body,
                not self.verify(signature, [overlay, transaction, changed]))

    def stored_data(self, values, kind, resource):
        """How many StoredData are in values, and whether all their signatures hold."""
        cursor, count, good = Bytes(values), 0, True
        while cursor.more():
            stored = Bytes(cursor.vector(4))
            storage_time = stored.take(8)
            stored.take(4)
            start = stored.at
            if MODELS[kind] == ARRAY:
                stored.take(4)
            elif MODELS[kind] == DICTIONARY:
                stored.vector(2)
            exists = stored.take(1)
            stored.vector(4)
            value = stored.data[start:stored.at]
            if MODELS[kind] == ARRAY:
                value = bytes(4) + value[4:]  # 7.4.2.2: an index is signed as 0
            signature = read_signature(stored)
            if exists == b"\0" and signature[1] == 0:
                continue  # synthesized: not signed
            count += 1
            good = good and self.verify(signature, [resource, kind.to_bytes(4, "big"), storage_time, value])
        return count, good

    def body(self, code, body, resource):
        """The same for all values in the body of a StoreReq or FetchAns."""
        cursor = Bytes(body)
        if code == STORE_REQ:
            if cursor.vector(1) != resource:
                raise ValueError("another resource")
            cursor.take(1)
        kinds = Bytes(cursor.vector(4))
        count, good = 0, True
        while kinds.more():
            kind = kinds.number(4)
            kinds.take(8)
            some, held = self.stored_data(kinds.vector(4), kind, resource)
            count, good = count + some, good and held
        return count, good

    def joined(self):
        """The message that came in fragments (6.7): one header, and what follows it in each, in order."""
        pieces = [file.read_bytes() for file in sorted(self.folder.glob("fragments/*.bin"))]
        size = HEADER.size + sum(HEADER.unpack_from(pieces[0])[9:12])
        rest = b""
        for piece in pieces:
            fields = HEADER.unpack_from(piece)
            last = piece is pieces[-1]
            if fields[5] != (0xc0000000 if last else 0x80000000) | len(rest) or fields[6] != len(piece):
                raise ValueError("wrong fragment")
            rest += piece[size:]
        whole = pieces[0][:size] + rest
        return whole[:12] + bytes([0xc0, 0, 0, 0]) + len(whole).to_bytes(4, "big") + whole[20:]

    def document(self):
        """Does the signature of overlay.xml cover its configuration element?"""
        text = (self.folder / "overlay.xml").read_bytes()
        element = re.search(rb"<configuration .*</configuration>", text, re.S).group()
        block = Bytes(base64.b64decode(re.search(rb"</configuration>\s*<signature>(.*?)</signature>", text,
                                                 re.S).group(1)))
        block.vector(2)
        return self.verify(read_signature(block), [element])


class Tap:
    def __init__(self):
        self.count = 0
        self.failed = 0

    def check(self, held, what):
        self.count += 1
        self.failed += not held
        print(f"{'ok' if held else 'not ok'} {self.count} - {what}")


def main():
    tap = Tap()
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([str(ROOT / "build" / "vectors"), folder], check=True, timeout=60)
        checker = Checker(folder)
        resource = hashlib.sha1(b"alice@overlay.example.org").digest()[:16]
        files = sorted(Path(folder).glob("*.bin")) + sorted(Path(folder).glob("variants/*.bin"))
        tap.check(len(files) > 30, f"{len(files)} messages to check")
        for file in files:
            good, code, body, changed_refused = checker.message(file.read_bytes())
            tap.check(good and changed_refused, f"openssl verifies {file.stem}, and no other contents")
            if code in (STORE_REQ, FETCH_ANS) and not file.stem.endswith("synthesized"):
                count, good = checker.body(code, body, resource)
                tap.check(good and count > 0, f"openssl verifies the {count} values in {file.stem}")
        good, code, _, _ = checker.message(checker.joined())
        tap.check(good and code == CONFIG_UPDATE_REQ, "openssl verifies the message that was in fragments")
        tap.check(checker.document(), "openssl verifies the overlay document")
    print(f"1..{tap.count}")
    return 1 if tap.failed else 0


if __name__ == "__main__":
    sys.exit(main())
